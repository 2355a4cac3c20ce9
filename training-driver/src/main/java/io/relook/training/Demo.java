package io.relook.training;

import ai.djl.Device;
import io.relook.jobs.IngestJob;
import io.relook.jobs.ScenesJob;
import io.relook.jobs.Wilson;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.LocalSpark;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.RunLock;
import io.relook.lakehouse.Table;
import io.relook.model.spark.ModelPool;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The demo: data in, evaluation, one iteration, evaluation, and what the tables say of it. */
public final class Demo {
  private static final String RUN = "demo";

  private final PrintWriter out;
  private final Path presets;
  private final boolean explain;

  public Demo(PrintWriter out, Path presets, boolean explain) {
    this.out = out;
    this.presets = presets;
    this.explain = explain;
  }

  /** Runs or resumes; returns the exit code. */
  public int run(String presetName, String place, Path data, String... overrides) {
    Preset preset = PresetReader.read(presets, presetName, overrides);
    SparkSession spark = LocalSpark.session("relook demo");
    Lakehouse lakehouse = Lakehouse.open(spark, place);
    Progress progress = new Progress(out, lakehouse, RUN);
    out.printf("lakehouse %s%n", place);
    try (RunLock lock =
        RunLock.of(lakehouse.folder("locks"), RUN, spark.sessionState().newHadoopConf())) {
      IterationLoop loop = new IterationLoop(lakehouse, RUN, preset, progress);
      lakehouse.merge(
          Table.RUNS, List.of(Rows.RUN.toRow(new Rows.Run(RUN, preset.toString(), Instant.now()))));
      takeIn(lakehouse, preset, data, progress);
      BasePolicy from = BasePolicy.of(lakehouse, preset);
      Rows.CheckpointRow base = loop.policies().base(from.uri());
      loop.evaluate(base);
      Rows.CheckpointRow last =
          loop.run(base, from.folder(), ModelPool.program(Device.cpu(), preset.engine().threads()));
      loop.evaluate(last);
      progress.finish();
      report(lakehouse, place);
      return 0;
    } finally {
      spark.stop();
    }
  }

  private void takeIn(Lakehouse lakehouse, Preset preset, Path data, Progress progress) {
    progress.stage(0, "take in", 0);
    Preset.Ingest ingest = preset.data().ingest();
    if (ingest == null) {
      for (ScenesJob.Config scenes : ScenesJob.Config.of(preset.data())) {
        new ScenesJob(lakehouse, scenes).run();
      }
      return;
    }
    IngestJob.Config config =
        new IngestJob.Config(data == null ? null : data.toString(), ingest, preset.failureBudget());
    for (IngestJob.Result result : new IngestJob(lakehouse, config).run()) {
      progress.line(
          "%s: %d questions, %d rejected"
              .formatted(result.source(), result.taken(), result.refused()));
    }
  }

  private void report(Lakehouse lakehouse, String place) {
    lakehouse.register();
    String stages =
        "SELECT stage, sum(seconds) FROM stages WHERE run_id = '%s' GROUP BY stage ORDER BY min(started_at)"
            .formatted(RUN);
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
    figure("trajectories", "SELECT count(*) FROM trajectories");
    figure("unstable questions", "SELECT count(*) FROM difficulty WHERE class = 'unstable'");
    for (String kind : List.of("direct", "elaborative", "corrective", "recheck")) {
      figure(
          "SFT examples, " + kind, "SELECT count(*) FROM sft_examples WHERE kind = '" + kind + "'");
    }
    figure(
        "GRPO steps with advantages",
        "SELECT count(*) FROM training_steps WHERE stage = 'grpo' AND size(trained_ids) > 0");
    String accuracy =
        "SELECT c.stage, sum(int(e.correct)), count(*) FROM evaluations e JOIN checkpoints c USING (policy_version) WHERE e.run_id = '%s' GROUP BY c.stage, c.iteration ORDER BY c.iteration, min(c.committed_at)"
            .formatted(RUN);
    for (Row row : lakehouse.spark().sql(accuracy).collectAsList()) {
      long right = row.getLong(1);
      long all = row.getLong(2);
      Wilson interval = Wilson.of(right, all);
      out.printf(
          Locale.ROOT,
          "%-44s %9.1f%%  95 %% interval %.1f to %.1f, %d questions%n",
          "accuracy, " + row.getString(0) + " policy",
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
  private static String rows(String stage) {
    String from =
        switch (stage) {
          case "take in" -> "queries";
          case "roll out" -> "trajectories WHERE phase = '" + Phase.DIFFICULTY.word() + "'";
          case "score" ->
              "rewards JOIN trajectories USING (trajectory_id) WHERE phase = '"
                  + Phase.DIFFICULTY.word()
                  + "'";
          case "partition" -> "difficulty";
          case "reconstruct" -> "reflections";
          case "sft" -> "sft_examples";
          case "rejection sampling" ->
              "trajectories WHERE phase = '" + Phase.REJECTION.word() + "'";
          case "grpo" -> "trajectories WHERE phase = '" + Phase.RL.word() + "'";
          default ->
              "evaluations JOIN checkpoints USING (policy_version) WHERE stage = '%s'"
                  .formatted(stage.substring("evaluate ".length()));
        };
    return "SELECT count(*) FROM " + from;
  }

  private void figure(String name, String query) {
    out.printf("%-44s %10d%n", name, SparkSession.active().sql(query).first().getLong(0));
    explain(query);
  }

  private void explain(String query) {
    if (explain) {
      out.printf("    %s%n", query);
    }
  }
}
