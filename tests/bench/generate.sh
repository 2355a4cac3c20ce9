#!/usr/bin/env bash
# Generation, both sides one after the other on this machine, and the ratio. Needs the peers' benchmark folder and a Python that has its
# requirements (the product needs neither).
#   BENCH=folder-of-bench_generate_hf.py PYTHON=venv/bin/python tests/bench/generate.sh MODEL WORKLOAD [--prompts 4] [--batch 32]
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
model=$1 workload=$2; shift 2
: "${BENCH:?folder of the peers benchmark scripts}" "${PYTHON:=python3}"
lines=$(mktemp); trap 'rm -f "$lines"' EXIT
for dtype in float32 bfloat16; do
  (cd "$BENCH" && "$PYTHON" bench_generate_hf.py --model "$model" --workload "$workload" --modes prefix static --dtype "$dtype" --append "$lines" "$@" >&2)
  "$home/relook" bench generate "$workload" --model "$model" --dtype "$dtype" --variants same,differ "$@" | tee -a "$lines" >&2
done
"$PYTHON" - "$lines" "$workload" <<'P'
import json, sys
rows = [json.loads(l) for l in open(sys.argv[1])]
work = json.load(open(sys.argv[2] + "/workload.json"))
of = lambda name, mode=None: [r for r in rows if r["name"] == name and (mode is None or r["mode"] == mode)]
best = lambda rs: max(rs, key=lambda r: r["tokens_per_s"][1])
hf, same, differ = best(of("generate_hf")), best(of("generate_relook", "same")), best(of("generate_relook", "differ"))
lengths = [len(c["ids"]) for c in work["completions"]][: hf["sequences"]]
batches = [lengths[i:i + hf["batch"]] for i in range(0, len(lengths), hf["batch"])]
useful = sum(lengths) / sum(len(b) * max(b) for b in batches)
print(f"peer {hf['mode']} {hf['dtype']} batch {hf['batch']}: {hf['tokens_per_s'][1]} tokens/s; lengths that differ: {hf['tokens_per_s'][1] * useful:.0f}")
print(f"same lengths: ours {same['dtype']} {same['tokens_per_s'][1]} tokens/s, ratio {same['tokens_per_s'][1] / hf['tokens_per_s'][1]:.2f}")
print(f"lengths that differ: ours {differ['dtype']} {differ['tokens_per_s'][1]} tokens/s, ratio {differ['tokens_per_s'][1] / hf['tokens_per_s'][1] / useful:.2f}")
P
