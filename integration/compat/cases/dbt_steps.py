"""Runs the steps of a dbt project in one process and prints one line for each node, then a line of figures.

usage: dbt_steps.py PROJECT_DIRECTORY STEP …   (a step is a dbt command; words are joined with a plus sign)
"""

import sys

from dbt.cli.main import dbtRunner


def main(project, steps):
    """The exit code: 1 when a step failed."""
    code = 0
    for step in steps:
        words = step.split("+")
        options = ["--project-dir", project, "--profiles-dir", project, "--quiet", "--no-use-colors"]
        outcome = dbtRunner().invoke([*words, *options])
        results = getattr(outcome.result, "results", None) or []
        for result in sorted(results, key=lambda one: getattr(one.node, "name", "") if hasattr(one, "node") else ""):
            print(f"  {' '.join(words)}: {result.node.name}: {result.status}")
            if str(result.status) in ("error", "fail", "runtime error"):
                print(f"    {result.message}")
        if outcome.exception is not None:
            print(f"  {' '.join(words)}: {outcome.exception}")
        print(f"{' '.join(words)}: {len(results)} nodes, {'done' if outcome.success else 'FAILED'}", flush=True)
        code = code if outcome.success else 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
