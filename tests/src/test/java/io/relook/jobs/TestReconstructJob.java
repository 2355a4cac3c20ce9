package io.relook.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.relook.TestSession;
import io.relook.lakehouse.Keys;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.ModelProbe;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.image.ImageProcessor;
import io.relook.model.image.Transparency;
import io.relook.model.spark.EngineSettings;
import io.relook.model.spark.ModelPool;
import io.relook.model.text.Message;
import io.relook.model.text.TextProcessor;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import io.relook.rewards.Rewards;
import io.relook.scenes.SceneGenerator;
import io.relook.training.EmbeddedModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the reasoning before a reflection ends, against the engine's own numbers. */
final class TestReconstructJob {
  private static final EngineSettings ENGINE = new EngineSettings("float32", 1, 8);
  private static final Rewards REWARDS = new Rewards(0.2, 1, 0.2);
  private static final List<List<String>> REASONINGS =
      List.of(
          List.of("I look at the picture.", " I count the circles.", " There are 3 circles."),
          List.of("There is a red circle.", " Is it large?", " No.", " I see 2 circles."),
          List.of("I count 1 circle."),
          List.of("I see circles.", " I count them one by one.", " There are 4 circles."));

  @TempDir private static Path folder;
  private static Lakehouse lakehouse;

  @BeforeAll
  static void picture() {
    EmbeddedModel.unpack(folder.resolve("base"), true);
    lakehouse = Lakehouse.open(TestSession.spark(), folder.resolve("lake").toString());
    byte[] scene = new SceneGenerator(3).question(0).png();
    List<Row> queries = new ArrayList<>();
    for (int i = 0; i < REASONINGS.size(); i++) {
      queries.add(
          Rows.QUERY.toRow(
              new Rows.Query("q" + i, "s", "train", question(i), "3", List.of("i"), null, null)));
    }
    lakehouse.merge(Table.IMAGES, List.of(Rows.IMAGE.toRow(new Rows.Image("i", scene, 112, 112))));
    lakehouse.merge(Table.QUERIES, queries);
  }

  private static String question(int i) {
    return "How many circles are there? " + i;
  }

  private static String parent(String run, int i) {
    return Keys.trajectory(run, 1, Phase.DIFFICULTY, 0, "q" + i, 0);
  }

  private static int[] prompt(TextProcessor text, int i, PictureGrid picture) {
    return text.encodeChat(
        List.of(Message.ofPictures("user", 1, question(i))), List.of(picture.tokens(2)), true);
  }

  private static List<Integer> boxed(int[] ids) {
    return IntStream.of(ids).boxed().toList();
  }

  /** A scored right trajectory of each question. */
  private static void sampled(String run, TextProcessor text, PictureGrid picture) {
    List<Row> trajectories = new ArrayList<>();
    List<Row> rewards = new ArrayList<>();
    List<Row> difficulty = new ArrayList<>();
    for (int i = 0; i < REASONINGS.size(); i++) {
      String said = whole(REASONINGS.get(i)) + " <answer> 3 </answer>";
      int[] ids = text.encodeAsText(said);
      String id = parent(run, i);
      trajectories.add(
          Rows.TRAJECTORY.toRow(
              new Rows.Trajectory(
                  id,
                  run,
                  1,
                  "difficulty",
                  0,
                  "q" + i,
                  0,
                  "p",
                  null,
                  boxed(prompt(text, i, picture)),
                  boxed(ids),
                  IntStream.of(ids).mapToObj(t -> -1f).toList(),
                  said,
                  "stop",
                  null,
                  1.0,
                  96,
                  List.of("i"),
                  "f")));
      rewards.add(
          Rows.REWARD.toRow(
              new Rows.Reward(id, REWARDS.version(), 1.0, 1.0, 0.0, 1.2, "3", null, Map.of())));
      difficulty.add(
          Rows.DIFFICULTY.toRow(
              new Rows.Difficulty(run, 1, "q" + i, "p", 2, 1, 0.5, 0.1, 0.9, "unstable", true)));
    }
    lakehouse.merge(Table.TRAJECTORIES, trajectories);
    lakehouse.merge(Table.REWARDS, rewards);
    lakehouse.merge(Table.DIFFICULTY, difficulty);
  }

  private static ReconstructJob.Result reconstruct(String run, TextProcessor text, Preset.Cut cut) {
    String base = folder.resolve("base").toString();
    RolloutJob.Config rollout =
        new RolloutJob.Config(
            run,
            1,
            Phase.RECONSTRUCTION,
            0,
            "p",
            base,
            1,
            1.0,
            8,
            0,
            Transparency.WHITE,
            8,
            1,
            0.05);
    Preset preset =
        PresetReader.read(
            Path.of(System.getProperty("relook.root"), "conf", "presets"),
            "demo",
            "reconstruct={sources: 2, candidates: 1, directShare: 0.3, instruction: Look again., maxTokens: 64, cut: %s}"
                .formatted(cut.name().toLowerCase(Locale.ROOT)));
    return new ReconstructJob(lakehouse, ENGINE, rollout, REWARDS, text, preset, run)
        .run(rows -> {});
  }

