#!/usr/bin/env bash
# A checkpoint of 1.5 billion random parameters (6.3 GB, in FOLDER), loaded in both types: one JSON line each. "above_weights_gb" is what the
# process holds beside the weights.
#   tests/bench/memory.sh FOLDER
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$1
mkdir -p "$folder"
cp "$home/tests/bench/1.5b.json" "$folder/config.json"
[ -s "$folder/model.safetensors" ] || RELOOK_HEAP=6g "$home/relook" bench random "$folder"
for dtype in float32 bfloat16; do
  "$home/relook" bench load --model "$folder" --dtype "$dtype"
done
