package io.relook.objective;

import java.util.Arrays;

/** Advantages token by token, from rewards (B, T); all rows have the same length. */
public final class TokenAdvantages {
  private TokenAdvantages() {}

  /** Both (B, T). */
  public record Estimates(double[][] advantages, double[][] returns) {}

  /** One value a row for each of its counted tokens; the returns are the same. */
  public static Estimates spread(double[] outcomes, double[][] mask) {
    double[][] all = Masked.map(mask, (i, t) -> outcomes[i] * mask[i][t]);
    return new Estimates(all, all);
  }

  /** As {@link #spread}, whitened over counted tokens (REINFORCE++-baseline, arXiv 2501.03262). */
  public static Estimates spreadWhitened(double[] outcomes, double[][] mask) {
    double[][] all = counted(Masked.whitened(spread(outcomes, mask).advantages, mask), mask);
    return new Estimates(all, all);
  }

  /**
   * Discounted returns, whitened (REINFORCE++, arXiv 2501.03262). What lies between counted tokens
   * is skipped: neither its reward nor a step of discount counts.
   */
  public static Estimates discounted(double[][] rewards, double[][] mask, double gamma) {
    double[][] returns = new double[rewards.length][];
    for (int i = 0; i < returns.length; i++) {
      returns[i] = new double[rewards[i].length];
      double running = 0;
      for (int t = returns[i].length - 1; t >= 0; t--) {
        if (mask[i][t] > 0) {
          running = rewards[i][t] + gamma * running;
          returns[i][t] = running;
        }
      }
    }
    return new Estimates(counted(Masked.whitened(returns, mask), mask), returns);
  }

  /** Rewards to go minus one baseline a row (ReMax, arXiv 2310.10505). */
  public static Estimates minusBaselines(double[][] rewards, double[][] mask, double[] baselines) {
    double[][] returns = rewardsToGo(rewards, mask);
    return new Estimates(
        Masked.map(mask, (i, t) -> returns[i][t] - baselines[i] * mask[i][t]), returns);
  }

  /**
   * Generalised advantage estimation (arXiv 1506.02438), whitened over counted tokens; tokens that
   * do not count are skipped and carry the value of the next one that does. Returns are before
   * whitening.
   */
  public static Estimates generalised(
      double[][] rewards, double[][] values, double[][] mask, double gamma, double lambda) {
    double[][] advantages = new double[rewards.length][];
    for (int i = 0; i < advantages.length; i++) {
      advantages[i] = new double[rewards[i].length];
      double next = 0;
      double last = 0;
      for (int t = advantages[i].length - 1; t >= 0; t--) {
        if (mask[i][t] > 0) {
          last = rewards[i][t] + gamma * next - values[i][t] + gamma * lambda * last;
          next = values[i][t];
        }
        advantages[i][t] = last;
      }
    }
    double[][] returns = Masked.map(mask, (i, t) -> advantages[i][t] + values[i][t]);
    return new Estimates(Masked.whitened(advantages, mask), returns);
  }

  /**
   * Rewards to go minus, at each step, the group's mean of them weighted by W, the cumulated 1 - 2p
   * + Σp² of the row (times the square of its sampler correction): the baseline of least variance
   * (verl calls it the optimal token baseline). Steps count places in the row, or, for
   * conversations with tokens of others between, counted tokens alone. The longest row has no
   * baseline where it is alone; nor has a group of one.
   *
   * @param corrections (B, T) or null
   */
  public static Estimates optimalBaseline(
      double[][] rewards,
      double[][] mask,
      long[] groups,
      double[][] logProbs,
      double[][] sumOfSquares,
      double[][] corrections,
      boolean countedSteps,
      double epsilon) {
    double[][] returns = rewardsToGo(rewards, mask);
    double[][] weights = new double[mask.length][];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = new double[mask[i].length];
      double running = 0;
      for (int t = 0; t < weights[i].length; t++) {
        double own = 1 - 2 * Math.exp(logProbs[i][t]) + sumOfSquares[i][t];
        double correction = corrections == null ? 1 : corrections[i][t];
        running += mask[i][t] > 0 ? own * correction * correction : 0;
        weights[i][t] = running;
      }
    }
    double[][] advantages = counted(returns, mask);
    for (int[] group : OutcomeAdvantages.members(groups)) {
      int[] rows =
          countedSteps
              ? Arrays.stream(group).filter(i -> Masked.sum(mask[i]) > 0).toArray()
              : group;
      if (rows.length > 1) {
        int[][] places = new int[mask.length][];
        for (int i : rows) {
          places[i] = places(mask[i], countedSteps);
        }
        subtractBaseline(advantages, rows, places, returns, weights, mask, epsilon);
      }
    }
    return new Estimates(advantages, returns);
  }

  private static void subtractBaseline(
      double[][] advantages,
      int[] rows,
      int[][] places,
      double[][] returns,
      double[][] weights,
      double[][] mask,
      double epsilon) {
    int[] sorted = Arrays.stream(rows).map(i -> (int) Masked.sum(mask[i])).sorted().toArray();
    int longest = sorted[sorted.length - 1];
    int second = sorted[sorted.length - 2];
    int steps = Arrays.stream(rows).map(i -> places[i].length).max().orElse(0);
    for (int step = 0; step < steps; step++) {
      double numerator = 0;
      double denominator = epsilon;
      for (int i : rows) {
        if (step < places[i].length && mask[i][places[i][step]] > 0) {
          numerator += returns[i][places[i][step]] * weights[i][places[i][step]];
          denominator += weights[i][places[i][step]];
        }
      }
      for (int i : rows) {
        boolean aloneHere = Masked.sum(mask[i]) == longest && second < longest && step >= second;
        if (step < places[i].length && mask[i][places[i][step]] > 0 && !aloneHere) {
          advantages[i][places[i][step]] -= numerator / denominator;
        }
      }
    }
  }

  private static int[] places(double[] mask, boolean counted) {
    return java.util.stream.IntStream.range(0, mask.length)
        .filter(t -> !counted || mask[t] > 0)
        .toArray();
  }

  private static double[][] rewardsToGo(double[][] rewards, double[][] mask) {
    double[][] returns = new double[rewards.length][];
    for (int i = 0; i < returns.length; i++) {
      returns[i] = new double[rewards[i].length];
      double running = 0;
      for (int t = returns[i].length - 1; t >= 0; t--) {
        running += mask[i][t] > 0 ? rewards[i][t] : 0;
        returns[i][t] = running;
      }
    }
    return returns;
  }

  private static double[][] counted(double[][] values, double[][] mask) {
    return Masked.map(mask, (i, t) -> mask[i][t] > 0 ? values[i][t] : 0);
  }
}
