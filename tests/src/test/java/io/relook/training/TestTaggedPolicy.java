package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.relook.TestSession;
import io.relook.jobs.PartitionJob;
import io.relook.jobs.ReconstructJob;
import io.relook.jobs.RolloutJob;
import io.relook.jobs.ScoreJob;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.image.ImageProcessor;
import io.relook.model.spark.ImageTextGenerator;
import io.relook.model.spark.ImageTextScorer;
import io.relook.model.spark.ModelPool;
import io.relook.model.text.TaggedTokenizer;
import io.relook.model.text.TextProcessor;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import io.relook.rewards.Rewards;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A policy whose tokenizer has the tags as added tokens, from samples to GRPO: every other answer
 * of it is right, and what it is given to go on from is spelt as it writes.
 */
final class TestTaggedPolicy {
  private static final String QUESTION = "How many?";
  private static final String RIGHT = "I see circles. <answer>3</answer>";
  private static final String WRONG = "I see circles. <answer>4</answer>";
  private static final String LOOK = "<reflection> Looking again, blue stars</reflection> ";
  private static final Rewards REWARDS = new Rewards(0.2, 1, 0.2);

  /** As a tokenizer without such tokens has them: format, accuracy, reflection. */
  private static final Map<String, Double> TOTALS = Map.of(RIGHT, 1.2, WRONG, 0.2);

  private static final Preset PRESET =
      PresetReader.parse(
          "test",
          """
          model: embedded
          data: {scenesSeed: 1, trainQuestions: 1, testQuestions: 1, ingest: null}
          engine: {dtype: float32, threads: 1, slots: 8}
          rollout: {samples: 8, temperature: 1.0, maxNewTokens: 24, minPixels: 0, chunk: 8, partitions: 1}
          rewards: {format: 0.2, accuracy: 1.0, reflection: 0.2}
          reconstruct: {sources: 2, candidates: 4, directShare: 0.3, instruction: Look again.}
          sft: {epochs: 1, batch: 1, rate: 1.0e-4, warmupSteps: 0, maxGradientNorm: 1.0, weightDecay: 0.0, tokenBudget: 512, saveEvery: 1}
          grpo: {steps: 1, queries: 1, samples: 8, temperature: 1.0, rate: 1.0e-4, warmupSteps: 0, maxGradientNorm: 1.0, tokenBudget: 512}
          failureBudget: 0.05
          """);

  @TempDir private Path folder;
  private Lakehouse lakehouse;

  @Test
  void tagsAreRewardedAndRebuiltWhetherSpecialOrNot() throws Exception {
    lakehouse = Lakehouse.open(TestSession.spark(), folder.resolve("lake").toString());
    lakehouse.merge(
        Table.QUERIES,
        List.of(
            Rows.QUERY.toRow(
                new Rows.Query("q", "s", "train", QUESTION, "3", List.of(), null, null))));
    for (String run : List.of("added", "special")) {
      Path base = folder.resolve(run);
      ChainedPolicy.write(base, run, "\n" + RIGHT, "\n" + WRONG, LOOK + "<answer>3</answer>");
      Policies policies = new Policies(lakehouse, run, PRESET.train(), PRESET.keep());
      Rows.CheckpointRow policy = policies.base(base.toString());
      try (TextProcessor text = TextProcessor.load(base)) {
        rollOutAndScore(run, policy, text.control("<answer>"));
        if (run.equals("special")) { // Behind the texts both are the same; commits are dear.
          scoresAndStops(run, base);
          reconstruct(run, policy, text);
          reinforce(run, policies, policy, ImageProcessor.load(base));
        }
      }
    }
  }

  private void reinforce(
      String run, Policies policies, Rows.CheckpointRow policy, ImageProcessor images) {
    new GrpoTrainer(
            lakehouse,
            policies,
            ModelPool.program(Device.cpu(), 1),
            new RowPrompts(lakehouse, images, 0),
            REWARDS,
            PRESET)
        .run(run, 1, policy, RolloutJob.questions(lakehouse.read(Table.QUERIES)), line -> {});
    assertEquals(TOTALS, totals(run, Phase.RL));
    Rows.TrainingStep step =
        Rows.TRAINING_STEP.fromRow(lakehouse.read(Table.TRAINING_STEPS).first());
    assertEquals(1, step.groupsUsed());
    assertTrue(step.gradientNorm() > 0);
  }

  private void rollOutAndScore(String run, Rows.CheckpointRow policy, int tag) {
    RolloutJob.Config config = RolloutJob.Config.of(PRESET, run, 1, Phase.DIFFICULTY, policy);
    new RolloutJob(lakehouse, PRESET.engine(), config)
        .run(RolloutJob.questions(lakehouse.read(Table.QUERIES)), rows -> {});
    new ScoreJob(lakehouse, REWARDS, 0).run(run);
    new PartitionJob(lakehouse, REWARDS.version()).run(run, 1);
    assertEquals(TOTALS, totals(run, Phase.DIFFICULTY));
    assertEquals(
        8,
        lakehouse
            .read(Table.TRAJECTORIES)
            .where("run_id = '%s'".formatted(run))
            .where("finish = 'stop' AND array_contains(completion_ids, %d)".formatted(tag))
            .count());
  }

