package io.relook.parity;

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
  GREEDY_MARGIN(1e-4);

  private final double most;

  Tolerance(double most) {
    this.most = most;
  }

  double most() {
    return most;
  }
}
