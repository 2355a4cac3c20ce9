package io.relook.objective;

/**
 * How tokens' losses become one number: a weight for each token, so that a loss is the sum of
 * weights times losses and micro-batches add up exactly. The divisors are those of the whole step.
 *
 * @param mode what is averaged
 * @param tokens counted tokens of the step; null: those of the rows given
 * @param sequences rows of the step; null: those of the rows given
 * @param length divides a row's sum in {@link Mode#SEQUENCE_CONSTANT}
 * @param emptyRows whether a row without a counted token is one of the sequences
 * @param leastDivisor what a divisor is at least: 1 gives a loss of 0 where nothing counts, 0 gives
 *     0/0
 * @param scale times everything: the number of processes whose gradients are averaged, or one over
 *     the micro-batches whose losses are added
 */
public record Aggregation(
    Mode mode,
    Double tokens,
    Double sequences,
    double length,
    boolean emptyRows,
    double leastDivisor,
    double scale) {
  /** What is averaged. */
  public enum Mode {
    /** All tokens alike (DAPO, arXiv 2503.14476). */
    TOKEN_MEAN,
    TOKEN_SUM,
    /** Each row's mean, then the rows' (GRPO, arXiv 2402.03300). */
    SEQUENCE_MEAN,
    /** Each row's sum, then the rows' mean (LUSPO, arXiv 2602.05261). */
    SEQUENCE_SUM,
    /** Each row's sum over a constant length, then the rows' mean (Dr.GRPO, arXiv 2503.20783). */
    SEQUENCE_CONSTANT
  }

  /** Of the rows given alone, which all count. */
  public static Aggregation local(Mode mode, double length) {
    return new Aggregation(mode, null, null, length, true, 1, 1);
  }

  /** The weight of each token; 0 where it does not count (NaN where the divisor is 0). */
  public double[][] weights(double[][] mask) {
    double rows = mask.length;
    if (!emptyRows) {
      rows = 0;
      for (double[] row : mask) {
        rows += Masked.sum(row) > 0 ? 1 : 0;
      }
    }
    double allTokens = divisor(tokens == null ? Masked.count(mask) : tokens);
    double allRows = divisor(sequences == null ? rows : sequences);
    return Masked.map(
        mask,
        (i, t) -> {
          double own = Math.max(1, Masked.sum(mask[i]));
          double divisor =
              switch (mode) {
                case TOKEN_MEAN -> allTokens;
                case TOKEN_SUM -> 1;
                case SEQUENCE_MEAN -> allRows * own;
                case SEQUENCE_SUM -> allRows;
                case SEQUENCE_CONSTANT -> allRows * length;
              };
          return mask[i][t] / divisor * scale;
        });
  }

  private double divisor(double value) {
    return Math.max(leastDivisor, value);
  }
}
