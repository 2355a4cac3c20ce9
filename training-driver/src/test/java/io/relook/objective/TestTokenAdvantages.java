package io.relook.objective;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Hand-worked rows. */
final class TestTokenAdvantages {
  @Test
  void returnsAreDiscountedOverCountedTokensAndWhitened() {
    // from the right: 4; the masked token is skipped; 2 + 0.5 * 4 = 4; 1 + 0.5 * 4 = 3
    double[][] mask = {{1, 1, 0, 1}};
    TokenAdvantages.Estimates ours =
        TokenAdvantages.discounted(new double[][] {{1, 2, 100, 4}}, mask, 0.5);
    assertArrayEquals(new double[] {3, 4, 0, 4}, ours.returns()[0], 1e-12);
    // mean 11/3, unbiased variance 1/3
    double scale = 1 / Math.sqrt(1.0 / 3 + 1e-8);
    assertArrayEquals(
        new double[] {-2.0 / 3 * scale, scale / 3, 0, scale / 3}, ours.advantages()[0], 1e-9);
  }

  @Test
  void aBaselineIsSubtractedFromRewardsToGo() {
    TokenAdvantages.Estimates ours =
        TokenAdvantages.minusBaselines(
            new double[][] {{1, 2, 3}}, new double[][] {{1, 1, 0}}, new double[] {0.5});
    assertArrayEquals(new double[] {3, 2, 0}, ours.returns()[0], 1e-12);
    assertArrayEquals(new double[] {2.5, 1.5, 0}, ours.advantages()[0], 1e-12);
  }

  @Test
  void generalisedEstimatesFollowTheTemporalDifferences() {
    // δ2 = 1 - 0.5 = 0.5; δ1 = 0 + 0.9 * 0.5 - 0.2 = 0.25; A1 = 0.25 + 0.9 * 0.8 * 0.5 = 0.61
    TokenAdvantages.Estimates ours =
        TokenAdvantages.generalised(
            new double[][] {{0, 1}},
            new double[][] {{0.2, 0.5}},
            new double[][] {{1, 1}},
            0.9,
            0.8);
    assertArrayEquals(new double[] {0.81, 1.0}, ours.returns()[0], 1e-12);
    // two values whitened: ± half their difference over their deviation
    assertEquals(1 / Math.sqrt(2), ours.advantages()[0][0], 1e-4);
    assertEquals(-1 / Math.sqrt(2), ours.advantages()[0][1], 1e-4);
  }

  @Test
  void theOptimalBaselineWeighsByCumulatedVariance() {
    // log p = 0, Σp² given: weights a step 1 - 2 + 2 = 1 and 1 - 2 + 4 = 3; first step: returns
    // 1 and 5, baseline (1 * 1 + 3 * 5) / 4 = 4
    double[][] mask = {{1}, {1}};
    TokenAdvantages.Estimates ours =
        TokenAdvantages.optimalBaseline(
            new double[][] {{1}, {5}},
            mask,
            new long[2],
            new double[2][1],
            new double[][] {{2}, {4}},
            null,
            false,
            0);
    assertEquals(-3, ours.advantages()[0][0], 1e-12);
    assertEquals(1, ours.advantages()[1][0], 1e-12);
  }

  @Test
  void theLongestRowHasNoBaselineWhereItIsAlone() {
    double[][] mask = {{1, 0}, {1, 1}};
    double[][] squares = {{2, 2}, {2, 2}};
    TokenAdvantages.Estimates ours =
        TokenAdvantages.optimalBaseline(
            new double[][] {{1, 0}, {0, 3}},
            mask,
            new long[2],
            new double[2][2],
            squares,
            null,
            false,
            0);
    // first step: returns 1 and 3, equal weights: baseline 2; second: alone
    assertArrayEquals(new double[] {-1, 0}, ours.advantages()[0], 1e-12);
    assertArrayEquals(new double[] {1, 3}, ours.advantages()[1], 1e-12);
  }
}
