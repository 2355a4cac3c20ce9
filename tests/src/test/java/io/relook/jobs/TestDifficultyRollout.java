package io.relook.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Table;
import io.relook.model.image.Transparency;
import io.relook.model.spark.EngineSettings;
import io.relook.rewards.Rewards;
import io.relook.training.EmbeddedModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same questions with all samples at once and in two parts. */
final class TestDifficultyRollout {
  private static final int QUESTIONS = 12;
  private static final int SAMPLES = 6;
  private static final int FIRST = 2;

  private final Rewards rewards = new Rewards(0.2, 1, 0.2);
  private final List<String> told = new ArrayList<>();

  @TempDir private Path folder;

  private Lakehouse lakehouse(String name) {
    Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), folder.resolve(name).toString());
    new ScenesJob(lakehouse, new ScenesJob.Config(11, "train", QUESTIONS)).run();
    return lakehouse;
  }

  private RolloutJob.Config config() {
    String base = folder.resolve("base").toString();
    return new RolloutJob.Config(
        "run",
        1,
        Phase.DIFFICULTY,
        0,
        "p",
        base,
        SAMPLES,
        1.0,
        64,
        0,
        Transparency.WHITE,
        100,
        1,
        0.05);
  }

  private RolloutJob.Result sample(Lakehouse lakehouse, int first) {
    EngineSettings engine = new EngineSettings("float32", 1, 32);
    return new DifficultyRollout(lakehouse, engine, config(), rewards, first)
        .run(RolloutJob.questions(lakehouse.read(Table.QUERIES)), rows -> {}, told::add);
  }

  private Map<String, String> classes(Lakehouse lakehouse) {
    new ScoreJob(lakehouse, rewards, 0.05).run("run");
    new PartitionJob(lakehouse, rewards.version()).run("run", 1);
    Map<String, String> classes = new HashMap<>();
    for (Row row : lakehouse.read(Table.DIFFICULTY).select("query_id", "class").collectAsList()) {
      classes.put(row.getString(0), row.getString(1));
    }
    return classes;
  }

  private static Map<String, Object> tokens(Lakehouse lakehouse) {
    Map<String, Object> tokens = new HashMap<>();
    lakehouse
        .read(Table.TRAJECTORIES)
        .select("trajectory_id", "completion_ids", "log_probs")
        .collectAsList()
        .forEach(row -> tokens.put(row.getString(0), List.of(row.getList(1), row.getList(2))));
    return tokens;
  }

  /** Of questions with a right and a wrong sample among the first. */
  private long settled(Lakehouse lakehouse) {
    return lakehouse
        .read(Table.TRAJECTORIES)
        .where("sample < " + FIRST)
        .join(lakehouse.read(Table.REWARDS), "trajectory_id")
        .groupBy("query_id")
        .agg(org.apache.spark.sql.functions.countDistinct("accuracy").as("kinds"))
        .where("kinds = 2")
        .count();
  }

  @Test
  void classesAreThoseOfAllSamplesAndTheSavingIsWhatWasNotSampled() {
    EmbeddedModel.unpack(folder.resolve("base"), true);
    Lakehouse all = lakehouse("all");
    assertEquals(QUESTIONS * SAMPLES, sample(all, 0).rows());
    assertEquals(List.of(), told);

    Lakehouse few = lakehouse("few");
    RolloutJob.Result result = sample(few, FIRST);
    Map<String, String> classes = classes(all);
    assertEquals(classes, classes(few));
    long settled = settled(all);
    long unstable = classes.values().stream().filter("unstable"::equals).count();
    assertTrue(
        settled > 0 && unstable > settled && unstable < QUESTIONS,
        "%d of %d settled, %d unstable".formatted(settled, QUESTIONS, unstable));

    long saved = settled * (SAMPLES - FIRST);
    assertEquals(QUESTIONS * SAMPLES - saved, result.rows());
    assertEquals(0, result.before());
    assertEquals(result.rows(), few.read(Table.TRAJECTORIES).count());
    double share = 100.0 * saved / (QUESTIONS * SAMPLES);
    String line =
        "%d of %d samples not needed: %.1f %%".formatted(saved, QUESTIONS * SAMPLES, share);
    assertEquals(List.of(line), told);

    Map<String, Object> sampled = tokens(few);
    Map<String, Object> whole = tokens(all);
    sampled.forEach((id, tokens) -> assertEquals(whole.get(id), tokens));

    // The same again samples nothing and says the same.
    assertEquals(result.rows(), sample(few, FIRST).rows());
    assertEquals(sampled, tokens(few));
    assertEquals(List.of(line, line), told);
  }
}
