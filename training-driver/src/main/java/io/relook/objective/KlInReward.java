package io.relook.objective;

import io.relook.model.engine.Divergence;

/**
 * Token rewards minus a coefficient times the divergence of the sampling policy from the reference
 * (arXiv 1909.08593). With a horizon the coefficient moves after each step by the error relative to
 * the target, at most a fifth, times rows over the horizon.
 */
public final class KlInReward {
  private static final double LARGEST_ERROR = 0.2;

  private final Divergence divergence;
  private final double target;
  private final double horizon;
  private double coefficient;

  /**
   * @param horizon in rows; infinite: the coefficient stays
   */
  public KlInReward(Divergence divergence, double coefficient, double target, double horizon) {
    this.divergence = divergence;
    this.coefficient = coefficient;
    this.target = target;
    this.horizon = horizon;
  }

  public double coefficient() {
    return coefficient;
  }

  /**
   * @param kl mean over rows of their counted tokens' mean, a row without any counting 0
   * @param coefficient that acted
   */
  public record Shaped(double[][] rewards, double kl, double coefficient) {}

  /** Shapes a step's rewards, then moves the coefficient. */
  public Shaped shape(
      double[][] scores, double[][] logProbs, double[][] reference, double[][] mask) {
    double[][] kl =
        Masked.map(
            mask, (i, t) -> mask[i][t] > 0 ? divergence.of(logProbs[i][t], reference[i][t]) : 0);
    double acted = coefficient;
    double mean = Masked.sum(Masked.rowMeans(kl, mask)) / Math.max(1, mask.length);
    if (horizon < Double.POSITIVE_INFINITY) {
      double error = Math.max(-LARGEST_ERROR, Math.min(LARGEST_ERROR, mean / target - 1));
      coefficient *= 1 + error * mask.length / horizon;
    }
    return new Shaped(Masked.map(mask, (i, t) -> scores[i][t] - acted * kl[i][t]), mean, acted);
  }
}
