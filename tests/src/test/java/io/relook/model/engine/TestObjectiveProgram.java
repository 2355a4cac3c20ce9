package io.relook.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.relook.model.torch.TorchProgram;
import io.relook.objective.Aggregation;
import io.relook.objective.Masked;
import io.relook.objective.PolicyRows;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The objective's program on rows of three tokens, the last row cut short. */
class TestObjectiveProgram {
  private static final double[][] MASK = {{1, 1, 1}, {1, 0, 1}, {1, 0, 0}};
  private static final double[][] ADVANTAGES = {{1, 1, 1}, {-0.5, -0.5, -0.5}, {2, 2, 2}};
  private static final double[][] OLD = {{-1, -2, -0.5}, {-0.2, -9, -1}, {-3, -9, -9}};
  private static final double[][] REFERENCE = {{-1.5, -2, -0.7}, {-0.1, -9, -2}, {-3, -9, -9}};
  private static final float[] LOG_PROBS = {-0.5f, -2.5f, -0.5f, -0.1f, -1, -0.9f, -2.9f, -8, -7};
  private static final float[] ENTROPIES = {1, 2, 3, 1, 9, 2, 1, 9, 9};

  private static TorchProgram program;

  @BeforeAll
  static void load() {
    program = TorchProgram.load(Device.cpu(), 1);
  }

  @AfterAll
  static void close() {
    program.close();
  }

  private static List<PolicyRow> rows(double[][] old) {
    double[][] weights = Aggregation.local(Aggregation.Mode.SEQUENCE_MEAN, 1).weights(MASK);
    return new PolicyRows(
            MASK, ADVANTAGES, weights, old, REFERENCE, null, weights, weights, null, null)
        .rows();
  }

  private static Objective.Policy objective(RatioLevel level) {
    return new Objective.Policy(
        level,
        -20,
        20,
        new Surrogate.Clip(0.2, 0.3, Surrogate.NONE, 3),
        Divergence.unclamped(Divergence.Kind.K3, true),
        0.1,
        0.01,
        Double.POSITIVE_INFINITY,
        1);
  }

  private static ObjectiveProgram.Gradients gradients(
      List<PolicyRow> rows, float[] logProbs, float[] entropies, Objective.Policy objective) {
    return ObjectiveProgram.gradients(program, logProbs, entropies, rows, objective);
  }

  @Test
  void rowsOneAtATimeAddUpToTheWhole() {
    for (RatioLevel level : RatioLevel.values()) {
      List<PolicyRow> rows = rows(OLD);
      ObjectiveProgram.Gradients whole = gradients(rows, LOG_PROBS, ENTROPIES, objective(level));
      double sum = 0;
      for (int i = 0; i < 3; i++) {
        ObjectiveProgram.Gradients part =
            gradients(
                rows.subList(i, i + 1),
                Arrays.copyOfRange(LOG_PROBS, 3 * i, 3 * i + 3),
                Arrays.copyOfRange(ENTROPIES, 3 * i, 3 * i + 3),
                objective(level));
        sum += part.sums().loss();
        assertArrayEquals(
            Arrays.copyOfRange(whole.byLogProbs(), 3 * i, 3 * i + 3), part.byLogProbs());
        assertArrayEquals(
            Arrays.copyOfRange(whole.byEntropies(), 3 * i, 3 * i + 3), part.byEntropies());
      }
      assertEquals(whole.sums().loss(), sum, 1e-15);
    }
  }

  @Test
  void theGradientIsTheLosssSlope() {
    Objective.Policy objective = objective(RatioLevel.SEQUENCE);
    List<PolicyRow> rows = rows(OLD);
    float[] slopes = gradients(rows, LOG_PROBS, ENTROPIES, objective).byLogProbs();
    float step = 1f / 1024;
    for (int k = 0; k < LOG_PROBS.length; k++) {
      float[] up = LOG_PROBS.clone();
      float[] down = LOG_PROBS.clone();
      up[k] += step;
      down[k] -= step;
      double slope =
          (gradients(rows, up, ENTROPIES, objective).sums().loss()
                  - gradients(rows, down, ENTROPIES, objective).sums().loss())
              / (up[k] - down[k]);
      assertEquals(slope, slopes[k], 1e-5);
    }
  }

  @Test
  void whatDoesNotCountMayHoldAnything() {
    float[] wild = LOG_PROBS.clone();
    float[] entropies = ENTROPIES.clone();
    for (int k : new int[] {4, 7, 8}) {
      wild[k] = 5000;
      entropies[k] = Float.NaN;
    }
    for (RatioLevel level : RatioLevel.values()) {
      ObjectiveProgram.Gradients calm =
          gradients(rows(OLD), LOG_PROBS, ENTROPIES, objective(level));
      ObjectiveProgram.Gradients ours = gradients(rows(OLD), wild, entropies, objective(level));
      assertEquals(calm.sums(), ours.sums());
      assertArrayEquals(calm.byLogProbs(), ours.byLogProbs());
    }
  }

  @Test
  void onPolicyEveryRatioIsOneAndHasAGradient() {
    ObjectiveProgram.Gradients ours =
        gradients(
            PolicyRows.of(MASK, ADVANTAGES, Masked.map(MASK, (i, t) -> MASK[i][t]), null).rows(),
            LOG_PROBS,
            ENTROPIES,
            Objective.Policy.clipped(0.2, 0.2, 1));
    for (float ratio : ours.ratios()) {
      assertEquals(1, ratio);
    }
    // -ρA with slope -A where a token counts
    assertArrayEquals(new float[] {-1, -1, -1, 0.5f, 0, 0.5f, -2, 0, 0}, ours.byLogProbs(), 1e-6f);
  }

  @Test
  void aRowThatDriftedFromItsSamplerIsNotPushedDown() {
    Objective.Policy far =
        new Objective.Policy(
            RatioLevel.TOKEN,
            -20,
            20,
            new Surrogate.Clip(10, 10, Surrogate.NONE, Surrogate.NONE),
            Divergence.none(),
            0,
            0,
            -10,
            1);
    float[] slopes = gradients(rows(OLD), LOG_PROBS, ENTROPIES, far).byLogProbs();
    assertTrue(slopes[0] != 0 && slopes[6] != 0);
    assertArrayEquals(new float[3], Arrays.copyOfRange(slopes, 3, 6));
  }
}
