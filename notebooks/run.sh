#!/usr/bin/env bash
# Installs the Java kernel and a client (Python, beside the product) under target/notebook and runs relook.ipynb without a browser, over a finished run's
# lakehouse. Fails where a cell fails. With --install alone: then `JUPYTER_PATH=target/notebook jupyter lab notebooks` opens it.
#   notebooks/run.sh [LAKEHOUSE, .relook/demo] [OUT.ipynb]
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$home/target/notebook
command -v python3 >/dev/null || { echo "notebooks/run.sh: NOT RUN: there is no python3" >&2; exit 3; }
mkdir -p "$work"
[ -x "$work/python/bin/python" ] || python3 -m venv "$work/python"
"$work/python/bin/python" -c 'import nbclient' 2>/dev/null || "$work/python/bin/pip" install -q nbclient==0.11.0 nbformat jupyter_client ipykernel
kernel=$work/rapaio-jupyter-kernel-3.0.1.jar
[ -s "$kernel" ] || (cd "$home" && mvn -B -q -N dependency:copy -Dartifact=io.github.padreati:rapaio-jupyter-kernel:3.0.1 -DoutputDirectory="$work")
"$home/relook" --help >/dev/null
opens=$(sed -n 's:.*<jvm.opens>\(.*\)</jvm.opens>.*:\1:p' "$home/pom.xml")
python3 "$home/notebooks/kernel.py" "$work/kernels" "$kernel" "$home/training-driver/target/classes:$(cat "$home/target/classpath.txt")" \
  "$opens -Dai.djl.offline=true -Djava.awt.headless=true"
[ "${1:-}" != --install ] || exit 0
lakehouse=$(realpath "${1:-$home/.relook/demo}")
RELOOK_LAKEHOUSE=$lakehouse SPARK_LOCAL_IP=127.0.0.1 JUPYTER_PATH=$work "$work/python/bin/python" "$home/notebooks/execute.py" \
  "$home/notebooks/relook.ipynb" "${2:-$work/relook.ipynb}"
echo "notebook: every cell ran; its output is in ${2:-$work/relook.ipynb}"
