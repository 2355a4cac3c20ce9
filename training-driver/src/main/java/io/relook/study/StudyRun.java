package io.relook.study;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.LocalSpark;
import io.relook.lakehouse.RelookException;
import io.relook.preset.PresetReader;
import io.relook.training.Plan;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/** A study from its estimate to its results; the same request resumes it. */
public final class StudyRun {
  private final Study.Config config;
  private final PrintWriter out;

  /**
   * @param place of the lakehouse
   * @param data folder of easy-VQA, or null: generated scenes alone
   * @param arms their names; empty: all
   * @param split what is asked: test, or validation where designs are chosen
   * @param factor of questions and updates: 1 the standard study
   */
  public StudyRun(
      Path presets,
      String place,
      Path data,
      List<String> arms,
      String split,
      int seeds,
      int factor,
      PrintWriter out) {
    if (seeds < 1) {
      throw new RelookException(
          RelookException.Category.CONFIG, "--seeds is at least 1, not %d.".formatted(seeds));
    }
    this.config = new Study.Config(presets, place, data, Arm.named(arms), split, seeds, factor);
    this.out = out;
    if (data == null) {
      out.println("no easy-VQA (--data): generated scenes are the only test set");
    }
  }

  /** Says how long all runs would take, from a measurement of one arm on a few questions. */
  public void estimate() {
    List<Plan.Config> arms = new ArrayList<>();
    for (Arm arm : config.arms()) {
      List<String> overrides = new ArrayList<>(Study.overrides(config, arm));
      overrides.add("difficulty.from=" + Study.rated(config, arm, 1));
      arms.add(new Plan.Config(config.presets(), arm.preset(), config.data(), true, overrides));
    }
    Plan.Config rated =
        new Plan.Config(
            config.presets(),
            Arm.VRE.preset(),
            config.data(),
            true,
            Study.overrides(config, Arm.VRE));
    Optional<Double> seconds = Plan.seconds(rated, arms);
    if (seconds.isEmpty()) {
      out.println("no estimate: the loop on a few questions did not end (relook plan says why)");
      return;
    }
    out.printf(
        Locale.ROOT,
        "%d arms, %d seeds: about %.1f hours without the test questions, which take a few minutes an arm%n",
        arms.size(),
        config.seeds(),
        config.seeds() * seconds.get() / 3600);
    out.flush();
  }

  /** Runs what is missing and writes the results into a folder. */
  public void run(Path folder) throws IOException {
    SparkSession spark = LocalSpark.session("relook study");
    try (Lakehouse lakehouse = Lakehouse.open(spark, config.place())) {
      lakehouse.claim();
      int threads = PresetReader.read(config.presets(), Arm.BASE.preset()).engine().threads();
      new Study(lakehouse, config, out).run();
      new StudyResults(lakehouse, config.arms(), config.split(), config.seeds())
          .write(folder, command(), threads);
      out.printf(
          "%s, results.json and results-attention.svg beside it%n", folder.resolve("results.md"));
      out.flush();
    } finally {
      spark.stop();
    }
  }

  private String command() {
    boolean all = config.arms().size() == Arm.TRAINED.size();
    return "./relook study --seeds %d%s%s%s%s"
        .formatted(
            config.seeds(),
            all
                ? ""
                : " --arms " + String.join(",", config.arms().stream().map(Arm::name).toList()),
            config.factor() > 1 ? " --long" : "",
            config.split().equals("validation") ? " --validation" : "",
            config.data() == null ? "" : " --data EASY_VQA");
  }
}
