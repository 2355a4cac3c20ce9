#!/usr/bin/env bash
# A CHECK constraint length(bytes) > 0 on a BINARY column, as Spark evaluates it (bytes are counted), makes delta-rs refuse every row that is no UTF-8: DataFusion
# takes length() for that of a text and casts. Its name for the count of bytes, octet_length(bytes), refuses binaries altogether. bytes <> '' does what is meant.
#   findings/delta-rs-length-of-binary.sh      exits 1 where this has changed
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/python"
"$work/python/bin/pip" install -q deltalake==1.6.6 pyarrow==26.0.1
"$work/python/bin/python" - "$work" <<'PYTHON'
import sys
import deltalake, pyarrow as pa
from deltalake import DeltaTable, write_deltalake

print("deltalake", deltalake.__version__)
schema = pa.schema([pa.field("bytes", pa.binary(), nullable=False)])
rows = {"JPEG's first bytes": b"\xff\xd8\xff\xe0", "ASCII": b"abc", "nothing": b""}
seen = {}
for i, rule in enumerate(["length(bytes) > 0", "octet_length(bytes) > 0", "bytes <> ''"]):
    place = f"{sys.argv[1]}/{i}"
    write_deltalake(place, pa.table({"bytes": [b"first"]}, schema=schema))
    # As a table comes from Spark: the rule stands in its properties.
    log = f"{place}/_delta_log/00000000000000000000.json"
    text = open(log).read().replace('"configuration":{}', '"configuration":{"delta.constraints.some":"%s"}' % rule)
    open(log, "w").write(text.replace('"minWriterVersion":2', '"minWriterVersion":3'))
    for name, value in rows.items():
        try:
            write_deltalake(place, pa.table({"bytes": [value]}, schema=schema), mode="append")
            said = "taken"
        except Exception as e:
            said = "broken" if "failed validation check" in str(e) else "cannot be evaluated"
            print(f"{rule}, {name}: {type(e).__name__}: {str(e).splitlines()[0][:140]}")
        seen[rule, name] = said
        print(f"{rule}, {name}: {said}")
expected = {
    ("length(bytes) > 0", "JPEG's first bytes"): "cannot be evaluated",
    ("length(bytes) > 0", "ASCII"): "taken",
    ("length(bytes) > 0", "nothing"): "broken",
    ("octet_length(bytes) > 0", "JPEG's first bytes"): "cannot be evaluated",
    ("octet_length(bytes) > 0", "ASCII"): "cannot be evaluated",
    ("octet_length(bytes) > 0", "nothing"): "cannot be evaluated",
    ("bytes <> ''", "JPEG's first bytes"): "taken",
    ("bytes <> ''", "ASCII"): "taken",
    ("bytes <> ''", "nothing"): "broken",
}
sys.exit(0 if seen == expected else 1)
PYTHON
