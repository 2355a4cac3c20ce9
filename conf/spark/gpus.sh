#!/bin/sh
# What Spark asks for this machine's GPUs with: their numbers, as nvidia-smi has them.
set -e
numbers=$(nvidia-smi --query-gpu=index --format=csv,noheader)
printf '{"name": "gpu", "addresses": [%s]}\n' "$(echo "$numbers" | sed 's/.*/"&"/' | paste -sd, -)"
