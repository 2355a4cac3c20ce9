package io.relook.training;

import io.relook.jobs.Wilson;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Row;

/** What the tables say of a run: every figure is a query's result. */
final class RunSummary {
  private final PrintWriter out;
  private final Lakehouse lakehouse;
  private final String runId;
  private final boolean explain;

  RunSummary(PrintWriter out, Lakehouse lakehouse, String runId, boolean explain) {
    this.out = out;
    this.lakehouse = lakehouse;
    this.runId = runId;
    this.explain = explain;
  }

  void print(String place) {
    lakehouse.register();
    String stages =
        "SELECT stage, sum(seconds) FROM stages WHERE run_id = '%s' GROUP BY stage ORDER BY min(started_at)"
            .formatted(runId);
    out.printf("%n%-24s %10s %10s%n", "stage", "rows", "seconds");
    explain(stages);
    for (Row stage : lakehouse.spark().sql(stages).collectAsList()) {
      String query = rows(stage.getString(0));
      long rows = lakehouse.spark().sql(query).first().getLong(0);
      out.printf(Locale.ROOT, "%-24s %10d %10.1f%n", stage.getString(0), rows, stage.getDouble(1));
      explain(query);
    }
    out.printf("%n%-44s %10s%n", "what the tables hold", "");
    figure("questions", "SELECT count(*) FROM queries");
    figure("trajectories", "SELECT count(*) FROM trajectories WHERE " + own());
    figure(
        "unstable questions",
        "SELECT count(*) FROM difficulty WHERE class = 'unstable' AND " + own());
    for (String kind : List.of("direct", "elaborative", "corrective", "recheck")) {
      figure(
          "SFT examples, " + kind,
          "SELECT count(*) FROM sft_examples WHERE kind = '%s' AND %s".formatted(kind, own()));
    }
    figure(
        "GRPO steps with advantages",
        "SELECT count(*) FROM training_steps WHERE stage = 'grpo' AND size(trained_ids) > 0 AND "
            + own());
    String accuracy =
        "SELECT c.stage, sum(int(e.correct)), count(*), c.iteration FROM evaluations e JOIN checkpoints c USING (policy_version) WHERE e.run_id = '%s' GROUP BY c.stage, c.iteration ORDER BY c.iteration, min(c.committed_at)"
            .formatted(runId);
    for (Row row : lakehouse.spark().sql(accuracy).collectAsList()) {
      long right = row.getLong(1);
      long all = row.getLong(2);
      Wilson interval = Wilson.of(right, all);
      out.printf(
          Locale.ROOT,
          "%-44s %9.1f%%  95 %% interval %.1f to %.1f, %d questions%n",
          "accuracy, %s policy%s"
              .formatted(
                  row.getString(0), row.getInt(3) > 1 ? " of iteration " + row.getInt(3) : ""),
          100.0 * right / all,
          100 * interval.low(),
          100 * interval.high(),
          all);
    }
    explain(accuracy);
    out.printf("%ntables in %s; try%n", place);
    out.printf(
        "  ./relook sql \"SELECT q.answer, avg(d.pass_rate) FROM difficulty d JOIN queries q USING (query_id) GROUP BY 1\" --lakehouse %s%n",
        place);
    out.printf(
        "  ./relook sql \"SELECT phase, sample, text, accuracy FROM trajectories JOIN rewards USING (trajectory_id) ORDER BY query_id, phase, sample LIMIT 20\" --lakehouse %s%n",
        place);
    out.printf(
        "  ./relook sql \"SELECT t.query_id, t.text, x.advantages AS advantage FROM (SELECT inline(arrays_zip(trained_ids, advantages)) FROM training_steps WHERE stage = 'grpo' AND step = 3) x JOIN trajectories t ON t.trajectory_id = x.trained_ids ORDER BY t.query_id, t.sample\" --lakehouse %s%n",
        place);
    out.flush();
  }

  /** The query that counts what a stage left in the tables. */
  private String rows(String stage) {
    if (stage.equals("take in")) {
      return "SELECT count(*) FROM queries";
    }
    String from =
        switch (stage) {
          case "roll out" -> sampled(Phase.DIFFICULTY);
          case "score" -> "rewards JOIN " + sampled(Phase.DIFFICULTY, "USING (trajectory_id) ");
          case "partition" -> "difficulty WHERE ";
          case "reconstruct" -> "reflections WHERE ";
          case "sft" -> "sft_examples WHERE ";
          case "rejection sampling" -> sampled(Phase.REJECTION);
          case "grpo" -> sampled(Phase.RL);
          case "hard prompts" -> sampled(Phase.HARD);
          default ->
              "evaluations SEMI JOIN (SELECT policy_version FROM checkpoints WHERE stage = '%s') USING (policy_version) WHERE "
                  .formatted(stage.substring("evaluate ".length()));
        };
    return "SELECT count(*) FROM " + from + own();
  }

  private static String sampled(Phase phase) {
    return sampled(phase, "");
  }

  private static String sampled(Phase phase, String joined) {
    return "trajectories %sWHERE phase = '%s' AND ".formatted(joined, phase.word());
  }

  private String own() {
    return "run_id = '" + runId + "'";
  }

  private void figure(String name, String query) {
    out.printf("%-44s %10d%n", name, lakehouse.spark().sql(query).first().getLong(0));
    explain(query);
  }

  private void explain(String query) {
    if (explain) {
      out.printf("    %s%n", query);
    }
  }
}
