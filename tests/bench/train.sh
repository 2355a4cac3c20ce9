#!/usr/bin/env bash
# GRPO and SFT steps, both sides one after the other on this machine, and the ratios; the first losses must agree, or it exits 1.
#   BENCH=folder-of-bench_grpo_trl.py PYTHON=venv/bin/python tests/bench/train.sh MODEL WORKLOAD
# Environment, with defaults: PROMPTS (all), BATCH 8 (it divides the number of completions), VARIANTS "full frozen lora" (SFT: without lora),
# HEADS "trl plain", STAGES "grpo sft", REPEATS 3, ROUNDS 1 (both sides in turn so often, then medians over the rounds: for a machine that
# is quicker in one minute than in the next), THREADS 2, RECORD (a file that keeps the JSON lines),
# DTYPES (float32, and autocast where the machine has bfloat16 instructions).
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[ $# -eq 2 ] || { sed -n '2,7s/^# //p' "$0" >&2; exit 2; }
model=$(realpath "$1") workload=$(realpath "$2")
: "${BENCH:?folder of the peers benchmark scripts}" "${PYTHON:=python3}" "${BATCH:=8}" "${REPEATS:=3}" "${ROUNDS:=1}" "${THREADS:=2}"
: "${VARIANTS:=full frozen lora}" "${HEADS:=trl plain}" "${STAGES:=grpo sft}"
[ -n "${DTYPES:-}" ] || DTYPES="float32$(grep -qE 'avx512_bf16|amx_bf16' /proc/cpuinfo && echo ' autocast' || true)"
[ -n "${RECORD:-}" ] || { RECORD=$(mktemp); trap 'rm -f "$RECORD"' EXIT; }
RECORD=$(realpath "$RECORD")
common=(--batch "$BATCH" --threads "$THREADS" --repeats "$REPEATS" ${PROMPTS:+--prompts "$PROMPTS"})
peer() { (cd "$BENCH" && "$PYTHON" "$@" --model "$model" --workload "$workload" "${common[@]}" --append "$RECORD" >&2); }
ours() { "$home/relook" bench train "$workload" --model "$model" "${common[@]}" "$@" | tee -a "$RECORD" >&2; }
"$home/relook" --help >/dev/null 2>&1 || true # builds, if that is needed, before anything is timed

for _ in $(seq "$ROUNDS"); do
  for dtype in $DTYPES; do
    for stage in $STAGES; do
      variants=$VARIANTS
      [ "$stage" = grpo ] || variants=$(echo "$variants" | sed 's/ *lora//')
      # shellcheck disable=SC2086
      if [ "$stage" = grpo ]; then
        peer bench_grpo_trl.py --head $HEADS --variants $variants --dtype "$dtype"
      else
        peer bench_sft_hf.py --variants $variants --dtype "$dtype"
      fi
      ours --stage "$stage" --variants "${variants// /,}" --dtype "$dtype"
    done
  done
done
"$PYTHON" "$home/tests/bench/ratio.py" train "$RECORD"
