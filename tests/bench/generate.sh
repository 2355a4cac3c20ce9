#!/usr/bin/env bash
# Generation, both sides one after the other on this machine, and the ratios. Needs the peers' benchmark folder and a Python that has its
# requirements (the product needs neither).
#   BENCH=folder-of-bench_generate_hf.py PYTHON=venv/bin/python tests/bench/generate.sh MODEL WORKLOAD
# Environment, with defaults: PROMPTS (all), BATCHES "32 64 128" (those beyond the workload's rows are left out), BANKS "8 4",
# STREAMS "0" (what suits the model), REPEATS 3, THREADS 2,
# DTYPES (float32, and bfloat16 where the machine has such instructions), RECORD (a file that keeps the JSON lines).
# Where llama-cpp-python is installed, its decoding is compared with ours on the same text without pictures.
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[ $# -eq 2 ] || { sed -n '2,8s/^# //p' "$0" >&2; exit 2; }
model=$(realpath "$1") workload=$(realpath "$2")
: "${BENCH:?folder of the peers benchmark scripts}" "${PYTHON:=python3}" "${BATCHES:=32 64 128}" "${BANKS:=8 4}" "${STREAMS:=0}" "${REPEATS:=3}" "${THREADS:=2}"
ratio=$home/tests/bench/ratio.py
[ -n "${DTYPES:-}" ] || DTYPES="float32$(grep -qE 'avx512_bf16|amx_bf16' /proc/cpuinfo && echo ' bfloat16' || true)"
[ -n "${RECORD:-}" ] || { RECORD=$(mktemp); trap 'rm -f "$RECORD"' EXIT; }
RECORD=$(realpath "$RECORD")
common=(--threads "$THREADS" --repeats "$REPEATS" ${PROMPTS:+--prompts "$PROMPTS"})
batches=$("$PYTHON" "$ratio" batches "$workload" "${PROMPTS:-0}" $BATCHES)
read -r size samples tokens < <("$PYTHON" "$ratio" shape "$model" "$workload")
peer() { (cd "$BENCH" && "$PYTHON" "$@" --model "$model" --workload "$workload" "${common[@]}" --append "$RECORD" >&2); }
ours() { "$home/relook" bench generate "$workload" --model "$model" "${common[@]}" --batch "${batches// /,}" --bank "${BANKS// /,}" --streams "${STREAMS// /,}" "$@" | tee -a "$RECORD" >&2; }
"$home/relook" --help >/dev/null 2>&1 || true # builds, if that is needed, before anything is timed

for dtype in $DTYPES; do
  for batch in $batches; do
    peer bench_generate_hf.py --modes prefix static --dtype "$dtype" --batch "$batch"
  done
  ours --dtype "$dtype" --variants same,differ
  for batch in $batches; do
    (cd "$BENCH" && "$PYTHON" floor_decode.py --sizes "$size" --prompts $((batch / samples)) --samples "$samples" --new-tokens "$tokens" --dtypes "$dtype" --threads "$THREADS") |
      sed -nE 's|^(\S+) (\S+) rows ([0-9]+): ([0-9]+) tokens/s$|{"name": "floor_decode", "size": "\1", "dtype": "\2", "batch": \3, "tokens_per_s": \4}|p' | tee -a "$RECORD" >&2
  done
done
if "$PYTHON" -c 'import gguf, llama_cpp' 2>/dev/null; then
  types=f32
  case $DTYPES in *bfloat16*) types="f32 bf16" ;; esac
  for batch in $batches; do
    peer bench_llamacpp.py --types $types --batch "$batch"
  done
  for dtype in $DTYPES; do
    ours --dtype "$dtype" --text-only
  done
else
  echo "generate.sh: llama.cpp is not compared: $PYTHON has no llama_cpp or no gguf" >&2
fi
"$PYTHON" "$ratio" generate "$RECORD" "$workload"
