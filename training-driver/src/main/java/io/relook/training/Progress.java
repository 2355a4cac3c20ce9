package io.relook.training;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What runs, rows done, rate, time left: for people, on standard output. */
final class Progress {
  /** A stage that ended. */
  record Stage(String name, double seconds) {}

  private final PrintWriter out;
  private final List<Stage> stages = new ArrayList<>();
  private String current;
  private long expected;
  private long began;

  Progress(PrintWriter out) {
    this.out = out;
  }

  /** A stage begins, the one before it ends; {@code rows} of it are expected, 0 unknown. */
  void stage(String name, long rows) {
    finish();
    current = name;
    expected = rows;
    began = System.nanoTime();
    out.printf("%s ...%n", name);
    out.flush();
  }

  /** Rows committed so far. */
  void rows(long done) {
    double seconds = (System.nanoTime() - began) / 1e9;
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

  /** Ends the last stage and lists all. */
  List<Stage> finish() {
    if (current != null) {
      stages.add(new Stage(current, (System.nanoTime() - began) / 1e9));
      current = null;
    }
    return stages;
  }
}
