"""Runs a notebook without a browser: execute.py IN.ipynb OUT.ipynb. Status 1: a cell failed; what it said is in OUT.ipynb.

The Java kernel has races at its start: now and then it never answers, or dies. Such a start is tried again; an error in a cell is not.
"""
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

STARTS = 6
NOT_STARTED = ("Kernel didn't respond", "Kernel died before replying")


def run(source: str, target: str) -> int:
    for start in range(1, STARTS + 1):
        notebook = nbformat.read(source, as_version=4)
        try:
            NotebookClient(notebook, timeout=300, startup_timeout=20).execute()
        except CellExecutionError as error:
            nbformat.write(notebook, target)
            print(error, file=sys.stderr)
            return 1
        except RuntimeError as error:
            if not any(said in str(error) for said in NOT_STARTED):
                raise
            print(f"kernel start {start} of {STARTS}: {error}", file=sys.stderr)
            continue
        nbformat.write(notebook, target)
        return 0
    print("the kernel did not start", file=sys.stderr)
    return 3


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(run(*sys.argv[1:]))
