package io.relook.training;

import io.relook.model.engine.Objective;
import io.relook.model.engine.PolicyRow;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.objective.Aggregation;
import io.relook.objective.Masked;
import io.relook.objective.OutcomeAdvantages;
import io.relook.objective.OverlongPenalty;
import io.relook.objective.PolicyRows;
import io.relook.objective.SamplerCorrection;
import io.relook.objective.TokenSelection;
import io.relook.preset.ObjectiveValues;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * A preset's objective for one step: rewards to advantages, and samples to rows whose weights hold
 * the whole step's divisors, token masks and corrections.
 */
final class PolicyStep {
  private final ObjectiveValues values;
  private final int maxNewTokens;

  PolicyStep(ObjectiveValues values, int maxNewTokens) {
    this.values = values;
    this.maxNewTokens = maxNewTokens;
  }

  /**
   * Samples of a step, one row each.
   *
   * @param truncated reached the budget
   * @param sampling the sampler's log-probabilities
   */
  record Samples(double[][] sampling, double[] advantages, boolean[] truncated) {}

  /** Log-probabilities and entropies of the samples' tokens; either may be null. */
  record Scores(double[][] logProbs, double[][] entropies) {}

  ObjectiveValues.FilterGroups filterGroups() {
    return values.filterGroups();
  }

  /** Rewards as they are compared: long answers are punished where the objective says so. */
  double shaped(double reward, long length) {
    int cache = values.overlongCache();
    return cache == 0 ? reward : reward + new OverlongPenalty(maxNewTokens, cache).of(length);
  }

  /** Of all samples of a step at once; NaN is a reward that could not be computed. */
  double[] advantages(double[] rewards, double[] lengths, long[] groups) {
    return new OutcomeAdvantages.Normalised(
            OutcomeAdvantages.Scale.valueOf(values.scale().name()),
            values.scaleEpsilon(),
            OutcomeAdvantages.Alone.valueOf(values.alone().name()))
        .of(rewards, lengths, groups);
  }

  /**
   * @param own the policy's own before the update; null where {@link ObjectiveValues#needsScores}
   *     does not ask for it
   * @param reference null where the objective has no divergence
   */
  List<PolicyRow> rows(Samples samples, Scores own, Scores reference) {
    double[][] mask =
        Masked.map(
            samples.sampling, (i, t) -> values.maskTruncated() && samples.truncated[i] ? 0 : 1);
    double[][] shares = aggregation().weights(mask);
    double[][] chosen =
        values.topEntropyShare() < 1
            ? TokenSelection.topEntropy(own.entropies, mask, values.topEntropyShare())
            : mask;
    boolean gamma = values.loss() == ObjectiveValues.Loss.GAMMA;
    double[][] corrections = corrections(samples, own, mask);
    double[][] weights =
        Masked.map(
            mask,
            (i, t) ->
                shares[i][t]
                    * (mask[i][t] > 0 ? chosen[i][t] : 1)
                    * (corrections == null || gamma ? 1 : corrections[i][t]));
    return new PolicyRows(
            mask,
            Masked.map(mask, (i, t) -> samples.advantages[i]),
            weights,
            values.old() == ObjectiveValues.Old.SAMPLER ? samples.sampling : null,
            reference == null ? null : reference.logProbs,
            samples.sampling,
            shares,
            Aggregation.local(Aggregation.Mode.TOKEN_MEAN, 1).weights(chosen),
            null,
            corrections == null || !gamma
                ? null
                : PolicyRows.logCorrection(corrections, mask, bySequence()))
        .rows();
  }

  /** A row of each sample that only measures. */
  static List<PolicyRow> measuring(Samples samples) {
    double[][] none = Masked.each(samples.sampling, x -> 0);
    return PolicyRows.of(Masked.each(none, x -> 1), none, none, null).rows();
  }

  /** Scores of rows in their order, micro-batch by micro-batch. */
  static Scores scores(
      TrainableModel model, List<TrainingRow> rows, int tokenBudget, double temperature) {
    Objective objective = Objective.Policy.clipped(0, 0, temperature);
    double[][] logProbs = new double[rows.size()][];
    double[][] entropies = new double[rows.size()][];
    // By identity: two samples may hold the same tokens.
    Map<TrainingRow, Integer> places = new IdentityHashMap<>();
    for (int i = 0; i < rows.size(); i++) {
      places.put(rows.get(i), i);
    }
    List<List<TrainingRow>> packs = MicroBatches.of(rows, tokenBudget);
    List<TrainableModel.Outcome> outcomes = model.scoreAll(packs, objective);
    for (int i = 0; i < packs.size(); i++) {
      TrainableModel.Outcome outcome = outcomes.get(i);
      int at = 0;
      for (TrainingRow row : packs.get(i)) {
        int place = places.get(row);
        logProbs[place] = part(outcome.logProbs(), at, row.completion().length);
        entropies[place] = part(outcome.entropies(), at, row.completion().length);
        at += row.completion().length;
      }
    }
    return new Scores(logProbs, entropies);
  }

  private Aggregation aggregation() {
    return new Aggregation(
        Aggregation.Mode.valueOf(values.aggregation().name()),
        null,
        null,
        values.constantLength() == 0 ? maxNewTokens : values.constantLength(),
        values.emptyRows(),
        1,
        1);
  }

  private double[][] corrections(Samples samples, Scores own, double[][] mask) {
    if (values.correction() == ObjectiveValues.Correction.NONE) {
      return null;
    }
    boolean masks = values.correction().name().endsWith("MASK");
    return new SamplerCorrection(
            bySequence(),
            masks ? SamplerCorrection.Outside.ZERO : SamplerCorrection.Outside.TRUNCATED,
            values.correctionLeast() == null ? 0 : values.correctionLeast(),
            infinite(values.correctionMost()),
            infinite(values.correctionLogBound()),
            false)
        .weights(own.logProbs, samples.sampling, mask);
  }

  private boolean bySequence() {
    return values.correction().name().startsWith("SEQUENCE");
  }

  private static double infinite(Double bound) {
    return bound == null ? Double.POSITIVE_INFINITY : bound;
  }

  private static double[] part(float[] values, int from, int count) {
    double[] part = new double[count];
    for (int i = 0; i < count; i++) {
      part[i] = values[from + i];
    }
    return part;
  }
}
