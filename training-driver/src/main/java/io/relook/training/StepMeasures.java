package io.relook.training;

import io.relook.model.engine.ObjectiveProgram;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.objective.ClipBounds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a step's passes measured before the weights moved. */
final class StepMeasures {
  private final ClipBounds bounds;

  /** By identity: two samples may hold the same tokens. */
  private final Map<TrainingRow, Integer> places = new IdentityHashMap<>();

  private final double[] gaps;
  private final double[] lengths;
  private double loss;
  private double surrogate;
  private double divergence;
  private double weightedEntropy;
  private double entropy;
  private double away;
  private double ratios;
  private double leastRatio = Double.POSITIVE_INFINITY;
  private double mostRatio;
  private long clipped;
  private long tokens;

  /**
   * @param rows of the step, in the order in which they are told
   * @param bounds of the ratio
   */
  StepMeasures(List<TrainingRow> rows, ClipBounds bounds) {
    this.bounds = bounds;
    this.gaps = new double[rows.size()];
    this.lengths = rows.stream().mapToDouble(row -> row.completion().length).toArray();
    for (int i = 0; i < gaps.length; i++) {
      places.put(rows.get(i), i);
    }
  }

  void add(List<TrainingRow> pack, TrainableModel.Outcome outcome) {
    ObjectiveProgram.Sums sums = outcome.sums();
    loss += sums.loss();
    surrogate += sums.surrogate();
    divergence += sums.divergence();
    weightedEntropy += sums.entropy();
    int at = 0;
    for (TrainingRow row : pack) {
      int place = places.get(row);
      for (int i = 0; i < row.completion().length; i++, at++) {
        double ratio = outcome.ratios()[at];
        double gap = Math.abs(outcome.logProbs()[at] - row.targets().sampling()[i]);
        gaps[place] = Math.max(gaps[place], gap);
        leastRatio = Math.min(leastRatio, ratio);
        mostRatio = Math.max(mostRatio, ratio);
        ratios += ratio;
        clipped += bounds.acts(ratio, row.targets().advantages()[i]) ? 1 : 0;
        entropy += outcome.entropies()[at];
        away += outcome.divergences()[at];
        tokens++;
      }
    }
  }

  double loss() {
    return loss;
  }

  long tokens() {
    return tokens;
  }

  /** Mean of the policy's, in nats a token. */
  double entropy() {
    return entropy / tokens;
  }

  double clipFraction() {
    return (double) clipped / tokens;
  }

  double mostRatio() {
    return mostRatio;
  }

  double largestGap() {
    return Arrays.stream(gaps).max().orElse(0);
  }

  List<Double> gaps() {
    return Arrays.stream(gaps).boxed().toList();
  }

  Map<String, Double> lossParts() {
    return new TreeMap<>(
        Map.of("surrogate", surrogate, "divergence", divergence, "entropy", weightedEntropy));
  }

  /** Lengths of completions. */
  Map<String, Double> lengths() {
    return new TreeMap<>(
        Map.of(
            "length_mean", Arrays.stream(lengths).average().orElse(0),
            "length_max", Arrays.stream(lengths).max().orElse(0)));
  }

  /** Of the policy against its sampler and its reference, and of the advantages. */
  Map<String, Double> policy(List<Double> advantages, double truncated) {
    Map<String, Double> figures = lengths();
    double mean = mean(advantages);
    List<Double> squares = new ArrayList<>();
    advantages.forEach(a -> squares.add((a - mean) * (a - mean)));
    figures.put("advantage_mean", mean);
    figures.put("advantage_std", Math.sqrt(mean(squares)));
    figures.put("ratio_mean", ratios / tokens);
    figures.put("ratio_min", leastRatio);
    figures.put("divergence_mean", away / tokens);
    figures.put("truncated_share", truncated);
    return figures;
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElse(0);
  }
}
