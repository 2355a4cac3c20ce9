package io.relook.training;

import ai.djl.Device;
import io.relook.jobs.IngestJob;
import io.relook.jobs.ScenesJob;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.LocalSpark;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.RunLock;
import io.relook.lakehouse.RunName;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.spark.ModelPool;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/**
 * A run from its data to its summary: takes in, evaluates the base policy, iterates, evaluates what
 * came out. The same request resumes it.
 */
public final class RunDriver {
  private final PrintWriter out;
  private final Path presets;
  private final boolean explain;

  /** What is in the lakehouse already: a study's runs ask the same questions. */
  private List<Object> takenIn = List.of();

  /**
   * @param explain show the query behind each figure
   */
  public RunDriver(PrintWriter out, Path presets, boolean explain) {
    this.out = out;
    this.presets = presets;
    this.explain = explain;
  }

  /**
   * @param place of the lakehouse
   * @param data folder of the preset's files, or null
   * @param otherPreset go on although the run began with other settings
   * @param updateAnswers known questions take the source's answers where these differ
   */
  public record Request(
      String runId,
      String preset,
      String place,
      Path data,
      boolean otherPreset,
      boolean updateAnswers,
      List<String> overrides) {
    /** Known questions keep their answers. */
    public Request(
        String runId,
        String preset,
        String place,
        Path data,
        boolean otherPreset,
        List<String> overrides) {
      this(runId, preset, place, data, otherPreset, false, overrides);
    }

    public Request {
      overrides = List.copyOf(overrides);
      new RunName(runId);
    }

    /** Its preset, with the overrides. */
    public Preset read(Path presets) {
      return PresetReader.read(presets, preset, overrides.toArray(String[]::new));
    }
  }

  /** Runs or resumes; returns the exit code. */
  public int run(Request request) {
    SparkSession spark = LocalSpark.session("relook " + request.runId);
    out.printf("lakehouse %s%n", request.place);
    try (Lakehouse lakehouse = Lakehouse.open(spark, request.place)) {
      lakehouse.claim();
      train(lakehouse, request);
      new RunSummary(out, lakehouse, request.runId, explain).print(request.place);
      return 0;
    } finally {
      spark.stop();
    }
  }

  /** As above, in a lakehouse that is open and claimed; returns the last policy. */
  public Rows.CheckpointRow train(Lakehouse lakehouse, Request request) {
    Preset preset = request.read(presets);
    try (RunLock lock = lock(lakehouse, request.runId)) {
      Progress progress = new Progress(out, lakehouse, request.runId);
      IterationLoop loop = new IterationLoop(lakehouse, request.runId, preset, progress);
      Policies policies = loop.policies();
      Optional<Rows.CheckpointRow> known = policies.newest(0, "base");
      String uri =
          known
              .map(Rows.CheckpointRow::uri)
              .orElseGet(() -> BasePolicy.of(lakehouse, preset).uri());
      // Opened before anything is committed: a checkpoint that cannot be read costs nothing.
      try (Checkpoint checkpoint = Checkpoint.open(uri, policies.hadoop())) {
        new RunRecord(lakehouse, request.runId)
            .begin(preset, request.otherPreset)
            .forEach(out::println);
        takeIn(lakehouse, preset, request, progress);
        Rows.CheckpointRow base = known.orElseGet(() -> policies.base(uri));
        loop.evaluate(base);
        Rows.CheckpointRow last =
            loop.run(
                base,
                checkpoint.folder(),
                ModelPool.program(Device.cpu(), preset.engine().threads()));
        loop.evaluate(last);
        progress.finish();
        return last;
      }
    }
  }

  /** What a request would do: every value, and the stages in their order. */
  public void printRecipe(Request request) {
    Preset preset = request.read(presets);
    out.printf("run %s, %d iterations%n%n", request.runId, preset.iterations());
    out.print(PresetReader.yaml(preset));
    String from = preset.difficulty().from();
    out.printf(
        "%ntake in → %s%s%n",
        preset.evaluate().asks() ? "evaluate → " : "",
        from == null ? "roll out → score → partition" : "pass rates of the run " + from);
    for (int i = 1; i <= preset.iterations(); i++) {
      List<String> stages = new ArrayList<>();
      if (preset.sft().tunes()) {
        stages.addAll(
            i == 1 ? List.of("reconstruct", "SFT", "evaluate") : List.of("SFT", "evaluate"));
      }
      if (preset.grpo().reinforces()) {
        if (preset.samplesColdStart(i)) {
          stages.add("rejection sampling");
        }
        stages.addAll(List.of("GRPO", "evaluate"));
      }
      if (i < preset.iterations()) {
        stages.add("hard prompts");
      }
      stages.removeIf(stage -> stage.equals("evaluate") && !preset.evaluate().asks());
      out.printf("iteration %d: %s%n", i, String.join(" → ", stages));
    }
    out.println();
    out.flush();
  }

  private static RunLock lock(Lakehouse lakehouse, String runId) {
    return lakehouse.lockRun(
        runId, "relook (%s)".formatted(lakehouse.spark().sparkContext().applicationId()));
  }

  private void takeIn(Lakehouse lakehouse, Preset preset, Request request, Progress progress) {
    List<Object> asked =
        Arrays.asList(
            lakehouse, preset.data(), request.data, preset.failureBudget(), request.updateAnswers);
    if (asked.equals(takenIn)) {
      return;
    }
    progress.stage(0, "take in", 0);
    for (ScenesJob.Config scenes : ScenesJob.Config.of(preset.data())) {
      new ScenesJob(lakehouse, scenes).run();
    }
    Preset.Ingest ingest = preset.data().ingest();
    if (ingest != null) {
      String folder = request.data == null ? null : request.data.toString();
      IngestJob.Config config =
          new IngestJob.Config(folder, ingest, preset.failureBudget(), request.updateAnswers);
      IngestJob job = new IngestJob(lakehouse, config);
      for (IngestJob.Result result : job.run()) {
        progress.line(result.told());
      }
      job.warnings().forEach(warning -> progress.line("warning: " + warning));
    }
    takenIn = asked;
  }
}
