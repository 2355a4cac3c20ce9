package io.relook.model.engine;

import java.io.Serializable;

/** What a step minimises, summed over targets with their weights. */
public sealed interface Objective extends Serializable {
  /** Divides the logits, as it did when the targets were sampled. */
  double temperature();

  /** -log p(target). */
  record CrossEntropy() implements Objective {
    @Override
    public double temperature() {
      return 1;
    }
  }

  /**
   * Σ weights · surrogate + beta · Σ klWeights · divergence - bonus · Σ entropyWeights · entropy.
   *
   * @param level of the ratio
   * @param leastLogRatio the ratio's logarithm is clamped from here, without a gradient beyond
   * @param mostLogRatio to here
   * @param bonus on the entropy
   * @param offPolicyThreshold a row that drifted further from its sampler has no surrogate where
   *     its advantage is negative; infinite: off
   */
  record Policy(
      RatioLevel level,
      double leastLogRatio,
      double mostLogRatio,
      Surrogate surrogate,
      Divergence divergence,
      double beta,
      double bonus,
      double offPolicyThreshold,
      double temperature)
      implements Objective {
    /** GRPO's clipped objective by token, without a reference (arXiv 2402.03300). */
    public static Policy clipped(double low, double high, double temperature) {
      return new Policy(
          RatioLevel.TOKEN,
          Double.NEGATIVE_INFINITY,
          Double.POSITIVE_INFINITY,
          new Surrogate.Clip(low, high, Surrogate.NONE, Surrogate.NONE),
          Divergence.none(),
          0,
          0,
          Double.POSITIVE_INFINITY,
          temperature);
    }
  }
}
