#!/usr/bin/env bash
# Every *.jsonl file of a folder of cases (inputs with right values: answers, chat templates): a line for each that differs, then `N passed, M failed`.
#   tests/cases.sh FOLDER        exit code 1 where one failed or none was there
set -euo pipefail
[ $# = 1 ] || { echo "usage: tests/cases.sh FOLDER" >&2; exit 2; }
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$home/relook" --help >/dev/null
classpath=$home/training-driver/target/classes:$(cat "$home/target/classpath.txt")
mkdir -p "$home/target/cases"
javac -proc:none -d "$home/target/cases" -cp "$classpath" "$home"/tests/src/test/java/io/relook/cases/*.java
exec java -Xmx512m -cp "$home/target/cases:$classpath" io.relook.cases.Cases "$1"
