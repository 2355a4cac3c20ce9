package io.relook.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.lakehouse.RelookException;
import io.relook.model.checkpoint.Adapter;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.checkpoint.LoraConfig;
import io.relook.model.checkpoint.Modules;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.Objective;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainedParts;
import io.relook.model.engine.TrainingRow;
import io.relook.model.image.ImageProcessor;
import io.relook.model.torch.TorchProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters and frozen parts, on the small model with a picture. */
class TestAdapters {
  private static final Path GOLDENS =
      Path.of(System.getProperty("relook.root"), "tests/src/test/resources/goldens");
  private static final Configuration HADOOP = new Configuration();
  private static final CheckpointWriter WRITER = new CheckpointWriter(HADOOP);
  private static final Objective LOSS = new Objective.CrossEntropy();
  private static final TrainableModel.AdamW ADAMW = TrainableModel.AdamW.standard();
  private static final String Q = "model.layers.0.self_attn.q_proj";

  private static TorchProgram program;
  private static Checkpoint checkpoint;
  private static List<TrainingRow> rows;

  @TempDir Path folder;

  @BeforeAll
  static void load() throws IOException {
    program = TorchProgram.load(Device.cpu(), 1);
    Path model = GOLDENS.resolve("model-b");
    checkpoint = Checkpoint.open(model.toString(), HADOOP);
    JsonNode shown =
        new ObjectMapper()
            .readTree(model.resolve("goldens.json").toFile())
            .path("cases")
            .path("one_image");
    byte[] bytes =
        Files.readAllBytes(GOLDENS.resolve("images").resolve(shown.path("images").get(0).asText()));
    PictureGrid picture = ImageProcessor.load(model).process(bytes);
    int[] ids = new int[shown.path("input_ids").size()];
    Arrays.setAll(ids, i -> shown.path("input_ids").get(i).asInt());
    float[] weights = {0.25f, 0.25f, 0.25f, 0.25f};
    rows =
        List.of(
            TrainingRow.supervised(
                new Prompt(ids, List.of(picture)), new int[] {11, 12, 13, 14}, weights));
  }

  @AfterAll
  static void close() {
    checkpoint.close();
    program.close();
  }

  /** Every linear layer of both halves, fused ones with some of their parts left out. */
  private static final List<LoraConfig> CONFIGS =
      List.of(
          new LoraConfig(
              3, 5, false, new Modules.AllLinear(), new Modules.Named(List.of("k_proj"))),
          LoraConfig.of(2, 4, true, "attn.qkv", "mlp.0", "mlp.2", "up_proj"),
          LoraConfig.of(2, 4, false, "v_proj", "gate_proj"));

  @Test
  void mergedWeightsGiveTheLossOfTheAdapter() {
    for (LoraConfig config : CONFIGS) {
      Path out = folder.resolve("merged-" + CONFIGS.indexOf(config));
      double base;
      try (TrainableModel plain = TrainableModel.load(program, checkpoint)) {
        base = plain.score(rows, LOSS).loss();
      }
      float[] adapted;
      try (TrainableModel model =
          TrainableModel.load(program, checkpoint, TrainableModel.Setup.of(random(config)))) {
        TrainableModel.Outcome outcome = model.score(rows, LOSS);
        assertTrue(Math.abs(outcome.loss() - base) > 1e-3, "the adapter changes something");
        adapted = outcome.logProbs();
        model.write(WRITER, out.toString(), DType.F32);
      }
      try (Checkpoint merged = Checkpoint.open(out.toString(), HADOOP);
          TrainableModel model = TrainableModel.load(program, merged)) {
        assertArrayEquals(adapted, model.score(rows, LOSS).logProbs(), 2e-5f);
      }
    }
  }

