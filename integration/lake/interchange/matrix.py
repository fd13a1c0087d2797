"""What every reader made of what every writer wrote, and what of that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

OURS, TRINO = "us", "trino"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a reader made of a kind of value: `ok`, `WRONG`, `NULLED` (a value became NULL), `refused`; and why."""

    verdict: str
    why: str = ""


@dataclass(slots=True)
class Matrix:
    """(table, writer, reader) → kind → cell. A reader `-` is the writing itself."""

    cells: dict[tuple[str, str, str], dict[str, Cell]] = field(default_factory=dict)

    def put(self, table: str, writer: str, reader: str, kind: str, cell: Cell) -> None:
        """One more."""
        self.cells.setdefault((table, writer, reader), {})[kind] = cell

    def faults(self) -> Iterator[str]:
        """What is wrong with us, a line each. Who else is wrong with itself is none of ours."""
        for (table, writer, reader), kinds in self.cells.items():
            if OURS not in (writer, reader):
                continue
            for kind, cell in kinds.items():
                if cell.verdict != "ok" and self._excuse(table, writer, reader, kind, cell) is None:
                    yield f"{table} by {writer}, read by {reader}, {kind}: {cell.verdict} {cell.why}"

    def _excuse(self, table: str, writer: str, reader: str, kind: str, cell: Cell) -> str | None:
        """Why a cell that is not ok is right all the same: a Trino in our place is told the same."""
        there = (table, TRINO if writer == OURS else writer, TRINO if reader == OURS else reader)
        twin = self.cells.get(there, {}).get(kind)
        if twin is not None and twin.verdict == cell.verdict and (cell.verdict == "refused" or twin.why == cell.why):
            return "as Trino"
        if (twin is None and there not in self.cells) or (twin is not None and twin.verdict == "refused"):
            known = _KNOWN.get((table.removesuffix("_parts"), kind))
            if known is not None and cell.verdict != "refused":
                return known
        return _NOT_WRITTEN.get((table, reader))

    def show(self) -> str:
        """Tables of it, and the reasons below.

        `trino`: a Trino has the same; `known`: it would have; `theirs`: between others than us.
        """
        names = list(dict.fromkeys(kind for kinds in self.cells.values() for kind in kinds))
        lines = [f"{'':42}" + " ".join(f"{name[:8]:8}" for name in names)]
        notes: dict[str, int] = {}
        for (table, writer, reader), kinds in self.cells.items():
            shown = []
            for name in names:
                cell = kinds.get(name)
                text = "-" if cell is None else cell.verdict
                if cell is not None and cell.verdict != "ok":
                    excuse = self._excuse(table, writer, reader, name, cell)
                    if OURS not in (writer, reader):
                        text = "theirs"
                    elif excuse is not None:
                        text = "trino" if excuse == "as Trino" else "known"
                    note = f"{table} by {writer}, read by {reader}, {name}: {cell.verdict} {cell.why}"[:300]
                    text += f"[{notes.setdefault(note, len(notes) + 1)}]"
                shown.append(f"{text[:8]:8}")
            what = f"{table} by {writer}" + (f", read by {reader}" if reader != "-" else ", written")
            lines.append(f"{what:42}" + " ".join(shown))
        lines += [f"[{number}] {note}" for note, number in notes.items()]
        return "\n".join(lines)


_REBASED = "ORC of Java counts days before 1582 in Julius's calendar, and loses a second in the last one before 1970"
_KNOWN = {(form, kind): _REBASED for form in ("orc", "ice_orc", "rcbinary") for kind in ("date", "timestamp")}
"""Differences that a Trino shows as well, for runs without one, or would if it did not fail."""
_NOT_WRITTEN = {(form, "-"): "Hadoop's containers are read, not written" for form in ("rcbinary", "sequence")}
