package io.relook.lakehouse;

import io.relook.lakehouse.RelookException.Category;

/**
 * The versions of Spark and Delta that this build is linked with. Both change what extensions link
 * with from one minor version to the next; a running one is looked at before anything else of it.
 */
public final class BuiltFor {
  static final String SPARK = "4.1";
  static final String DELTA = "4";

  private BuiltFor() {}

  /** Of a job: refuses other versions than those that this build is linked with. */
  public static void require() {
    require(org.apache.spark.package$.MODULE$.SPARK_VERSION(), delta());
  }

  /** Of the SQL functions, which do without Delta. */
  public static void requireSpark() {
    String delta = delta();
    require(org.apache.spark.package$.MODULE$.SPARK_VERSION(), delta == null ? DELTA : delta);
  }

  /** Null where there is none. */
  private static String delta() {
    try {
      return io.delta.package$.MODULE$.VERSION();
    } catch (LinkageError e) {
      return null;
    }
  }

  /**
   * @param delta null where there is none
   */
  static void require(String spark, String delta) {
    if (!is(spark, SPARK) || !is(delta, DELTA)) {
      RelookException e =
          new RelookException(
              Category.CONFIG,
              "This Relook is built for Spark %s with Delta %s, and here is Spark %s with %s: start it with Spark %s and io.delta:delta-spark_%s_2.13, or build it for these."
                  .formatted(
                      SPARK,
                      DELTA,
                      spark,
                      delta == null ? "no Delta" : "Delta " + delta,
                      SPARK,
                      SPARK));
      // Whoever started Spark shows it: nothing but the line tells him anything.
      e.setStackTrace(new StackTraceElement[0]);
      throw e;
    }
  }

  /** Distributions put their own ending behind a version. */
  private static boolean is(String running, String built) {
    return running != null && (running.equals(built) || running.startsWith(built + "."));
  }
}
