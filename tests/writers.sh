#!/usr/bin/env bash
# Other writers of Delta on every table, new and of the first schema version: delta-rs and polars append a row that is right and are refused one that breaks a
# constraint; then Spark reads what they wrote and refuses the same rows. Installs both (Python, beside the product) in a temporary folder. Minutes: `.ci/run` leaves it out.
#   tests/writers.sh [DELTALAKE, 1.6.6] [POLARS, 2.1.0]
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
command -v python3 >/dev/null || { echo "tests/writers.sh: NOT RUN: there is no python3" >&2; exit 3; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/python"
"$work/python/bin/pip" install -q "deltalake==${1:-1.6.6}" "polars==${2:-2.1.0}" pyarrow
cd "$home"
mvn -B -ntp -pl tests -am verify -Dtests.excluded= -Dtest=TestOtherWriters -Dsurefire.failIfNoSpecifiedTests=false \
  -Drelook.python="$work/python/bin/python"
