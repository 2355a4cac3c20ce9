package io.relook.training;

/**
 * Group-relative advantages: (r - mean) / (s + ε) over a query's samples, s with n - 1 (GRPO, arXiv
 * 2402.03300; ε = 1e-4 and the n - 1 as TRL). Samples without a reward (NaN) do not count and get
 * 0.
 */
final class Advantages {
  private static final double EPSILON = 1e-4;

  private Advantages() {}

  static double[] of(double[] rewards) {
    int n = 0;
    double sum = 0;
    for (double reward : rewards) {
      if (!Double.isNaN(reward)) {
        n++;
        sum += reward;
      }
    }
    double mean = n == 0 ? 0 : sum / n;
    double squares = 0;
    for (double reward : rewards) {
      squares += Double.isNaN(reward) ? 0 : (reward - mean) * (reward - mean);
    }
    double deviation = n < 2 ? 0 : Math.sqrt(squares / (n - 1));
    double[] advantages = new double[rewards.length];
    for (int i = 0; i < rewards.length; i++) {
      advantages[i] = Double.isNaN(rewards[i]) ? 0 : (rewards[i] - mean) / (deviation + EPSILON);
    }
    return advantages;
  }
}
