package io.relook.training;

import java.io.PrintWriter;
import java.util.List;
import java.util.function.Function;

/** A plan for people. */
final class PlanTable {
  private static final String ROW = "%-20s %26s %14s %14s %14s %16s %11s%n";

  private final PrintWriter out;

  PlanTable(PrintWriter out) {
    this.out = out;
  }

  void print(Plan.Result plan) {
    out.printf(
        "plan of %s: %s%n",
        plan.preset(),
        plan.notMeasured() == null
            ? "measured here in %.0f s, with a few of its questions".formatted(plan.measured())
            : "not measured: " + plan.notMeasured());
    out.printf(
        "exact; ≤ cannot be more; ~ measured here and scaled (95 %% range of the share of questions that are kept); ? assumed; - not known%n%n");
    out.printf(ROW, "stage", "rows", "prompt tokens", "new tokens", "at most", "steps", "time");
    for (PlanStages.Stage stage : plan.stages()) {
      out.printf(
          ROW,
          stage.name(),
          text(stage.rows(), Figure::toString),
          text(stage.prompts(), Figure::plain),
          text(stage.sampled(), Figure::plain),
          text(stage.most(), Figure::toString),
          text(stage.steps(), Figure::toString),
          text(stage.seconds(), Figure::time));
    }
    out.printf(ROW, "all", "", "", "", "", "", text(plan.seconds(), Figure::time));
    parts("memory of a process that generates", plan.generation());
    parts("memory of the process that trains", plan.training());
    parts("memory of an executor that trains", plan.executor());
    out.printf("%-60s %16s%n", "free on this machine now", Figure.exact(plan.free()).bytes());
    parts("what travels", plan.travels());
    parts("checkpoints", plan.checkpoints());
    plan.notes().forEach(note -> out.printf("%n%s%n", note));
  }

  private void parts(String title, List<PlanMemory.Part> parts) {
    if (!parts.isEmpty()) {
      out.printf("%n%s%n", title);
      parts.forEach(part -> out.printf("  %-58s %16s%n", part.what(), part.bytes().bytes()));
    }
  }

  private static String text(Figure figure, Function<Figure, String> as) {
    return figure == null ? "-" : as.apply(figure);
  }
}
