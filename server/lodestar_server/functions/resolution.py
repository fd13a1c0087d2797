"""Choosing the overload of a call: exact match first, then by coercion. Source: Trino FunctionBinder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from lodestar_server.functions import registry
from lodestar_server.functions.binding import Argument, BoundSignature, LambdaArgument, bind, can_bind
from lodestar_server.functions.signatures import Signature
from lodestar_server.ir.functions import FunctionKind, FunctionRef
from lodestar_server.spi.errors import AMBIGUOUS_FUNCTION_CALL, FUNCTION_NOT_FOUND, LodestarError
from lodestar_server.spi.types import UNKNOWN, FunctionType, SimpleType, Type


def resolve_function(name: str, arguments: Sequence[Argument]) -> FunctionRef:
    """The overload for a call of a built-in function; `name` in lower case.

    Raises: LodestarError(FUNCTION_NOT_FOUND | AMBIGUOUS_FUNCTION_CALL) without a location.
    """
    if any(isinstance(argument, LambdaArgument) for argument in arguments):
        return _resolve(name, tuple(arguments))
    return _resolve_cached(name, tuple(arguments))


def find_function(name: str, arguments: Sequence[Argument]) -> FunctionRef | None:
    """The overload, None when none fits. Raises: LodestarError(AMBIGUOUS_FUNCTION_CALL)."""
    chosen = choose(registry.find_signatures(name), arguments)
    return None if chosen is None else _reference(chosen)


@lru_cache(maxsize=16384)
def _resolve_cached(name: str, arguments: tuple[Argument, ...]) -> FunctionRef:
    return _resolve(name, arguments)


def _resolve(name: str, arguments: tuple[Argument, ...]) -> FunctionRef:
    signatures = registry.find_signatures(name)
    if not signatures:
        raise LodestarError(FUNCTION_NOT_FOUND, f"Function '{name}' not registered")
    chosen = choose(signatures, arguments)
    if chosen is None:
        raise unexpected_arguments(name, arguments, signatures)
    return _reference(chosen)


def unexpected_arguments(name: str, arguments: Sequence[Argument], signatures: Sequence[Signature]) -> LodestarError:
    """None of the overloads fits. They are listed under the name as it was written, its schema included."""
    expected = ", ".join(sorted({name + one.text.removeprefix(one.name) for one in signatures}))
    given = ", ".join(map(_shown, arguments))
    message = f"Unexpected parameters ({given}) for function {name}. Expected: {expected}"
    return LodestarError(FUNCTION_NOT_FOUND, message)


def _shown(argument: Argument) -> str:
    return "<function>" if isinstance(argument, LambdaArgument) else argument.signature_text


def _reference(chosen: BoundSignature) -> FunctionRef:
    signature = chosen.signature
    return FunctionRef(signature.name, chosen.arguments, chosen.result, signature.kind, signature.deterministic)


def choose(signatures: Sequence[Signature], arguments: Sequence[Argument]) -> BoundSignature | None:
    """The best overload, None when none fits. Raises: LodestarError(AMBIGUOUS_FUNCTION_CALL)."""
    for generic in (False, True):
        exact = [
            bound
            for signature in signatures
            if bool(signature.variables) == generic and (bound := bind(signature, arguments, coerce=False)) is not None
        ]
        if len(exact) > 1:
            raise _ambiguous(exact)
        if exact:
            return exact[0]
    applicable = [bound for s in signatures if (bound := bind(s, arguments, coerce=True)) is not None]
    if len(applicable) <= 1:
        return applicable[0] if applicable else None
    best = _most_specific(applicable, arguments)
    if len(best) > 1:
        raise _ambiguous(best)
    return best[0]


def _most_specific(applicable: list[BoundSignature], arguments: Sequence[Argument]) -> list[BoundSignature]:
    best = [
        candidate
        for candidate in applicable
        if all(other is candidate or _more_specific(candidate, other) for other in applicable)
    ]
    if len(best) == 1:
        return best
    best = _representatives(applicable)
    if len(best) == 1 or any(isinstance(argument, LambdaArgument) for argument in arguments):
        return best
    types = [argument for argument in arguments if not isinstance(argument, LambdaArgument)]
    if UNKNOWN not in types:
        return best
    only_null_cast = [candidate for candidate in applicable if _casts_only_null(candidate, types)]
    if only_null_cast:
        best = only_null_cast
        if len(best) == 1:
            return best
    same_result = all(candidate.result == best[0].result for candidate in best)
    if same_result and all(_null_in_null_out(candidate, types) for candidate in best):
        # All of them answer NULL, so any will do: take the one that sorts last.
        return [max(best, key=lambda candidate: candidate.signature.text)]
    return best


def _representatives(applicable: list[BoundSignature]) -> list[BoundSignature]:
    """One of each cluster of candidates where one is more specific than the others."""
    found: list[BoundSignature] = []
    for current in applicable:
        placed = False
        for i, representative in enumerate(found):
            if _more_specific(current, representative):
                found[i] = current
            if _more_specific(current, representative) or _more_specific(representative, current):
                placed = True
                break
        if not placed:
            found.append(current)
    return found


def _more_specific(left: BoundSignature, right: BoundSignature) -> bool:
    """Every argument list of `left` is one of `right`."""
    arguments: list[Argument] = [
        LambdaArgument(_always(type_.result)) if isinstance(type_, FunctionType) else type_ for type_ in left.arguments
    ]
    return can_bind(right.signature, arguments)


def _always(result: Type) -> Callable[[tuple[Type, ...]], Type]:
    return lambda parameters: result


def _casts_only_null(candidate: BoundSignature, types: list[Type]) -> bool:
    return all(actual in (UNKNOWN, expected) for actual, expected in zip(types, candidate.arguments, strict=True))


def _null_in_null_out(candidate: BoundSignature, types: list[Type]) -> bool:
    """The result is NULL because of a NULL argument; aggregates and window functions always pass over NULL."""
    signature = candidate.signature
    return signature.kind is not FunctionKind.SCALAR or any(
        actual == UNKNOWN and position not in signature.nulls for position, actual in enumerate(types, 1)
    )


def _ambiguous(candidates: list[BoundSignature]) -> LodestarError:
    lines = "".join(f"\t * {_described(candidate)}\n" for candidate in candidates)
    return LodestarError(
        AMBIGUOUS_FUNCTION_CALL,
        f"Could not choose a best candidate operator. Explicit type casts must be added.\nCandidates are:\n{lines}",
    )


def _described(candidate: BoundSignature) -> str:
    arguments = ",".join(map(_declared, candidate.arguments))
    return f"({arguments}):{_declared(candidate.result)}"


def _declared(type_: Type) -> str:
    """As a signature spells it: plain names in small letters."""
    return type_.base.lower() if isinstance(type_, SimpleType) else type_.signature_text