  /** dL/dA = s Bᵀ dL/dW and dL/dB = s dL/dW Aᵀ, with dL/dW from full training of the merged. */
  @Test
  void gradientsAreThoseOfTheMergedWeights() {
    for (LoraConfig config : CONFIGS) {
      Path out = folder.resolve("whole-" + CONFIGS.indexOf(config));
      Adapter adapter = random(config);
      try (TrainableModel model =
          TrainableModel.load(program, checkpoint, TrainableModel.Setup.of(adapter))) {
        model.forwardBackward(rows, LOSS);
        model.write(WRITER, out.toString(), DType.F32);
        try (Checkpoint merged = Checkpoint.open(out.toString(), HADOOP);
            TrainableModel whole = TrainableModel.load(program, merged)) {
          whole.forwardBackward(rows, LOSS);
          config
              .layers(checkpoint.config())
              .forEach(
                  (module, shape) -> {
                    float[] w = whole.gradient(module + ".weight");
                    Adapter.Pair pair = adapter.pairs().get(module);
                    int columns = (int) (long) shape.get(1);
                    near(
                        ofA(w, pair.b(), config, columns),
                        model.gradient(module + ".lora_A.weight"),
                        module);
                    near(
                        ofB(w, pair.a(), config, columns),
                        model.gradient(module + ".lora_B.weight"),
                        module);
                  });
        }
      }
    }
  }

  @Test
  void aFreshAdapterChangesNothingAndLearns() {
    LoraConfig config = LoraConfig.of(4, 8, false, "q_proj", "down_proj");
    Adapter fresh = Adapter.fresh(config, checkpoint.config(), 7);
    try (TrainableModel plain = TrainableModel.load(program, checkpoint);
        TrainableModel model =
            TrainableModel.load(program, checkpoint, TrainableModel.Setup.of(fresh))) {
      double first = model.forwardBackward(rows, LOSS).loss();
      assertEquals(plain.score(rows, LOSS).loss(), first, 1e-6);
      float[] before = model.values(Q + ".weight");
      for (int i = 0; i < 5; i++) {
        model.step(1e-2, ADAMW);
        model.forwardBackward(rows, LOSS);
      }
      assertTrue(model.score(rows, LOSS).loss() < first - 0.01);
      assertArrayEquals(before, model.values(Q + ".weight"), "the base is frozen");
      assertThrows(IllegalArgumentException.class, () -> model.gradient(Q + ".weight"));
    }
  }

  @Test
  void anAdapterThatGoesOnFromItsFilesEndsAsAnUnbrokenOne() {
    LoraConfig config = LoraConfig.of(2, 4, false, "q_proj", "v_proj", "attn.qkv");
    Adapter whole;
    try (TrainableModel model =
        TrainableModel.load(program, checkpoint, TrainableModel.Setup.of(random(config)))) {
      for (int i = 0; i < 4; i++) {
        step(model);
        if (i == 1) {
          model.adapter().write(WRITER, folder.toString(), checkpoint.config());
          model.writeOptimizer(WRITER, folder + "/optimizer.safetensors");
        }
      }
      whole = model.adapter();
    }
    Adapter half = Adapter.read(folder.toString(), checkpoint.config(), HADOOP);
    assertEquals(config.layers(checkpoint.config()).keySet(), half.pairs().keySet());
    try (TrainableModel model =
        TrainableModel.load(program, checkpoint, TrainableModel.Setup.of(half))) {
      model.readOptimizer(new TensorFile(folder.resolve("optimizer.safetensors")));
      step(model);
      step(model);
      model
          .adapter()
          .pairs()
          .forEach(
              (module, pair) -> {
                assertArrayEquals(whole.pairs().get(module).a(), pair.a(), module);
                assertArrayEquals(whole.pairs().get(module).b(), pair.b(), module);
              });
    }
    try (TrainableModel other = TrainableModel.load(program, checkpoint)) {
      TensorFile state = new TensorFile(folder.resolve("optimizer.safetensors"));
      RelookException error = assertThrows(RelookException.class, () -> other.readOptimizer(state));
      assertTrue(error.getMessage().contains("optimizer's state"), error.getMessage());
    }
  }

