package io.relook.study;

import io.relook.jobs.EvaluateJob;
import io.relook.jobs.RolloutJob;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import io.relook.rewards.Rewards;
import io.relook.training.RunDriver;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What looking again is worth: each arm's recipe from the same base policy and the same pass rates,
 * with several seeds; then each last policy answers the test questions once. A run that is done is
 * not run again.
 */
final class Study {
  /**
   * @param data folder of easy-VQA, or null: generated scenes alone
   * @param split what is asked: test, or validation where designs are chosen
   * @param factor of questions and updates
   */
  record Config(
      Path presets, String place, Path data, List<Arm> arms, String split, int seeds, int factor) {}

  private final Lakehouse lakehouse;
  private final Config config;
  private final RunDriver driver;
  private final PrintWriter out;

  Study(Lakehouse lakehouse, Config config, PrintWriter out) {
    this.lakehouse = lakehouse;
    this.config = config;
    this.driver = new RunDriver(out, config.presets, false);
    this.out = out;
  }

  /** Runs what is missing. */
  void run() {
    for (int seed = 1; seed <= config.seeds; seed++) {
      Rows.CheckpointRow base = train(Arm.BASE, seed, "iterations=0");
      if (seed == 1) {
        test(Arm.BASE, seed, base);
      }
      for (Arm arm : config.arms) {
        if (!isDone(arm, seed)) {
          test(arm, seed, train(arm, seed, "difficulty.from=" + rated(config, arm, seed)));
        }
      }
    }
  }

  /** Whose pass rates an arm begins with: the base's, or its own where its rewards are others. */
  static String rated(Config config, Arm arm, int seed) {
    Preset own = PresetReader.read(config.presets, arm.preset());
    Preset base = PresetReader.read(config.presets, Arm.BASE.preset());
    return own.rewards().equals(base.rewards()) ? Arm.BASE.run(seed) : "null";
  }

  private boolean isDone(Arm arm, int seed) {
    StudyTables tables = new StudyTables(lakehouse);
    List<TestSet> sets = TestSet.of(lakehouse, config.split);
    return sets.stream().allMatch(set -> tables.hasAnswered(arm.run(seed), set));
  }

  private Rows.CheckpointRow train(Arm arm, int seed, String how) {
    out.printf("%n%s, seed %d of %d: %s%n", arm.name(), seed, config.seeds, arm.what());
    return driver.train(lakehouse, request(arm, seed, how));
  }

  private RunDriver.Request request(Arm arm, int seed, String how) {
    List<String> overrides = new ArrayList<>(overrides(config, arm));
    overrides.add(how);
    return new RunDriver.Request(
        arm.run(seed), arm.preset(), config.place, config.data, false, overrides);
  }

  /** Of an arm's preset: what the request changes in all of them. */
  static List<String> overrides(Config config, Arm arm) {
    Preset preset = PresetReader.read(config.presets, arm.preset());
    List<String> overrides = new ArrayList<>();
    if (config.data == null) {
      overrides.add("data.ingest=null");
    }
    if (config.factor > 1) {
      overrides.add("data.trainQuestions=" + config.factor * preset.data().trainQuestions());
      overrides.add("sft.steps=" + config.factor * preset.sft().steps());
      overrides.add("grpo.steps=" + config.factor * preset.grpo().steps());
    }
    return overrides;
  }

  /** Greedy answers to the test questions, and what the probes ask. */
  private void test(Arm arm, int seed, Rows.CheckpointRow policy) {
    Preset preset = request(arm, seed, "iterations=1").read(config.presets);
    RolloutJob.Config greedy =
        RolloutJob.Config.of(preset, arm.run(seed), policy.iteration(), Phase.EVALUATION, policy);
    Rewards rewards = Rewards.of(lakehouse.spark(), preset.rewards());
    List<TestSet> sets = TestSet.of(lakehouse, config.split);
    for (TestSet set : sets) {
      new RolloutJob(lakehouse, preset.engine(), greedy).run(set.asks(), rows -> {});
    }
    new Probes(lakehouse, preset, arm.run(seed), policy).run(sets, rows -> {});
    // Last: a run whose evaluations are there is done.
    for (TestSet set : sets) {
      EvaluateJob.Result result =
          new EvaluateJob(lakehouse, preset.engine(), greedy, rewards)
              .run(set.name(), set.asks(), rows -> {});
      out.printf(
          "  %s: %d of %d right, 95 %% interval %.3f to %.3f%n",
          set.name(),
          result.correct(),
          result.questions(),
          result.interval().low(),
          result.interval().high());
      out.flush();
    }
  }
}
