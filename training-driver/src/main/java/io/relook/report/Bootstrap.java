package io.relook.report;

import java.util.Arrays;
import java.util.Random;

/**
 * The 95 % interval of a mean: the percentiles of the means of 1,000 samples drawn with replacement
 * (Efron, doi 10.1214/aos/1176344552). The seed is fixed: the same values give the same interval.
 */
record Bootstrap(double low, double high) {
  private static final int SAMPLES = 1000;
  private static final long SEED = 1;

  /** Of two values or more. */
  static Bootstrap of(double[] values) {
    Random random = new Random(SEED);
    double[] means = new double[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
      double sum = 0;
      for (int j = 0; j < values.length; j++) {
        sum += values[random.nextInt(values.length)];
      }
      means[i] = sum / values.length;
    }
    Arrays.sort(means);
    return new Bootstrap(percentile(means, 0.025), percentile(means, 0.975));
  }

  /** Between two of the sorted values in proportion. */
  private static double percentile(double[] sorted, double share) {
    double place = share * (sorted.length - 1);
    int below = (int) place;
    double above = sorted[Math.min(below + 1, sorted.length - 1)];
    return sorted[below] + (place - below) * (above - sorted[below]);
  }
}