  /** What texts of a phase earned. */
  private Map<String, Double> totals(String run, Phase phase) {
    Map<String, Double> totals = new TreeMap<>();
    lakehouse
        .read(Table.TRAJECTORIES)
        .where("run_id = '%s' AND phase = '%s'".formatted(run, phase.word()))
        .join(lakehouse.read(Table.REWARDS), "trajectory_id")
        .select("text", "total")
        .collectAsList()
        .forEach(row -> totals.put(row.getString(0), row.getDouble(1)));
    return totals;
  }

  /** A text is scored as its tokens are, and a tag ends a completion where it is asked to. */
  private void scoresAndStops(String run, Path base) {
    Dataset<Row> asked =
        lakehouse
            .read(Table.TRAJECTORIES)
            .where("phase = 'difficulty' AND run_id = '%s'".formatted(run))
            .selectExpr(
                "'%s' AS question".formatted(QUESTION),
                "text",
                "slice(completion_ids, 1, size(completion_ids) - 1) AS ids")
            .limit(1);
    ImageTextScorer scorer =
        new ImageTextScorer().setModelUrl(base.toString()).setDtype("float32").setThreads(1);
    List<Float> byText =
        scorer.setInputCols("question", "text").transform(asked).first().getList(3);
    assertEquals(
        scorer.setInputCols("question", "ids").transform(asked).first().getList(3), byText);
    double sum = byText.stream().mapToDouble(p -> p).sum();
    assertEquals(Math.log(0.5), sum, 1e-4, "one token of two, the others for sure");
    Row stopped =
        new ImageTextGenerator()
            .setModelUrl(base.toString())
            .setDtype("float32")
            .setThreads(1)
            .setInputCols("question")
            .setStopStrings("<answer>")
            .setMaxNewTokens(20)
            .transform(asked.select("question"))
            .first();
    assertEquals("I see circles. <answer>", stopped.<String>getAs("text"));
  }

  private void reconstruct(String run, Rows.CheckpointRow policy, TextProcessor text) {
    RolloutJob.Config config = RolloutJob.Config.of(PRESET, run, 1, Phase.RECONSTRUCTION, policy);
    ReconstructJob.Result result =
        new ReconstructJob(lakehouse, PRESET.engine(), config, REWARDS, text, PRESET, run)
            .run(rows -> {});
    assertTrue(result.kept() > 0 && result.kept() < result.sampled(), result.toString());
    for (Row row :
        lakehouse.read(Table.SFT_EXAMPLES).where("run_id = '%s'".formatted(run)).collectAsList()) {
      Rows.SftExample example = Rows.SFT_EXAMPLE.fromRow(row);
      int[] seen = example.promptIds().stream().mapToInt(id -> id).toArray();
      int[] learnt = example.completionIds().stream().mapToInt(id -> id).toArray();
      String asked = text.decode(seen);
      String before = asked.substring(asked.lastIndexOf("assistant\n") + "assistant\n".length());
      String trace = before + text.decode(learnt);
      boolean direct = example.kind().equals("direct");
      assertEquals(direct ? RIGHT : "I see circles. " + LOOK + "<answer>3</answer>", trace);
      Rewards.Scores scores = REWARDS.score(QUESTION, trace, "3", null);
      assertEquals(
          List.of(1.0, 1.0, direct ? 0.0 : 1.0),
          List.of(scores.format(), scores.accuracy(), scores.reflection()));
      // What the tokenizer makes of the whole text is what was sampled and put together.
      assertArrayEquals(
          joined(text.encodeAsText(trace), text.control("<|im_end|>")),
          joined(text.encodeAsText(before), learnt));
    }
  }

  private static int[] joined(int[] first, int... second) {
    return IntStream.concat(IntStream.of(first), IntStream.of(second)).toArray();
  }

  /** The same texts without added tokens earn the same. */
  @Test
  void aTokenizerWithoutAddedTagsEarnsTheSame() throws Exception {
    for (String tokenizer : List.of("plain", "added", "special")) {
      TaggedTokenizer.write(tokenizer, folder.resolve(tokenizer));
      try (TextProcessor text = TextProcessor.load(folder.resolve(tokenizer))) {
        TOTALS.forEach(
            (said, total) -> {
              String read = text.decode(text.encodeAsText(said));
              Rewards.Scores scores = REWARDS.score(QUESTION, read, "3", null);
              assertEquals(total, 0.2 * scores.format() + scores.accuracy(), 1e-12, tokenizer);
            });
      }
    }
  }
}
