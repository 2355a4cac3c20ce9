package io.relook.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.ModelConfig;
import io.relook.model.torch.TorchProgram;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Rows dealt to lanes side by side, on the small model. */
class TestLanes {
  private static final Path MODEL =
      Path.of(System.getProperty("relook.root"), "tests/src/test/resources/goldens/model-b");
  private static final Objective LOSS = Objective.Policy.clipped(0.2, 0.2, 1);

  private static TorchProgram program;
  private static Checkpoint checkpoint;

  @BeforeAll
  static void load() {
    program = TorchProgram.load(Device.cpu(), 2);
    checkpoint = Checkpoint.open(MODEL.toString(), new Configuration());
  }

  @AfterAll
  static void close() {
    checkpoint.close();
    program.close();
  }

  /** Of so many tokens before the completions, whose lengths are given. */
  private static List<TrainingRow> family(int prompt, int... completions) {
    Prompt shared = new Prompt(new Random(prompt).ints(prompt, 10, 400).toArray(), List.of());
    return Arrays.stream(completions).mapToObj(length -> row(shared, length)).toList();
  }

  private static TrainingRow row(Prompt prompt, int length) {
    Random random = new Random(100L * prompt.length() + length);
    float[] weights = new float[length];
    float[] advantages = new float[length];
    Arrays.fill(weights, 0.1f / length);
    Arrays.fill(advantages, random.nextFloat() - 0.3f);
    float[] old = new float[length];
    Arrays.fill(old, -6f);
    return new TrainingRow(
        prompt, random.ints(length, 10, 400).toArray(), PolicyRow.of(weights, advantages, old));
  }

  @SafeVarargs
  private static List<TrainingRow> pack(List<TrainingRow>... families) {
    return Arrays.stream(families).flatMap(List::stream).toList();
  }

  /** The lengths of a lane's completions, pack by pack. */
  private static List<List<Integer>> lengths(Lanes lanes, int lane, int packs) {
    List<List<Integer>> lengths = new ArrayList<>();
    for (int pack = 0; pack < packs; pack++) {
      lengths.add(lanes.rows(lane, pack).stream().map(row -> row.completion().length).toList());
    }
    return lengths;
  }

  @Test
  void rowsOfOnePromptStayTogetherAndLanesAreEven() {
    // 20 + 9, 10 + 11, 12 + 6 and 5 + 4 tokens: 29 and 9 beside 21 and 18.
    List<TrainingRow> rows = new ArrayList<>(family(20, 4, 5));
    rows.addAll(family(10, 11));
    rows.addAll(family(12, 6));
    rows.addAll(1, family(5, 3, 1));
    Lanes lanes = Lanes.exactly(List.of(rows), 2);
    assertEquals(List.of(List.of(4, 3, 1, 5)), lengths(lanes, 0, 1));
    assertEquals(List.of(List.of(11, 6)), lengths(lanes, 1, 1));
  }

  @Test
  void aLaneThatGotMoreOfOnePackGetsLessOfTheNext() {
    List<List<TrainingRow>> packs =
        List.of(pack(family(20, 10), family(21, 6)), pack(family(19, 9), family(18, 4)));
    Lanes lanes = Lanes.exactly(packs, 2);
    assertEquals(List.of(List.of(10), List.of(4)), lengths(lanes, 0, 2));
    assertEquals(List.of(List.of(6), List.of(9)), lengths(lanes, 1, 2));
  }

  @Test
  void noMoreTokensRunAtOnceThanAPackHas() {
    List<List<TrainingRow>> packs = List.of(family(400, 10), family(400, 9));
    assertEquals(1, Lanes.of(packs, 2, 2).count(), "two whole packs side by side");
    List<List<TrainingRow>> rest = List.of(pack(family(400, 10), family(401, 9)), family(3, 1));
    assertEquals(2, Lanes.of(rest, 2, 2).count());
  }

  /** Threads that wait for the longest lane could have shared its work. */
  @Test
  void lanesAreEvenOrFewer() {
    assertEquals(1, Lanes.of(List.of(family(900, 10, 9, 8)), 2, 2).count(), "one family");
    List<TrainingRow> three = pack(family(400, 10), family(401, 9), family(402, 8));
    assertEquals(1, Lanes.of(List.of(three), 2, 2).count(), "two families beside one");
    assertEquals(3, Lanes.of(List.of(three), 3, 3).count());
    assertEquals(1, Lanes.of(List.of(three), 4, 4).count(), "a thread would have nothing to do");
  }

