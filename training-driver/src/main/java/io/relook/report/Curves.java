package io.relook.report;

import io.relook.report.RunReport.Chart;
import io.relook.report.RunReport.Line;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;

/** {@code training_steps} as figures by step. */
final class Curves {
  /** What a chart shows: the name of each line, and the column. */
  private static final Map<String, Map<String, String>> CHARTS = new LinkedHashMap<>();

  static {
    CHARTS.put("loss", Map.of("loss", "loss"));
    CHARTS.put(
        "reward, mean of the rollout",
        new TreeMap<>(
            Map.of(
                "total", "reward_mean",
                "format", "reward_parts['format']",
                "accuracy", "reward_parts['accuracy']",
                "reflection", "reward_parts['reflection']")));
    CHARTS.put("entropy, nats a token", Map.of("entropy", "entropy"));
    CHARTS.put(
        "KL to the reference, nats a token; 0 without one",
        Map.of("KL", "metrics['divergence_mean']"));
    CHARTS.put("share of clipped tokens", Map.of("clipped", "clip_fraction"));
    CHARTS.put("gradient norm before clipping", Map.of("norm", "gradient_norm"));
    CHARTS.put(
        "completion length, tokens",
        new TreeMap<>(
            Map.of("mean", "metrics['length_mean']", "longest", "metrics['length_max']")));
    CHARTS.put("largest gap, sampler to trainer, nats", Map.of("gap", "sampler_gap"));
    CHARTS.put("learning rate", Map.of("rate", "learning_rate"));
  }

  private Curves() {}

  /** A line for each iteration; figures that no step has are no chart. */
  static List<Chart> of(RunTables tables) {
    List<Chart> charts = new ArrayList<>();
    for (String stage : List.of("sft", "grpo")) {
      CHARTS.forEach(
          (name, columns) -> {
            List<Line> lines = new ArrayList<>();
            columns.forEach((line, column) -> lines.addAll(lines(tables, stage, line, column)));
            if (!lines.isEmpty()) {
              charts.add(new Chart(stage, name, lines));
            }
          });
    }
    return charts;
  }

  private static List<Line> lines(RunTables tables, String stage, String name, String column) {
    Map<Integer, List<Row>> iterations =
        tables
            .rows(
                "SELECT iteration, step, double(%s) FROM training_steps WHERE stage = '%s' AND %s IS NOT NULL ORDER BY 1, 2"
                    .formatted(column, stage, column))
            .stream()
            .collect(
                Collectors.groupingBy(row -> row.getInt(0), TreeMap::new, Collectors.toList()));
    List<Line> lines = new ArrayList<>();
    iterations.forEach(
        (iteration, rows) ->
            lines.add(
                new Line(
                    iterations.size() == 1 ? name : name + ", iteration " + iteration,
                    rows.stream().map(row -> row.getInt(1)).toList(),
                    rows.stream().map(row -> row.getDouble(2)).toList())));
    return lines;
  }
}
