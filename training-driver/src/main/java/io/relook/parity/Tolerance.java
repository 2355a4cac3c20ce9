package io.relook.parity;

import java.util.Arrays;

/**
 * How far two correct implementations may be apart, in float32: what rounding justifies, and
 * nothing wider. The one table of tolerances.
 */
enum Tolerance {
  /** Ids, texts, grids, positions, greedy tokens: no difference. */
  EQUAL(0),
  /** Log-probabilities, logits, hidden states, embeddings, attention: absolute. */
  VALUES(2e-4),
  /** Probabilities after the sampler's filters: absolute. */
  PROBABILITIES(2e-4),
  /** Losses: absolute. */
  LOSS(1e-5),
  /** Gradients: relative to the tensor's norm. */
  GRADIENT(1e-3),
  /** Weights after optimizer steps: relative to the tensor's norm. */
  WEIGHTS(1e-4),
  /** Share of a losslessly stored picture's values that may differ, by one level at most. */
  PIXEL_SHARE(0.01),
  /** Levels by which JPEG decoders differ. */
  JPEG_LEVELS(4),
  /** Log-probabilities in bf16: times the deviation of the reference's own bf16. */
  BFLOAT16_TIMES(1.5),
  /** Greedy tokens count where the two best log-probabilities are further apart than this. */
  GREEDY_MARGIN(1e-4),

  /**
   * Objectives alone ({@code losses/}), in multiples of what {@link #timesAllowed} allows: a loss
   * or metric x may be 2e-5 |x| + 2e-6 away; a tensor's value 1e-5 (|x| + max |x|), 1e-6 where all
   * are 0. NaN and infinities must be the same.
   */
  TIMES_ALLOWED(1);

  private final double most;

  Tolerance(double most) {
    this.most = most;
  }

  double most() {
    return most;
  }

  /** How far a loss or metric is away. */
  static double timesAllowed(double ours, double theirs) {
    double times = away(ours, theirs);
    return Double.isFinite(theirs) ? times / (2e-5 * Math.abs(theirs) + 2e-6) : times;
  }

  /** How far the furthest value of a tensor is away; infinite where the sizes differ. */
  static double timesAllowed(double[] ours, double[] theirs) {
    if (ours.length != theirs.length) {
      return Double.POSITIVE_INFINITY;
    }
    double largest = Arrays.stream(theirs).map(Math::abs).max().orElse(0);
    double worst = 0;
    for (int i = 0; i < ours.length; i++) {
      double allowed = largest == 0 ? 1e-6 : 1e-5 * (Math.abs(theirs[i]) + largest);
      double times = away(ours[i], theirs[i]) / allowed;
      worst = Double.isNaN(times) ? Double.POSITIVE_INFINITY : Math.max(worst, times);
    }
    return worst;
  }

  private static double away(double ours, double theirs) {
    if (Double.isFinite(theirs)) {
      return Math.abs(ours - theirs);
    }
    return Double.compare(ours, theirs) == 0 ? 0 : Double.POSITIVE_INFINITY;
  }
}
