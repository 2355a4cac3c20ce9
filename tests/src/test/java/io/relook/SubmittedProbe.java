package io.relook;

import io.relook.lakehouse.LocalSpark;
import io.relook.model.spark.ModelPool;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** Run by spark-submit: writes a table, and says which device each of two tasks is given. */
public final class SubmittedProbe {
  private SubmittedProbe() {}

  public static void main(String[] args) {
    SparkSession spark = LocalSpark.session("probe");
    spark.range(3).write().format("delta").save(args[0]);
    System.out.println("rows: " + spark.read().format("delta").load(args[0]).count());
    new JavaSparkContext(spark.sparkContext())
        .parallelize(List.of(0, 1), 2)
        .map(n -> "executor %s: %s".formatted(SparkEnv.get().executorId(), ModelPool.device()))
        .collect()
        .forEach(System.out::println);
    spark.stop();
  }
}
