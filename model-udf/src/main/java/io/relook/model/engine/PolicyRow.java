package io.relook.model.engine;

import java.io.Serializable;
import java.util.Arrays;

/**
 * What a policy's objective needs of each token of a completion, beside its log-probability. All
 * arrays have the completion's length.
 *
 * @param mask 1 for a token that counts
 * @param old log-probability before the update; NaN: the policy's own, so the ratio is 1
 * @param reference log-probability under the reference policy
 * @param sampling log-probability when it was sampled; NaN: unknown
 * @param weights of the surrogate: normaliser, corrections and token masks
 * @param klWeights of the divergence
 * @param entropyWeights of the entropy
 * @param penalised 1 for a token that {@link Surrogate.Penalised} penalises
 * @param logCorrection log of the sampler correction, for {@link Surrogate.Gamma} alone
 */
public record PolicyRow(
    float[] mask,
    float[] advantages,
    float[] old,
    float[] reference,
    float[] sampling,
    float[] weights,
    float[] klWeights,
    float[] entropyWeights,
    float[] penalised,
    float[] logCorrection)
    implements Serializable {
  /** How many planes the program is given. */
  static final int PLANES = 10;

  /** A row that is clipped against {@code old} alone. */
  public static PolicyRow of(float[] weights, float[] advantages, float[] old) {
    float[] none = new float[weights.length];
    return new PolicyRow(
        ones(weights.length), advantages, old, none, old, weights, none, none, none, none);
  }

  /** A row of the cross-entropy: every advantage is 1. */
  static PolicyRow supervised(float[] weights) {
    return of(weights, ones(weights.length), new float[weights.length]);
  }

  public int length() {
    return mask.length;
  }

  /** The planes in the program's order. */
  float[][] planes() {
    return new float[][] {
      mask,
      advantages,
      old,
      reference,
      sampling,
      weights,
      klWeights,
      entropyWeights,
      penalised,
      logCorrection
    };
  }

  private static float[] ones(int length) {
    float[] ones = new float[length];
    Arrays.fill(ones, 1);
    return ones;
  }
}