  @Test
  void thereAreNoMoreLanesThanTokensAndGradientsAllow() {
    List<TrainingRow> long4 = pack(family(300, 10), family(301, 9), family(302, 8), family(303, 7));
    assertEquals(4, Lanes.of(List.of(long4), 4, 4).count());
    List<TrainingRow> short4 =
        pack(family(130, 10), family(131, 9), family(132, 8), family(133, 7));
    assertEquals(2, Lanes.of(List.of(short4), 4, 4).count(), "560 tokens");
    assertEquals(8, Lanes.most(8, 5_000_000));
    assertEquals(3, Lanes.most(8, 134_000_000), "1 GiB of gradients beside the first");
    assertEquals(1, Lanes.most(8, 7_000_000_000L));
  }

  @Test
  void valuesComeBackInTheOrderOfTheRows() {
    List<TrainingRow> rows = new ArrayList<>(family(20, 2));
    rows.addAll(family(10, 1));
    rows.addAll(family(20, 3));
    Lanes lanes = Lanes.exactly(List.of(rows), 2);
    float[] joined = lanes.join(0, List.of(new float[] {1, 2, 4, 5, 6}, new float[] {3}));
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, joined);
  }

  @Test
  void lossesAndGradientsAreThoseOfOneLane() {
    for (TrainedParts parts : List.of(TrainedParts.all(), new TrainedParts(false, false, true))) {
      try (TrainableModel one = model(parts, 1);
          TrainableModel lanes = model(parts, 2);
          TrainableModel again = model(parts, 2)) {
        List<List<TrainingRow>> packs = packs(one.config());
        List<TrainableModel.Outcome> right = one.forwardBackwardAll(packs, LOSS);
        List<TrainableModel.Outcome> near = lanes.forwardBackwardAll(packs, LOSS);
        again.forwardBackwardAll(packs, LOSS);
        List<TrainableModel.Outcome> scores = lanes.scoreAll(packs, LOSS);
        for (int pack = 0; pack < packs.size(); pack++) {
          assertEquals(right.get(pack).loss(), near.get(pack).loss(), 1e-6);
          assertArrayEquals(right.get(pack).logProbs(), near.get(pack).logProbs(), 2e-5f);
          assertArrayEquals(right.get(pack).entropies(), near.get(pack).entropies(), 2e-5f);
          assertArrayEquals(near.get(pack).logProbs(), scores.get(pack).logProbs());
        }
        float[][] gradients = one.gradients();
        float[][] summed = lanes.gradients();
        for (int i = 0; i < gradients.length; i++) {
          assertTrue(apart(gradients[i], summed[i]) < 1e-3, "gradient " + i);
          assertArrayEquals(summed[i], again.gradients()[i], 0, "the same bits again");
        }
      }
    }
  }

  /** As a share of the first one's norm. */
  static double apart(float[] right, float[] near) {
    double apart = 0;
    double norm = 0;
    for (int i = 0; i < right.length; i++) {
      apart += (right[i] - near[i]) * (right[i] - near[i]);
      norm += right[i] * right[i];
    }
    return Math.sqrt(apart / Math.max(norm, 1e-20));
  }

  private static TrainableModel model(TrainedParts parts, int lanes) {
    TrainableModel model = TrainableModel.load(program, checkpoint, TrainableModel.Setup.of(parts));
    model.setLanes(lanes);
    return model;
  }

  /** Three prompts over two pictures and one without, in two packs. */
  private static List<List<TrainingRow>> packs(ModelConfig config) {
    PictureGrid first = picture(config, 1);
    PictureGrid second = picture(config, 2);
    Prompt about = shows(config, first, 11);
    Prompt again = shows(config, first, 12);
    Prompt other = shows(config, second, 13);
    return List.of(
        List.of(row(about, 5), row(other, 9), row(again, 4), row(about, 7), row(other, 2)),
        pack(family(9, 6, 8), List.of(row(other, 3))));
  }

  private static PictureGrid picture(ModelConfig config, long seed) {
    ModelConfig.Vision v = config.vision();
    int values = v.inChannels() * v.temporalPatchSize() * v.patchSize() * v.patchSize();
    Random random = new Random(seed);
    float[] patches = new float[16 * values];
    for (int i = 0; i < patches.length; i++) {
      patches[i] = random.nextFloat() - 0.5f;
    }
    return new PictureGrid(4, 4, patches);
  }

  private static Prompt shows(ModelConfig config, PictureGrid picture, int text) {
    int[] ids = new int[4 + text];
    Arrays.fill(ids, 0, 4, config.imageTokenId());
    for (int i = 4; i < ids.length; i++) {
      ids[i] = 10 + i * text % 300;
    }
    return new Prompt(ids, List.of(picture));
  }
}
