#!/usr/bin/env bash
# A training step on one and on two executors, each a process with one core and one engine thread, and what travels: one JSON line a measurement.
#   tests/bench/shards.sh MODEL WORKLOAD
# Environment, with defaults: VARIANTS "full,lora", STAGE grpo, PROMPTS (all), BATCH 4 (samples a pass, at most; a shard takes whole
# passes), REPEATS 3, EXECUTORS "1 2", HEAP 4g (of the driver), EXECUTOR_HEAP_MIB 3072,
# SPARK_OPTIONS (more -Dspark.key=value).
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[ $# -eq 2 ] || { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
"$home/relook" --help >/dev/null 2>&1 || true # builds, if that is needed
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Without a distribution a worker takes the class path from here, and must be told its Scala version.
mkdir "$work/jars"
export SPARK_HOME=$work SPARK_SCALA_VERSION=2.13 OMP_WAIT_POLICY=passive RELOOK_HEAP=${HEAP:-4g}
SPARK_DIST_CLASSPATH="$home/training-driver/target/classes:$home/conf:$(cat "$home/target/classpath.txt")"
export SPARK_DIST_CLASSPATH
for executors in ${EXECUTORS:-1 2}; do
  memory=${EXECUTOR_HEAP_MIB:-3072}
  export RELOOK_JAVA_OPTIONS="-Dspark.master=local-cluster[$executors,1,$memory] -Dspark.executor.memory=${memory}m -Dspark.cores.max=$executors
    -Dspark.scheduler.minRegisteredResourcesRatio=1 -Dspark.driver.host=127.0.0.1 -Dspark.driver.bindAddress=127.0.0.1 -Dspark.ui.enabled=false
    -Dspark.driver.maxResultSize=0 -Dspark.broadcast.compress=false -Dspark.executor.extraJavaOptions=-Dai.djl.offline=true ${SPARK_OPTIONS:-}"
  "$home/relook" bench train "$2" --model "$(realpath "$1")" --stage "${STAGE:-grpo}" --batch "${BATCH:-4}" ${PROMPTS:+--prompts "$PROMPTS"} --threads 1 \
    --repeats "${REPEATS:-3}" --peak-seconds 0 --variants "${VARIANTS:-full,lora}" --shards "$executors"
done
