package io.relook.parity;

import java.io.PrintWriter;
import java.util.Locale;

/** The lines that parity prints, one a check, and how many held. */
final class Report {
  private final PrintWriter out;
  private int passed;
  private int failed;

  Report(PrintWriter out) {
    this.out = out;
  }

  /** A deviation against its tolerance; NaN fails. */
  void within(String name, double worst, Tolerance tolerance) {
    line(name, worst, tolerance.most(), worst <= tolerance.most(), "");
  }

  /** As above, with a note. */
  void within(String name, double worst, Tolerance tolerance, String note) {
    String shown = note.isEmpty() ? "" : "  " + note;
    line(name, worst, tolerance.most(), worst <= tolerance.most(), shown);
  }

  /** As above, where the design differs from the reference on purpose. */
  void byDesign(String name, double worst, Tolerance tolerance, String design) {
    line(name, worst, tolerance.most(), worst <= tolerance.most(), "  by design: " + design);
  }

  /** So many things that had to be equal and were not. */
  void equal(String name, long different) {
    within(name, different, Tolerance.EQUAL);
  }

  /** A part of the folder that could not even be computed. */
  void broken(String name, RuntimeException reason) {
    broken(name, reason.getMessage());
  }

  void broken(String name, String reason) {
    failed++;
    out.printf(Locale.ROOT, "%-44s fail  %s%n", name, reason);
  }

  void notCompared(String name, String reason) {
    out.printf(Locale.ROOT, "%-44s not compared: %s%n", name, reason);
  }

  /** Exit code: 0 when something was checked and everything passed. */
  int finish() {
    out.printf(Locale.ROOT, "%d passed, %d failed%n", passed, failed);
    out.flush();
    return failed == 0 && passed > 0 ? 0 : 1;
  }

  private void line(String name, double worst, double tolerance, boolean pass, String note) {
    out.printf(
        Locale.ROOT,
        "%-44s %10.3g %10.3g  %s%s%n",
        name,
        worst,
        tolerance,
        pass ? "pass" : "fail",
        note);
    if (pass) {
      passed++;
    } else {
      failed++;
    }
  }
}
