package io.relook.report;

import io.relook.lakehouse.Rows;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Rows of the table {@code attention}, as means over layers and heads (our choice). */
final class HeadMeans {
  private final Map<String, Sum> sums = new HashMap<>();

  private static final class Sum {
    final double[] shares;
    int heads;

    Sum(int tokens) {
      this.shares = new double[tokens];
    }
  }

  void add(Rows.Attention head) {
    Sum sum = sums.computeIfAbsent(head.trajectoryId(), t -> new Sum(head.shares().size()));
    sum.heads++;
    for (int i = 0; i < Math.min(sum.shares.length, head.shares().size()); i++) {
      sum.shares[i] += head.shares().get(i);
    }
  }

  /** The share of each token; none where the table has no row of the trajectory. */
  Optional<double[]> of(String trajectoryId) {
    return Optional.ofNullable(sums.get(trajectoryId)).map(HeadMeans::mean);
  }

  /** As above; none also where rows or tokens are not as many. */
  Optional<double[]> of(String trajectoryId, int heads, int tokens) {
    return Optional.ofNullable(sums.get(trajectoryId))
        .filter(sum -> sum.heads == heads && sum.shares.length == tokens)
        .map(HeadMeans::mean);
  }

  private static double[] mean(Sum sum) {
    double[] mean = new double[sum.shares.length];
    for (int i = 0; i < mean.length; i++) {
      mean[i] = sum.shares[i] / sum.heads;
    }
    return mean;
  }
}
