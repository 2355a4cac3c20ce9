package io.relook.objective;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Choices of tokens over a whole step: 1 for a chosen token, 0 for the others. */
public final class TokenSelection {
  private TokenSelection() {}

  /**
   * Counted tokens whose entropy is at least the (1 - share) quantile of the counted tokens',
   * values between two of them interpolated (arXiv 2506.01939).
   */
  public static double[][] topEntropy(double[][] entropies, double[][] mask, double share) {
    double[] all = Masked.counted(entropies, mask);
    if (all.length == 0) {
      return Masked.map(mask, (i, t) -> 0);
    }
    double least = quantile(all, 1 - share);
    return Masked.map(mask, (i, t) -> mask[i][t] > 0 && entropies[i][t] >= least ? 1 : 0);
  }

  /** As torch has it: the rank in float32, linear between neighbours. */
  static double quantile(double[] values, double q) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    float rank = (float) q * (sorted.length - 1);
    int below = (int) Math.floor(rank);
    int above = (int) Math.ceil(rank);
    return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
  }

  /**
   * (A - mean A)(log p - mean log p) of each token, means over the counted ones (arXiv 2505.22617).
   */
  static double[][] covariances(double[][] advantages, double[][] logProbs, double[][] mask) {
    double advantage = Masked.mean(advantages, mask);
    double logProb = Masked.mean(logProbs, mask);
    return Masked.map(mask, (i, t) -> (advantages[i][t] - advantage) * (logProbs[i][t] - logProb));
  }

  /** KL-Cov: the tokens of largest covariance, {@code share} of the counted ones, at least one. */
  public static double[][] largestCovariance(
      double[][] advantages, double[][] logProbs, double[][] mask, double share) {
    double[][] covariances = covariances(advantages, logProbs, mask);
    List<int[]> places = places(mask, (i, t) -> mask[i][t] > 0);
    places.sort(Comparator.comparingDouble(p -> -covariances[p[0]][p[1]]));
    int count = Math.max(1, (int) (places.size() * share));
    return marked(mask, places.subList(0, Math.min(count, places.size())));
  }

  /**
   * Clip-Cov: tokens that the ratio's clip leaves alone and whose covariance lies between the
   * bounds, in the order of {@code order}; at most {@code share} of the counted ones, at least one.
   */
  public static double[][] betweenCovariances(
      double[][] advantages,
      double[][] logProbs,
      double[][] old,
      double[][] mask,
      ClipBounds clip,
      double least,
      double most,
      double share,
      Order order) {
    double[][] covariances = covariances(advantages, logProbs, mask);
    List<int[]> places =
        places(
            mask,
            (i, t) ->
                mask[i][t] > 0
                    && covariances[i][t] > least
                    && covariances[i][t] < most
                    && !clip.acts(Math.exp(logProbs[i][t] - old[i][t]), advantages[i][t]));
    order.arrange(places);
    int count = Math.max(1, (int) (Masked.count(mask) * share));
    return marked(mask, places.subList(0, Math.min(count, places.size())));
  }

  /** Puts places (row, token), given row by row, in the order in which they are taken. */
  public interface Order {
    void arrange(List<int[]> places);
  }

  private static List<int[]> places(double[][] mask, Masked.Predicate holds) {
    List<int[]> places = new ArrayList<>();
    for (int i = 0; i < mask.length; i++) {
      for (int t = 0; t < mask[i].length; t++) {
        if (holds.at(i, t)) {
          places.add(new int[] {i, t});
        }
      }
    }
    return places;
  }

  private static double[][] marked(double[][] mask, List<int[]> places) {
    double[][] marked = Masked.map(mask, (i, t) -> 0);
    for (int[] place : places) {
      marked[place[0]][place[1]] = 1;
    }
    return marked;
  }
}