  /** Pre-reasonings by question, which are also what the reflections were sampled behind. */
  private static Map<Integer, String> preReasonings(String run, TextProcessor text) {
    Map<Integer, String> found = new HashMap<>();
    lakehouse
        .read(Table.REFLECTIONS)
        .where("run_id = '%s'".formatted(run))
        .join(
            lakehouse
                .read(Table.TRAJECTORIES)
                .selectExpr("trajectory_id AS reflection_id", "prompt_ids"),
            "reflection_id")
        .select("query_id", "pre_reasoning", "prompt_ids", "pre_correct")
        .collectAsList()
        .forEach(
            row -> {
              String before = row.getString(1);
              int[] prompt = row.<Integer>getList(2).stream().mapToInt(id -> id).toArray();
              String asked = text.decode(prompt, true);
              assertTrue(asked.endsWith("\n" + before + ReconstructJob.TRIGGER), asked);
              assertTrue(row.getBoolean(3), "as the parent's answer");
              found.put(Integer.parseInt(row.getString(0).substring(1)), before);
            });
    return found;
  }

  /** Sentences before the cut. */
  private static int byHash(String run, int i) {
    long hash = Long.parseLong(parent(run, i).substring(0, 8), 16);
    return (int) (hash % REASONINGS.get(i).size()) + 1;
  }

  private static String upTo(List<String> sentences, int count) {
    return String.join("", sentences.subList(0, count));
  }

  private static String whole(List<String> sentences) {
    return upTo(sentences, sentences.size());
  }

  @Test
  void reasoningIsCutWhereThePresetSays() {
    try (Checkpoint checkpoint =
            Checkpoint.open(folder.resolve("base").toString(), new Configuration());
        TextProcessor text = TextProcessor.load(checkpoint.folder());
        VisionLanguageModel model =
            VisionLanguageModel.load(
                ModelPool.program(Device.cpu(), 1),
                checkpoint,
                VisionLanguageModel.Options.cpu(ComputeType.FLOAT32, 1))) {
      byte[] scene = new SceneGenerator(3).question(0).png();
      PictureGrid picture = ImageProcessor.load(checkpoint.folder()).process(scene);
      for (Preset.Cut cut : Preset.Cut.values()) {
        String run = cut.name();
        sampled(run, text, picture);
        reconstruct(run, text, cut);
        Map<Integer, String> expected = new HashMap<>();
        for (int i = 0; i < REASONINGS.size(); i++) {
          List<String> sentences = REASONINGS.get(i);
          int count = sentences.size();
          if (cut == Preset.Cut.SENTENCE) {
            count = byHash(run, i);
          } else if (cut != Preset.Cut.END && count > 1) {
            Prompt prompt = new Prompt(prompt(text, i, picture), List.of(picture));
            count = count(model, text, prompt, sentences, cut);
          }
          expected.put(i, upTo(sentences, count));
        }
        assertEquals(expected, preReasonings(run, text), run);
        Set<Boolean> whole =
            expected.entrySet().stream()
                .map(e -> e.getValue().equals(whole(REASONINGS.get(e.getKey()))))
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(cut == Preset.Cut.END ? Set.of(true) : Set.of(true, false), whole, run);
      }
    }
  }

  /** Sentences before the cut, from the engine's numbers of each sentence's tokens. */
  private static int count(
      VisionLanguageModel model,
      TextProcessor text,
      Prompt prompt,
      List<String> sentences,
      Preset.Cut cut) {
    String whole = whole(sentences);
    int[] all = text.prefix(text.encodeAsText(whole + " <answer>"), whole.length());
    float[] entropies = model.logProbs(List.of(prompt), List.of(all), 1.0).get(0).entropies();
    float[][][] looks = new ModelProbe(model).attentionOnPictures(prompt, all);
    double[] means = new double[sentences.size()];
    for (int s = 0, from = 0; s < means.length; s++) {
      int to = text.prefix(all, upTo(sentences, s + 1).length()).length;
      means[s] =
          IntStream.range(from, to)
              .mapToDouble(
                  t ->
                      cut == Preset.Cut.UNCERTAIN
                          ? entropies[t]
                          : Stream.of(looks[t])
                              .flatMapToDouble(
                                  l -> IntStream.range(0, l.length).mapToDouble(h -> l[h]))
                              .average()
                              .orElseThrow())
              .average()
              .orElseThrow();
      from = to;
    }
    List<Integer> places = new ArrayList<>(IntStream.range(0, means.length).boxed().toList());
    places.sort((a, b) -> Double.compare(means[a], means[b]));
    if (cut == Preset.Cut.UNCERTAIN) {
      return places.get(means.length - 1) + 1;
    }
    places.remove((Integer) 0);
    return places.get(0);
  }

  @Test
  void whatWasSampledBehindAnotherCutIsNotTakenForThisOnes() {
    try (TextProcessor text = TextProcessor.load(folder.resolve("base"))) {
      byte[] scene = new SceneGenerator(3).question(0).png();
      String run = "changed";
      sampled(run, text, ImageProcessor.load(folder.resolve("base")).process(scene));
      assertEquals(4, reconstruct(run, text, Preset.Cut.END).sampled());
      long same =
          IntStream.range(0, REASONINGS.size())
              .filter(i -> byHash(run, i) == REASONINGS.get(i).size())
              .count();
      assertTrue(same < 4, "all are cut at their end");
      assertEquals(same, reconstruct(run, text, Preset.Cut.SENTENCE).sampled());
    }
  }
}
