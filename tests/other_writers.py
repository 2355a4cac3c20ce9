"""Appends rows to Relook's tables by delta-rs and by polars; rows that break a constraint have to be refused.

    python tests/other_writers.py LAKEHOUSE ROWS

ROWS/TABLE/right is a Delta table of rows that are taken, ROWS/TABLE/breaks-NAME of one that the constraint NAME forbids. Prints a line a table and writer; exit 1
where one differs. Needs deltalake, polars and pyarrow; run by tests/writers.sh.
"""
import re
import sys
from pathlib import Path

import deltalake
import polars
from deltalake import DeltaTable, write_deltalake

# What delta-rs says, and polars by it, where a row breaks a constraint, not where it cannot evaluate one: since 1.5, and before.
BROKEN = re.compile("failed validation check|violated")


def by_delta_rs(rows, table):
    write_deltalake(table, DeltaTable(rows).to_pyarrow_table(), mode="append")


def by_polars(rows, table):
    polars.read_delta(rows).write_delta(table, mode="append")


def tried(write, rows, table):
    """What the writer says against the rows, or None; a refusal must leave no commit."""
    before = DeltaTable(table).version()
    try:
        write(str(rows), str(table))
    except Exception as e:
        after = DeltaTable(table).version()
        return f"{type(e).__name__}: {e}" if after == before else f"COMMITTED version {after}, and said {e}"
    return None


def main(lakehouse, folder):
    failed = 0
    print(f"deltalake {deltalake.__version__}, polars {polars.__version__}")
    for rows in sorted(Path(folder).iterdir()):
        table = Path(lakehouse, rows.name)
        for name, write in (("delta-rs", by_delta_rs), ("polars", by_polars)):
            said = tried(write, rows / "right", table)
            problems = [] if said is None else [f"right rows: {said[:300]}"]
            breaking = sorted(rows.glob("breaks-*"))
            for bad in breaking:
                said = tried(write, bad, table)
                rule = DeltaTable(table).metadata().configuration["delta.constraints." + bad.name.removeprefix("breaks-")]
                if said is None or "COMMITTED" in said or not BROKEN.search(said):
                    problems.append(f"{bad.name} ({rule}): {'taken' if said is None else said[:300]}")
            failed += bool(problems)
            print(f"{rows.name} by {name}: " + ("; ".join(problems) or f"taken, {len(breaking)} refused"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
