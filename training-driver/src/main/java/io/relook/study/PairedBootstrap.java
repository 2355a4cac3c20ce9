package io.relook.study;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The mean of paired differences with its 95 % percentile interval: seeds and questions are drawn
 * again, both with replacement, independently of each other (Efron, Annals of Statistics 7, 1979;
 * crossing the two is our choice).
 */
final class PairedBootstrap {
  private static final int RESAMPLES = 2_000;

  private PairedBootstrap() {}

  /** A mean and its interval. */
  record Interval(double mean, double low, double high) {}

  /**
   * @param differences of each seed, of each question: the arm's score less the other's
   */
  static Interval of(double[][] differences) {
    int seeds = differences.length;
    int questions = differences[0].length;
    SplittableRandom random = new SplittableRandom(1);
    double[] means = new double[RESAMPLES];
    int[] drawn = new int[questions];
    for (int r = 0; r < RESAMPLES; r++) {
      for (int q = 0; q < questions; q++) {
        drawn[q] = random.nextInt(questions);
      }
      double sum = 0;
      for (int s = 0; s < seeds; s++) {
        double[] seed = differences[random.nextInt(seeds)];
        for (int q : drawn) {
          sum += seed[q];
        }
      }
      means[r] = sum / seeds / questions;
    }
    Arrays.sort(means);
    double mean = Arrays.stream(differences).flatMapToDouble(Arrays::stream).average().orElse(0);
    return new Interval(mean, quantile(means, 0.025), quantile(means, 0.975));
  }

  /** Between the two nearest values. */
  private static double quantile(double[] sorted, double share) {
    double at = share * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}
