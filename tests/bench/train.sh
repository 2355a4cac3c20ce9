#!/usr/bin/env bash
# GRPO and SFT steps, both sides one after the other on this machine, and the ratios; the first losses must agree, or it exits 1.
#   BENCH=folder-of-bench_grpo_trl.py PYTHON=venv/bin/python tests/bench/train.sh MODEL WORKLOAD
# Environment, with defaults: PROMPTS (all), BATCH 8 (it divides the number of completions), REPEATS 3, THREADS 2, RECORD (a file that keeps the JSON lines).
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[ $# -eq 2 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
model=$(realpath "$1") workload=$(realpath "$2")
: "${BENCH:?folder of the peers benchmark scripts}" "${PYTHON:=python3}" "${BATCH:=8}" "${REPEATS:=3}" "${THREADS:=2}"
[ -n "${RECORD:-}" ] || { RECORD=$(mktemp); trap 'rm -f "$RECORD"' EXIT; }
RECORD=$(realpath "$RECORD")
common=(--batch "$BATCH" --threads "$THREADS" --repeats "$REPEATS" --variants full ${PROMPTS:+--prompts "$PROMPTS"})
peer() { (cd "$BENCH" && "$PYTHON" "$@" --model "$model" --workload "$workload" "${common[@]}" --append "$RECORD" >&2); }
ours() { "$home/relook" bench train "$workload" --model "$model" "${common[@]}" "$@" | tee -a "$RECORD" >&2; }
"$home/relook" --help >/dev/null 2>&1 || true # builds, if that is needed, before anything is timed

peer bench_grpo_trl.py --head trl plain
ours --stage grpo
peer bench_sft_hf.py
ours --stage sft
"$PYTHON" "$home/tests/bench/ratio.py" train "$RECORD"
