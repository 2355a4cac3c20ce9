package io.relook.objective;

/**
 * Weights p / p_sampler for tokens that another engine, or an older policy, sampled: truncated
 * importance sampling, or masking where the weight leaves its bounds (IcePop). By token, or one
 * weight a sequence: the product over its counted tokens.
 *
 * @param bySequence one weight a sequence
 * @param outside what becomes of a weight outside the bounds
 * @param least lower bound, inclusive; 0: none
 * @param most upper bound, inclusive; infinite: none
 * @param logBound the logarithm is clamped to ± this before
 * @param normalised weights are divided by their mean over the step
 */
public record SamplerCorrection(
    boolean bySequence,
    Outside outside,
    double least,
    double most,
    double logBound,
    boolean normalised) {
  /** What becomes of a weight outside the bounds. */
  public enum Outside {
    /** It becomes the bound. */
    TRUNCATED,
    /** It becomes 0: the token, or the sequence, is not trained on. */
    ZERO
  }

  /** Of the tokens that count; 1 for one whose sampler is unknown (NaN) in token mode. */
  public double[][] weights(double[][] logProbs, double[][] sampling, double[][] mask) {
    double[][] raw = raw(logProbs, sampling, mask);
    return normalised(Masked.each(raw, this::bounded), mask);
  }

  /** Before bounds. */
  public double[][] raw(double[][] logProbs, double[][] sampling, double[][] mask) {
    double[][] logs = logs(logProbs, sampling, mask);
    return Masked.each(logs, log -> Math.exp(Math.max(-logBound, Math.min(logBound, log))));
  }

  /** What the mean over the step is, if weights are divided by it; else 1. */
  public double factor(double[][] bounded, double[][] mask) {
    if (!normalised) {
      return 1;
    }
    double mean = Masked.mean(bounded, mask);
    if (bySequence) {
      double rows = 0;
      double sum = 0;
      for (int i = 0; i < mask.length; i++) {
        if (Masked.sum(mask[i]) > 0) {
          rows++;
          sum += Masked.mean(bounded[i], mask[i]);
        }
      }
      mean = rows == 0 ? 0 : sum / rows;
    }
    return mean > 1e-8 ? mean : 1;
  }

  double bounded(double weight) {
    return switch (outside) {
      case TRUNCATED -> Math.max(least, Math.min(most, weight));
      case ZERO -> weight < least || weight > most ? 0 : weight;
    };
  }

  /** log p - log p_sampler of each token, or their sum over the row; 0 where masked or unknown. */
  double[][] logs(double[][] logProbs, double[][] sampling, double[][] mask) {
    double[][] tokens =
        Masked.map(
            mask,
            (i, t) -> {
              boolean known = mask[i][t] > 0 && !Double.isNaN(sampling[i][t]);
              return known ? logProbs[i][t] - sampling[i][t] : 0;
            });
    if (!bySequence) {
      return tokens;
    }
    double[][] sums = new double[tokens.length][];
    for (int i = 0; i < sums.length; i++) {
      sums[i] = new double[tokens[i].length];
      java.util.Arrays.fill(sums[i], Masked.sum(tokens[i]));
    }
    return sums;
  }

  private double[][] normalised(double[][] bounded, double[][] mask) {
    double factor = factor(bounded, mask);
    return Masked.each(bounded, weight -> weight / factor);
  }
}
