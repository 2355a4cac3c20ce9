#!/usr/bin/env bash
# Installs a Zeppelin server without user interface (Maven) and the Java kernel with a client (Python) under target/notebook, and runs relook.zpln over a
# finished run's lakehouse. Fails where a paragraph fails. While it runs, whoever is on this machine can run code through the server: it has no login.
#   notebooks/zeppelin.sh [LAKEHOUSE, .relook/demo] [OUT.zpln]
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$home/target/notebook
lakehouse=$(realpath "${1:-$home/.relook/demo}")
out=$(realpath -m "${2:-$work/relook.zpln}")
"$home/notebooks/run.sh" --install
python=$work/zeppelin-python
# Zeppelin looks for "jupyter-client" in `pip freeze`: newer ones are spelt jupyter_client. Its stubs want this protobuf.
[ -x "$python/bin/python" ] || python3 -m venv "$python"
"$python/bin/python" -c 'import jupyter_client, grpc' 2>/dev/null \
  || "$python/bin/pip" install -q jupyter-client==6.1.12 protobuf==3.20.3 grpcio 'tornado<6.2' 'pyzmq<26'
zeppelin=$work/zeppelin
# What an earlier run left: a note of the same name is not taken in.
rm -rf "$zeppelin"/{conf,notebook}
mkdir -p "$zeppelin"/{bin,conf,notebook,interpreter/jupyter,lib/interpreter,web/WEB-INF,web-angular/WEB-INF}
plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
[ -s "$zeppelin/classpath.txt" ] || mvn -B -q -f "$home/notebooks/zeppelin/pom.xml" "$plugin:build-classpath" -Dmdep.outputFile="$zeppelin/classpath.txt"
copy() { [ -s "$2/${1//:/-}.jar" ] || mvn -B -q -f "$home/notebooks/zeppelin/pom.xml" "$plugin:copy" -Dartifact="org.apache.zeppelin:$1" -DoutputDirectory="$2"; }
copy zeppelin-jupyter-interpreter-shaded:0.10.1 "$zeppelin/interpreter/jupyter"
copy zeppelin-interpreter-shaded:0.10.1 "$zeppelin/lib/interpreter"
tr ':' '\n' <"$zeppelin/classpath.txt" | grep -E 'slf4j-log4j12|/log4j/|slf4j-api' | xargs cp -t "$zeppelin/lib/interpreter"
cp "$home/notebooks/zeppelin/interpreter.sh" "$zeppelin/bin"
cp "$home/notebooks/zeppelin/log4j.properties" "$zeppelin/conf"
# The server wants folders of a user interface; these have none.
for web in web web-angular; do echo '<web-app version="3.0" xmlns="http://java.sun.com/xml/ns/javaee"/>' >"$zeppelin/$web/WEB-INF/web.xml"; done
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# Without ZEPPELIN_IDENT_STRING the server ends at the end of its input.
export ZEPPELIN_IDENT_STRING=relook ZEPPELIN_ADDR=127.0.0.1 ZEPPELIN_PORT=$port ZEPPELIN_HOME=$zeppelin ZEPPELIN_NOTEBOOK_DIR=$zeppelin/notebook \
  ZEPPELIN_INTERPRETER_DIR=$zeppelin/interpreter ZEPPELIN_WAR=$zeppelin/web ZEPPELIN_ANGULAR_WAR=$zeppelin/web-angular \
  ZEPPELIN_NOTEBOOK_STORAGE=org.apache.zeppelin.notebook.repo.VFSNotebookRepo ZEPPELIN_SEARCH_ENABLE=false
export PATH=$python/bin:$PATH JUPYTER_PATH=$work RELOOK_LAKEHOUSE=$lakehouse SPARK_LOCAL_IP=127.0.0.1
opens=$(sed -n 's:.*<jvm.opens>\(.*\)</jvm.opens>.*:\1:p' "$home/pom.xml")
cd "$zeppelin"
# shellcheck disable=SC2086
java $opens -Xmx512m -Dlog4j.configuration="file:$zeppelin/conf/log4j.properties" -cp "$(cat classpath.txt)" \
  org.apache.zeppelin.server.ZeppelinServer >server.log 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true' EXIT
python3 "$home/notebooks/zeppelin/execute.py" "http://127.0.0.1:$port/api" "$home/notebooks/relook.zpln" "$out" || {
  status=$?
  echo "notebook: failed; the server's log is $zeppelin/server.log" >&2
  exit "$status"
}
echo "notebook: every paragraph ran; its output is in $out"