  @Test
  void frozenPartsStayAndTheOthersLearnAsInFullTraining() {
    String tower = "visual.blocks.0.attn.qkv.weight";
    String patches = "visual.patch_embed.proj.weight";
    String merger = "visual.merger.mlp.0.weight";
    String embeddings = "model.embed_tokens.weight";
    Map<TrainedParts, Set<String>> cases =
        Map.of(
            new TrainedParts(false, true, true), Set.of(merger, embeddings),
            new TrainedParts(true, false, false), Set.of(tower, patches),
            new TrainedParts(false, true, false), Set.of(merger),
            new TrainedParts(false, false, true), Set.of(embeddings));
    try (TrainableModel full = TrainableModel.load(program, checkpoint)) {
      full.forwardBackward(rows, LOSS);
      cases.forEach(
          (parts, learn) -> {
            try (TrainableModel model =
                TrainableModel.load(program, checkpoint, TrainableModel.Setup.of(parts))) {
              assertTrue(model.trainedValues() < full.trainedValues());
              model.forwardBackward(rows, LOSS);
              for (String name : learn) {
                if (parts.vision() || parts.merger()) {
                  assertArrayEquals(full.gradient(name), model.gradient(name), name);
                } else { // Pictures are encoded as for generation: other products, other rounding.
                  near(full.gradient(name), model.gradient(name), name);
                }
              }
              model.step(1e-2, ADAMW);
              for (String name : List.of(tower, patches, merger, embeddings)) {
                assertEquals(
                    !learn.contains(name),
                    Arrays.equals(full.values(name), model.values(name)),
                    name + " under " + parts);
              }
            }
          });
    }
    assertThrows(
        RelookException.class,
        () ->
            TrainableModel.load(
                program,
                checkpoint,
                TrainableModel.Setup.of(new TrainedParts(false, false, false))));
  }

  @Test
  void aFrozenPolicyScoresAsOneThatLearns() {
    try (TrainableModel learns = TrainableModel.load(program, checkpoint);
        TrainableModel frozen = TrainableModel.frozen(program, checkpoint, ComputeType.FLOAT32)) {
      assertEquals(0, frozen.trainedValues());
      assertArrayEquals(
          learns.score(rows, LOSS).logProbs(), frozen.score(rows, LOSS).logProbs(), 1e-5f);
    }
  }

  @Test
  void aFrozenLanguageModelTakesRowsWithoutPictures() {
    TrainingRow text =
        TrainingRow.supervised(
            new Prompt(new int[] {5, 6, 7}, List.of()), new int[] {8}, new float[] {1});
    try (TrainableModel model =
        TrainableModel.load(
            program, checkpoint, TrainableModel.Setup.of(new TrainedParts(true, true, false)))) {
      assertTrue(model.forwardBackward(List.of(text), LOSS).loss() > 0);
      for (float value : model.gradient("visual.merger.mlp.0.weight")) {
        assertEquals(0, value);
      }
    }
  }

  private static void step(TrainableModel model) {
    model.forwardBackward(rows, LOSS);
    model.clipGradient(1);
    model.step(1e-3, ADAMW);
  }

  /** With a B that is not zero. */
  private static Adapter random(LoraConfig config) {
    java.util.Random random = new java.util.Random(3);
    Map<String, Adapter.Pair> pairs = new TreeMap<>();
    Adapter.fresh(config, checkpoint.config(), 1)
        .pairs()
        .forEach(
            (module, pair) -> {
              float[] b = new float[pair.b().length];
              for (int i = 0; i < b.length; i++) {
                b[i] = (float) (0.05 * random.nextGaussian());
              }
              pairs.put(module, new Adapter.Pair(pair.a(), b));
            });
    return new Adapter(config, pairs);
  }

  private static float[] ofA(float[] w, float[] b, LoraConfig config, int columns) {
    int rank = config.rank();
    double[] a = new double[rank * columns];
    for (int o = 0; o < w.length / columns; o++) {
      for (int r = 0; r < rank; r++) {
        for (int c = 0; c < columns; c++) {
          a[r * columns + c] += config.scale() * b[o * rank + r] * w[o * columns + c];
        }
      }
    }
    return floats(a);
  }

  private static float[] ofB(float[] w, float[] a, LoraConfig config, int columns) {
    int rank = config.rank();
    double[] b = new double[w.length / columns * rank];
    for (int o = 0; o < w.length / columns; o++) {
      for (int r = 0; r < rank; r++) {
        for (int c = 0; c < columns; c++) {
          b[o * rank + r] += config.scale() * w[o * columns + c] * a[r * columns + c];
        }
      }
    }
    return floats(b);
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /** Within a thousandth of the norm. */
  private static void near(float[] expected, float[] actual, String what) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow((double) expected[i] - actual[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    assertTrue(norm > 0, what + " has a gradient");
    assertTrue(difference < 1e-6 * norm, what + ": " + Math.sqrt(difference / norm));
  }
}
