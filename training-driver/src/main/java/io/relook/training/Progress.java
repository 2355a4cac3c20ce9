package io.relook.training;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Row;

/**
 * What runs, rows done, rate, time left: for people, on standard output; and how long each stage
 * took: → {@code stages}. One commit ends a stage and begins the next: a run has ended where its
 * newest stage has.
 */
final class Progress {
  private final PrintWriter out;
  private final Lakehouse lakehouse;
  private final String runId;
  private String current;
  private int iteration;
  private long expected;
  private Instant began;

  Progress(PrintWriter out, Lakehouse lakehouse, String runId) {
    this.out = out;
    this.lakehouse = lakehouse;
    this.runId = runId;
  }

  /** A stage begins, the one before it ends; {@code rows} of it are expected, 0 unknown. */
  void stage(int iteration, String name, long rows) {
    List<Row> stretches = new ArrayList<>();
    if (current != null) {
      stretches.add(stretch(seconds()));
    }
    this.iteration = iteration;
    current = name;
    expected = rows;
    began = Instant.now().truncatedTo(ChronoUnit.MICROS);
    out.printf("%s ...%n", name);
    out.flush();
    stretches.add(stretch(0));
    lakehouse.replace(Table.STAGES, stretches);
  }

  /** Rows committed so far. */
  void rows(long done) {
    double seconds = seconds();
    String left =
        expected > done && done > 0
            ? String.format(Locale.ROOT, ", %.0f s left", seconds / done * (expected - done))
            : "";
    out.printf(Locale.ROOT, "  %d rows, %.1f rows/s%s%n", done, done / seconds, left);
    out.flush();
  }

  void line(String text) {
    out.printf("  %s%n", text);
    out.flush();
  }

  /** Ends the last stage. */
  void finish() {
    if (current != null) {
      lakehouse.replace(Table.STAGES, List.of(stretch(seconds())));
      current = null;
    }
  }

  private Row stretch(double seconds) {
    return Rows.STAGE.toRow(new Rows.Stage(runId, iteration, current, began, seconds));
  }

  private double seconds() {
    return Duration.between(began, Instant.now()).toNanos() / 1e9;
  }
}
