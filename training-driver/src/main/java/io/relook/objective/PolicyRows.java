package io.relook.objective;

import io.relook.model.engine.PolicyRow;
import java.util.ArrayList;
import java.util.List;

/**
 * A step's rows as the objective takes them. All but mask, advantages and weights may be null.
 *
 * @param old null: the policy is the one that sampled, so every ratio is 1
 * @param sampling null: {@code old}
 * @param logCorrection see {@link #logCorrection}
 */
public record PolicyRows(
    double[][] mask,
    double[][] advantages,
    double[][] weights,
    double[][] old,
    double[][] reference,
    double[][] sampling,
    double[][] klWeights,
    double[][] entropyWeights,
    double[][] penalised,
    double[][] logCorrection) {
  private static final double LEAST_LOG = Math.log(1e-8);
  private static final double MOST_LOG = 20;

  /** A surrogate alone. */
  public static PolicyRows of(
      double[][] mask, double[][] advantages, double[][] weights, double[][] old) {
    return new PolicyRows(mask, advantages, weights, old, null, null, null, null, null, null);
  }

  /** One row a completion. */
  public List<PolicyRow> rows() {
    List<PolicyRow> rows = new ArrayList<>();
    for (int i = 0; i < mask.length; i++) {
      float[] before = floats(old, i, Float.NaN);
      rows.add(
          new PolicyRow(
              floats(mask, i, 1),
              floats(advantages, i, 0),
              before,
              floats(reference, i, 0),
              sampling == null ? before : floats(sampling, i, 0),
              floats(weights, i, 0),
              floats(klWeights, i, 0),
              floats(entropyWeights, i, 0),
              floats(penalised, i, 0),
              floats(logCorrection, i, 0)));
    }
    return rows;
  }

  /**
   * Logarithms of a sampler correction's weights, within [log 1e-8, 20], for VESPO, which adds them
   * up over a row: a weight of the sequence stands at its first counted token.
   */
  public static double[][] logCorrection(
      double[][] corrections, double[][] mask, boolean bySequence) {
    return Masked.map(
        mask,
        (i, t) -> {
          boolean first = mask[i][t] > 0 && Masked.sum(java.util.Arrays.copyOf(mask[i], t)) == 0;
          double log = Math.max(LEAST_LOG, Math.min(MOST_LOG, Math.log(corrections[i][t])));
          return mask[i][t] > 0 && (first || !bySequence) ? log : 0;
        });
  }

  private float[] floats(double[][] values, int row, float otherwise) {
    float[] floats = new float[mask[row].length];
    for (int t = 0; t < floats.length; t++) {
      floats[t] = values == null ? otherwise : (float) values[row][t];
    }
    return floats;
  }
}
