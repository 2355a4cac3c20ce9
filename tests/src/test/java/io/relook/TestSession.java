package io.relook;

import io.relook.lakehouse.LocalSpark;
import org.apache.spark.sql.SparkSession;

/** The one local Spark session that all tests of a JVM share. */
public final class TestSession {
  private static final SparkSession SPARK = LocalSpark.session("relook tests");

  private TestSession() {}

  public static SparkSession spark() {
    return SPARK;
  }
}
