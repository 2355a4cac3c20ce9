#!/usr/bin/env bash
# What Relook writes, opened by transformers' AutoProcessor and model class, against the engine.
#
#     mvn -pl tests -am test -Dtest=TestCheckpointLayouts -Dsurefire.failIfNoSpecifiedTests=false   # writes tests/target/policies
#     tests/transformers.sh PYTHON... [-- POLICY...]
#
# PYTHON: an interpreter that has transformers, torch, torchvision and Pillow, one a version. POLICY: a folder that Relook wrote.
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pythons=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do pythons+=("$1"); shift; done
[ $# -gt 0 ] && shift
policies=("$@")
[ ${#policies[@]} -gt 0 ] || policies=("$home"/tests/target/policies/{published,saved,decoder})
[ ${#pythons[@]} -gt 0 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
failed=0
export HF_HUB_OFFLINE=1
for policy in "${policies[@]}"; do
  for python in "${pythons[@]}"; do
    version=$("$python" -c 'import transformers; print(transformers.__version__)' 2>/dev/null)
    name=$(basename "$policy")-$version
    if "$python" "$home/tests/open_in_transformers.py" "$policy" "$out/$name" "$home"/tests/src/test/resources/goldens/images/{rgb,small}.png >"$out/$name.log" 2>&1 &&
      "$home/relook" parity "$out/$name" >"$out/$name.parity"; then
      printf '%-12s transformers %-8s opens it as it is; %s\n' "$(basename "$policy")" "$version" "$(tail -1 "$out/$name.parity")"
    else
      printf '%-12s transformers %-8s FAILS\n' "$(basename "$policy")" "$version"
      tail -3 "$out/$name.log"
      grep -s ' fail' "$out/$name.parity" || true
      failed=1
    fi
  done
done
exit $failed
