package io.relook.sql;

import io.relook.TestSession;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import scala.jdk.javaapi.CollectionConverters;

/** What the functions' nodes counted in all plans that ran, wherever they stood in them. */
final class ModelMetrics extends SparkListener {
  private final Map<Long, Long> rows = new ConcurrentHashMap<>();
  private final Map<Long, Long> windows = new ConcurrentHashMap<>();

  record Counts(long rows, long windows) {}

  Counts during(Runnable work) {
    flush();
    rows.clear();
    windows.clear();
    work.run();
    flush();
    return new Counts(sum(rows), sum(windows));
  }

  @Override
  public void onStageCompleted(SparkListenerStageCompleted stage) {
    CollectionConverters.asJava(stage.stageInfo().accumulables())
        .values()
        .forEach(
            metric -> {
              String name = metric.name().getOrElse(() -> "");
              if (name.equals("rows answered")) {
                rows.merge(metric.id(), (Long) metric.value().get(), Math::max);
              } else if (name.equals("windows of rows")) {
                windows.merge(metric.id(), (Long) metric.value().get(), Math::max);
              }
            });
  }

  private static long sum(Map<Long, Long> metrics) {
    return metrics.values().stream().mapToLong(value -> value).sum();
  }

  private static void flush() {
    try {
      TestSession.spark().sparkContext().listenerBus().waitUntilEmpty();
    } catch (java.util.concurrent.TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }
}
