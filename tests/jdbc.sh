#!/usr/bin/env bash
# The SQL functions over JDBC and in spark-sql: a distribution's Thrift server on loopback with Relook's extension, a client with the distribution's Hive
# driver, the embedded model, four pictures. spark-sql must say the same as JDBC. Minutes: `.ci/run` leaves it out.
#   tests/jdbc.sh        SPARK_HOME names the distribution; without it that of PyPI (435 MB) is installed under target/jdbc
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$home/target/jdbc
mkdir -p "$work"
if [ -z "${SPARK_HOME:-}" ]; then
  command -v python3 >/dev/null || { echo "tests/jdbc.sh: NOT RUN: there is neither SPARK_HOME nor python3" >&2; exit 3; }
  version=$(sed -n 's:.*<spark.version>\(.*\)</spark.version>.*:\1:p' "$home/pom.xml")
  [ -x "$work/python/bin/python" ] || python3 -m venv "$work/python"
  "$work/python/bin/python" -c 'import pyspark' 2>/dev/null || "$work/python/bin/pip" install -q "pyspark==$version"
  SPARK_HOME=$("$work/python/bin/python" -c 'import pyspark; print(*pyspark.__path__)')
fi
export SPARK_HOME SPARK_LOCAL_IP=127.0.0.1 RELOOK_HOME=$home
"$home/relook" --help >/dev/null 2>&1
# Relook's class path less the libraries that the distribution has, in its own versions.
jars=
for jar in $(tr ':' ' ' <"$home/target/classpath.txt"); do
  artifact=$(basename "$jar" | sed -E 's/-[0-9].*//')
  [ -d "$jar" ] || ! compgen -G "$SPARK_HOME/jars/$artifact-[0-9]*" >/dev/null || continue
  jars=$jars:$jar
done
run=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; }; rm -rf "$run"' EXIT
cd "$run"
with=(--properties-file "$home/conf/spark/local.conf" --driver-class-path "${jars#:}"
  --conf spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension,io.relook.sql.RelookExtensions
  --conf spark.ui.enabled=false --conf "spark.sql.warehouse.dir=$run/warehouse" --driver-memory 2g)
metastore() { echo "spark.hadoop.javax.jdo.option.ConnectionURL=jdbc:derby:;databaseName=$run/$1;create=true"; }
failed() { echo "tests/jdbc.sh: $1" >&2; tail -n 30 "$run"/*.log >&2; exit 1; }

"$SPARK_HOME/bin/spark-submit" "${with[@]}" --class io.relook.jobs.ScenesJob spark-internal \
  --lakehouse "$run/lakehouse" --preset "$home/conf/presets/demo-short.yaml" data.trainQuestions=4 data.testQuestions=1 >scenes.log 2>&1 || failed "no pictures"

"$SPARK_HOME/bin/spark-submit" "${with[@]}" --conf "$(metastore served)" --class org.apache.spark.sql.hive.thriftserver.HiveThriftServer2 spark-internal \
  --hiveconf hive.server2.thrift.port=0 --hiveconf hive.server2.thrift.bind.host=127.0.0.1 >server.log 2>&1 &
server=$!
: >>server.log
port=
for _ in $(seq 240); do
  port=$(sed -n 's/.*ThriftBinaryCLIService on port \([0-9]*\).*/\1/p' server.log)
  [ -z "$port" ] || break
  kill -0 "$server" 2>/dev/null || break
  sleep 0.5
done
[ -n "$port" ] || failed "the server did not start"
ask() { java -cp "$SPARK_HOME/jars/*" "$home/tests/src/test/java/io/relook/sql/JdbcClient.java" "jdbc:hive2://127.0.0.1:$port/default" "$1" 2>>client.log || failed "$1"; }

score="SELECT s.format, s.accuracy, s.reflection, s.answer FROM (SELECT relook_score('How many?', text, '2') AS s FROM VALUES ('So <answer>2</answer>'), ('So <answer>3</answer>'), ('Look <reflection>again now</reflection> <answer>2</answer>') AS t(text))"
ask "$score" >scored
printf '1.0\t1.0\t0.0\t2\n1.0\t0.0\t0.0\t3\n1.0\t1.0\t1.0\t2\n' | diff - scored || failed "relook_score says otherwise"

model=$home/spark-jobs/src/main/resources/embedded
generate="SELECT query_id, g.finish, size(g.completion_ids), g.text FROM (SELECT q.query_id, relook_generate('$model', q.question, i.bytes, temperature => 0, max_new_tokens => 24) AS g FROM delta.\`$run/lakehouse/queries\` q JOIN delta.\`$run/lakehouse/images\` i ON i.image_id = q.image_ids[0] WHERE q.split = 'train') ORDER BY 1"
ask "$generate" >generated
[ "$(wc -l <generated)" = 4 ] && ! grep -q error generated || failed "relook_generate: $(cat generated)"
"$SPARK_HOME/bin/spark-sql" "${with[@]}" --conf "$(metastore own)" -S -e "$generate" >same 2>sql.log || failed "spark-sql"
diff generated same || failed "spark-sql says otherwise"
cat scored generated
echo "jdbc: relook_score and relook_generate answer over JDBC, and in spark-sql the same"
