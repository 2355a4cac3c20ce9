package io.relook.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.torch.TorchProgram;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

/** Attention by hand in training against libtorch's, whose gradient autograd finds. */
class TestAttention {
  private static final Path MODEL =
      Path.of(System.getProperty("relook.root"), "tests/src/test/resources/goldens/model-b");

  /** Prompts and completions of one token, of one block of queries, of several. */
  private static final List<TrainingRow> ROWS =
      Stream.of(rows(300, 150, 1, 40, 129, 257), rows(128, 1), rows(1, 1, 2, 9), rows(420, 93, 128))
          .flatMap(List::stream)
          .toList();

  @Test
  void lossesAndGradientsAreThoseOfLibtorchsAttention() {
    check(ComputeType.FLOAT32, 2e-5f, 1e-5);
    check(ComputeType.BFLOAT16, 0.1f, 0.03);
  }

  /** Its probabilities take memory with the square of a row's length. */
  @Test
  void aRowThatIsTooLongIsNotByHand() {
    List<TrainingRow> rows = rows(300, 100, 60);
    try (TorchProgram program = TorchProgram.load(Device.cpu(), 2)) {
      Run never = run(program, rows, ComputeType.FLOAT32, 0);
      // Nothing asks what follows the last token.
      assertTrue(never.isSame(run(program, rows, ComputeType.FLOAT32, 398)));
      assertFalse(never.isSame(run(program, rows, ComputeType.FLOAT32, 399)));
    }
  }

  private static void check(ComputeType type, float logProbs, double gradients) {
    try (TorchProgram program = TorchProgram.load(Device.cpu(), 2)) {
      Run byHand = run(program, ROWS, type, Integer.MAX_VALUE);
      Run right = run(program, ROWS, type, 0);
      assertFalse(byHand.isSame(right), "both ran the same attention");
      assertArrayEquals(right.logProbs, byHand.logProbs, logProbs);
      for (int i = 0; i < right.gradients.length; i++) {
        assertTrue(
            TestLanes.apart(right.gradients[i], byHand.gradients[i]) < gradients, type + ": " + i);
      }
    }
  }

  private record Run(float[] logProbs, float[][] gradients) {
    boolean isSame(Run other) {
      return Arrays.equals(logProbs, other.logProbs)
          && Arrays.deepEquals(gradients, other.gradients);
    }
  }

  private static Run run(
      TorchProgram program, List<TrainingRow> rows, ComputeType type, int longestByHand) {
    try (Checkpoint checkpoint = Checkpoint.open(MODEL.toString(), new Configuration());
        TrainableModel model =
            TrainableModel.load(
                program, checkpoint, TrainableModel.Setup.of(TrainedParts.all()).in(type))) {
      model.setLanes(1);
      model.setLongestByHand(longestByHand);
      float[] logProbs = model.forwardBackward(rows, new Objective.CrossEntropy()).logProbs();
      return new Run(logProbs, model.gradients());
    }
  }

  /** Completions of so many tokens behind one prompt. */
  private static List<TrainingRow> rows(int prompt, int... completions) {
    Random random = new Random(prompt);
    Prompt shared = new Prompt(random.ints(prompt, 10, 400).toArray(), List.of());
    return Arrays.stream(completions)
        .mapToObj(
            length -> {
              float[] weights = new float[length];
              Arrays.fill(weights, 0.1f / length);
              int[] completion = random.ints(length, 10, 400).toArray();
              return TrainingRow.supervised(shared, completion, weights);
            })
        .toList();
  }
}
