package io.relook;

import io.relook.lakehouse.LocalSpark;
import io.relook.model.spark.ModelPool;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** Run by spark-submit: counts rows, and says which device each of two tasks is given. */
public final class SubmittedProbe {
  private SubmittedProbe() {}

  public static void main(String[] args) {
    SparkSession spark = LocalSpark.session("probe");
    System.out.println("rows: " + spark.range(3).count());
    new JavaSparkContext(spark.sparkContext())
        .parallelize(List.of(0, 1), 2)
        .map(n -> "executor %s: %s".formatted(SparkEnv.get().executorId(), ModelPool.device()))
        .collect()
        .forEach(System.out::println);
    spark.stop();
  }
}
