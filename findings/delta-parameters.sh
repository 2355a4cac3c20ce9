#!/usr/bin/env bash
# Spark 4.1.0 with Delta 4.4.0's session extension: no query may have parameters. Spark binds :name and ? in the parser
# (ParserInterface.parsePlanWithParameters); Delta's parser inherits the interface's default, which drops their values.
# Without the extension the same query runs. Needs Java 17 and Maven; exits 1 if this changes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion><groupId>probe</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.spark</groupId><artifactId>spark-sql_2.13</artifactId><version>4.1.0</version></dependency>
<dependency><groupId>io.delta</groupId><artifactId>delta-spark_4.1_2.13</artifactId><version>4.4.0</version></dependency>
</dependencies></project>
POM
mvn -B -q dependency:build-classpath -Dmdep.outputFile=cp
cat > Probe.java <<'JAVA'
import java.util.Map;
import org.apache.spark.sql.SparkSession;

public class Probe {
  public static void main(String[] extensions) {
    SparkSession spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false")
        .config("spark.sql.extensions", String.join(",", extensions)).getOrCreate();
    String seen;
    try {
      seen = spark.sql("SELECT :x + 1", Map.of("x", 1)).head().toString();
    } catch (Exception e) {
      seen = e.getMessage().lines().findFirst().orElse("");
    }
    System.out.println("Spark " + spark.version() + ", extensions [" + String.join(",", extensions) + "]: SELECT :x + 1 with x = 1 gives " + seen);
    spark.stop();
  }
}
JAVA
opens=$(printf -- '--add-opens=java.base/%s=ALL-UNNAMED ' java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent java.util.concurrent.atomic sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar)
export SPARK_LOCAL_IP=127.0.0.1
# shellcheck disable=SC2086
probe() { java $opens -cp "$(cat cp)" Probe.java "$@" 2>/dev/null | grep '^Spark'; }
alone=$(probe)
with=$(probe io.delta.sql.DeltaSparkSessionExtension)
printf '%s\n' "$alone" "$with"
[[ $alone == *"gives [2]" && $with == *UNBOUND_SQL_PARAMETER* ]]
