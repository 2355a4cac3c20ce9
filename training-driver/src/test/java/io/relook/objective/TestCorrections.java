package io.relook.objective;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.relook.model.engine.Divergence;
import io.relook.objective.SamplerCorrection.Outside;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Sampler corrections, rejections, token choices and controllers, by hand. */
final class TestCorrections {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double[][] MASK = {{1, 1, 0}};
  private static final double[][] SAMPLING = {{0, 0, 0}};
  private static final double[][] LOGS = {{Math.log(4), Math.log(0.25), Math.log(8)}};

  private static double[] weights(boolean bySequence, Outside outside, double least, double most) {
    return new SamplerCorrection(bySequence, outside, least, most, INF, false)
        .weights(LOGS, SAMPLING, MASK)[0];
  }

  @Test
  void weightsAreTruncatedOrMaskedOutsideTheirBounds() {
    assertArrayEquals(new double[] {2, 0.5, 1}, weights(false, Outside.TRUNCATED, 0.5, 2), 1e-12);
    assertArrayEquals(new double[] {0, 0, 1}, weights(false, Outside.ZERO, 0.5, 2), 1e-12);
    assertArrayEquals(new double[] {4, 0.25, 1}, weights(false, Outside.ZERO, 0, INF), 1e-12);
  }

  @Test
  void aSequencesWeightIsTheProductOfItsTokens() {
    assertArrayEquals(new double[] {1, 1, 1}, weights(true, Outside.ZERO, 0.5, 2), 1e-12);
  }

  @Test
  void anUnscoredTokenIsNotCorrected() {
    double[][] unknown = {{Double.NaN, 0, 0}};
    double[][] weights =
        new SamplerCorrection(false, Outside.TRUNCATED, 0, 2, INF, false)
            .weights(LOGS, unknown, MASK);
    assertArrayEquals(new double[] {1, 0.25, 1}, weights[0], 1e-12);
  }

  @Test
  void normalisedWeightsAverageToOne() {
    double[][] weights =
        new SamplerCorrection(false, Outside.TRUNCATED, 0, INF, 20, true)
            .weights(LOGS, SAMPLING, MASK);
    assertEquals(1, Masked.mean(weights, MASK), 1e-12);
    assertEquals(16, weights[0][0] / weights[0][1], 1e-9);
  }

  @Test
  void aRuleRejectsTokensOrWholeRows() {
    // k1 = log(sampler / policy): -log 4 and log 4
    Rejection token = Rejection.parse("token_k1", "0.5_5").get(0);
    double[][] values = token.values(LOGS, SAMPLING, MASK);
    assertEquals(-Math.log(4), values[0][0], 1e-12);
    assertArrayEquals(new double[] {0, 1, 0}, token.kept(values, MASK)[0]);
    Rejection row = Rejection.parse("seq_max_k2", "0.9").get(0);
    // log(4)² / 2 = 0.96
    assertArrayEquals(new double[] {0, 0, 0}, row.kept(row.values(LOGS, SAMPLING, MASK), MASK)[0]);
  }

  @Test
  void rulesShareAThresholdOrHaveOneEach() {
    List<Rejection> two = Rejection.parse("token_k1,seq_mean_k3", "0.3_3.0,0.15");
    assertEquals(Math.log(3), two.get(0).most());
    assertEquals(0.15, two.get(1).most());
    assertEquals(-Math.log(1.5), Rejection.parse("token_k1", "1.5").get(0).least(), 1e-12);
    assertThrows(
        IllegalArgumentException.class, () -> Rejection.parse("token_k1,token_k2", "1,2,3"));
    assertThrows(IllegalArgumentException.class, () -> Rejection.parse("token_k4", "1"));
  }

  @Test
  void theTopShareOfEntropiesIsChosenAmongCountedTokens() {
    double[][] entropies = {{1, 3, 2, 4, 99}};
    double[][] mask = {{1, 1, 1, 1, 0}};
    // the upper half: least 2.5, between the second and the third
    assertArrayEquals(
        new double[] {0, 1, 0, 1, 0}, TokenSelection.topEntropy(entropies, mask, 0.5)[0]);
    assertArrayEquals(
        new double[] {0, 0, 0, 1, 0}, TokenSelection.topEntropy(entropies, mask, 0)[0]);
  }

  @Test
  void tokensOfLargestCovarianceAreChosen() {
    double[][] advantages = {{1, -1, 1, -1}};
    double[][] logProbs = {{-1, -1, -3, -3}};
    double[][] mask = {{1, 1, 1, 1}};
    // means 0 and -2: covariances 1, -1, -1, 1
    assertArrayEquals(
        new double[] {1, 0, 0, 1},
        TokenSelection.largestCovariance(advantages, logProbs, mask, 0.5)[0]);
    double[][] between =
        TokenSelection.betweenCovariances(
            advantages,
            logProbs,
            logProbs,
            mask,
            new ClipBounds(0.2, 0.2),
            0.5,
            2,
            0.25,
            places -> java.util.Collections.reverse(places));
    assertArrayEquals(new double[] {0, 0, 0, 1}, between[0]);
  }

  @Test
  void theEntropyBonusWaitsForAStepAndMovesWithTheTarget() {
    EntropyControl control = new EntropyControl(0.02, 1.5, 0.005, 0.015, 0.03);
    double[][] one = {{1}};
    assertEquals(0, control.acting());
    for (double[] step : new double[][] {{1, 0.025}, {1, 0.03}, {1, 0.03}}) {
      control.observe(new double[][] {{step[0]}}, one);
      control.stepped();
      assertEquals(step[1], control.acting(), 1e-12);
    }
    control.observe(new double[][] {{2}}, one);
    control.observe(new double[][] {{4}}, one);
    control.stepped();
    assertEquals(3, control.entropyOfLastStep());
    assertEquals(0.025, control.coefficient(), 1e-12);
    assertEquals(0, control.acting());
  }

  @Test
  void theDivergenceInTheRewardMovesItsCoefficientAfterUse() {
    KlInReward shaping =
        new KlInReward(Divergence.unclamped(Divergence.Kind.K1, false), 0.5, 0.1, 10);
    double[][] mask = {{1, 1}, {0, 0}};
    KlInReward.Shaped shaped =
        shaping.shape(
            new double[][] {{1, 2}, {3, 4}},
            new double[][] {{-1, -1}, {-1, -1}},
            new double[][] {{-2, -3}, {-9, -9}},
            mask);
    // k1: 1 and 2; mean of row means (1.5 + 0) / 2; error clipped to 0.2; 1 + 0.2 * 2 / 10
    assertArrayEquals(new double[] {0.5, 1}, shaped.rewards()[0], 1e-12);
    assertArrayEquals(new double[] {3, 4}, shaped.rewards()[1], 1e-12);
    assertEquals(0.75, shaped.kl(), 1e-12);
    assertEquals(0.5, shaped.coefficient());
    assertEquals(0.52, shaping.coefficient(), 1e-12);
  }

  @Test
  void longAnswersArePunishedSoftly() {
    OverlongPenalty penalty = new OverlongPenalty(100, 20);
    assertEquals(0, penalty.of(80));
    assertEquals(-0.5, penalty.of(90));
    assertEquals(-1, penalty.of(100));
    assertEquals(-1, penalty.of(1000));
  }
}
