package io.relook.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.Objective;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainedParts;
import io.relook.model.engine.TrainingRow;
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

/** Products in bfloat16 beside float32 weights, on the small model. */
class TestBfloat16Training {
  private static final Path MODEL =
      Path.of(System.getProperty("relook.root"), "tests/src/test/resources/goldens/model-b");
  private static final Objective LOSS = new Objective.CrossEntropy();
  private static final String DOWN = "model.layers.0.mlp.down_proj.weight";

  private static TorchProgram program;
  private static Checkpoint checkpoint;

  @BeforeAll
  static void load() {
    program = TorchProgram.load(Device.cpu(), 1);
    checkpoint = Checkpoint.open(MODEL.toString(), new Configuration());
  }

  @AfterAll
  static void close() {
    checkpoint.close();
    program.close();
  }

  @Test
  void lossAndGradientsAreThoseOfFloat32ButForRounding() {
    try (TrainableModel exact = model(ComputeType.FLOAT32);
        TrainableModel rounded = model(ComputeType.BFLOAT16)) {
      double loss = exact.forwardBackward(rows(), LOSS).loss();
      assertEquals(loss, rounded.forwardBackward(rows(), LOSS).loss(), 0.02 * loss);
      for (String name : List.of("model.embed_tokens.weight", "model.norm.weight", DOWN)) {
        float[] right = exact.gradient(name);
        float[] near = rounded.gradient(name);
        double apart = 0;
        double norm = 0;
        for (int i = 0; i < right.length; i++) {
          apart += (right[i] - near[i]) * (right[i] - near[i]);
          norm += right[i] * right[i];
        }
        assertTrue(apart < 0.05 * 0.05 * norm, name + " is away by " + Math.sqrt(apart / norm));
      }
    }
  }

  /** A step below bfloat16's resolution must not be lost: the float32 weights take it. */
  @Test
  void smallStepsAddUp() {
    try (TrainableModel model = model(ComputeType.BFLOAT16)) {
      float[] before = model.values(DOWN);
      assertArrayEquals(before, exactValues(), "the weights are the checkpoint's, unrounded");
      double first = model.score(rows(), LOSS).loss();
      for (int step = 0; step < 40; step++) {
        model.forwardBackward(rows(), LOSS);
        model.step(1e-6, TrainableModel.AdamW.standard());
      }
      float[] after = model.values(DOWN);
      double moved = 0;
      for (int i = 0; i < after.length; i++) {
        moved = Math.max(moved, Math.abs(after[i] - before[i]));
      }
      assertEquals(4e-5, moved, 2e-5, "AdamW moves a weight by about the rate at each step");
      for (int step = 0; step < 40; step++) {
        model.forwardBackward(rows(), LOSS);
        model.step(1e-3, TrainableModel.AdamW.standard());
      }
      assertTrue(model.score(rows(), LOSS).loss() < 0.9 * first, "what is computed with follows");
    }
  }

  @Test
  void whatDoesNotLearnStays() {
    TrainableModel.Setup language = TrainableModel.Setup.of(new TrainedParts(false, false, true));
    try (TrainableModel model =
        TrainableModel.load(program, checkpoint, language.in(ComputeType.BFLOAT16))) {
      float[] merger = model.values("visual.merger.mlp.0.weight");
      float[] down = model.values(DOWN);
      model.forwardBackward(rows(), LOSS);
      model.step(1e-3, TrainableModel.AdamW.standard());
      assertArrayEquals(merger, model.values("visual.merger.mlp.0.weight"));
      assertNotEquals(down[0], model.values(DOWN)[0]);
    }
  }

  private static float[] exactValues() {
    try (TrainableModel exact = model(ComputeType.FLOAT32)) {
      return exact.values(DOWN);
    }
  }

  private static TrainableModel model(ComputeType type) {
    return TrainableModel.load(
        program, checkpoint, TrainableModel.Setup.of(TrainedParts.all()).in(type));
  }

  /** Three completions of one prompt and one of another. */
  private static List<TrainingRow> rows() {
    Random random = new Random(3);
    Prompt first = new Prompt(random.ints(9, 10, 400).toArray(), List.of());
    Prompt second = new Prompt(random.ints(5, 10, 400).toArray(), List.of());
    List<TrainingRow> rows = new ArrayList<>();
    for (Prompt prompt : List.of(first, first, first, second)) {
      int[] completion = random.ints(3 + random.nextInt(9), 10, 400).toArray();
      float[] weights = new float[completion.length];
      Arrays.fill(weights, 0.25f / completion.length);
      rows.add(TrainingRow.supervised(prompt, completion, weights));
    }
    return rows;
  }
}
