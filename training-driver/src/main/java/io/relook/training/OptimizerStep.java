package io.relook.training;

import io.relook.lakehouse.RelookException;
import io.relook.model.engine.Objective;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.objective.ClipBounds;
import io.relook.preset.Preset;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An optimizer step: the gradient of all rows in packs, clipping, AdamW. What is not finite, or
 * further from its sampler than the preset allows, leaves the weights as they are.
 */
final class OptimizerStep {
  private static final ClipBounds UNBOUNDED = new ClipBounds(1, Double.POSITIVE_INFINITY);

  private final TrainableModel model;
  private final Gradients gradients;
  private final Preset.Train train;
  private final int tokenBudget;
  private final double longestGradient;
  private final TrainableModel.AdamW adamw;
  private int skipped;

  /**
   * @param skipped steps of the stage so far, by runs before this one
   */
  OptimizerStep(
      TrainableModel model,
      Gradients gradients,
      Preset.Train train,
      int tokenBudget,
      double longestGradient,
      double weightDecay,
      int skipped) {
    this.model = model;
    this.gradients = gradients;
    this.train = train;
    this.tokenBudget = tokenBudget;
    this.longestGradient = longestGradient;
    Preset.AdamW moments = train.adamw();
    this.adamw =
        new TrainableModel.AdamW(moments.beta1(), moments.beta2(), moments.epsilon(), weightDecay);
    this.skipped = skipped;
  }

  /**
   * @param norm of the gradient before clipping
   * @param skipped why the weights stayed, or null
   */
  record Done(
      StepMeasures measures, double norm, String skipped, Map<String, Double> secondsByPart) {}

  Done supervised(List<TrainingRow> rows, double rate) {
    return make(rows, new Objective.CrossEntropy(), UNBOUNDED, null, rate);
  }

  Done policy(List<TrainingRow> rows, Objective objective, ClipBounds bounds, double rate) {
    return make(rows, objective, bounds, train.maxSamplerGap(), rate);
  }

  private Done make(
      List<TrainingRow> rows, Objective objective, ClipBounds bounds, Double gate, double rate) {
    List<List<TrainingRow>> packs = MicroBatches.of(rows, tokenBudget);
    if (model.steps() == 0 && !packs.isEmpty()) {
      if (train.shards() == 1) {
        MemoryCheck.require(model, packs);
      } else {
        MemoryCheck.requireUpdate(model, packs);
      }
    }
    long began = System.nanoTime();
    StepMeasures measures = new StepMeasures(rows, bounds);
    Gradients.Done found = gradients.add(model, packs, objective);
    for (int i = 0; i < packs.size(); i++) {
      measures.add(packs.get(i), found.outcomes().get(i));
    }
    long backward = System.nanoTime();
    double norm = packs.isEmpty() ? 0 : model.clipGradient(longestGradient);
    String reason = packs.isEmpty() ? "no rows" : reason(measures, norm, gate);
    if (reason == null) {
      model.step(rate, adamw);
    } else if (!packs.isEmpty()) {
      model.clearGradient();
      skipped++;
    }
    Map<String, Double> seconds = new TreeMap<>(found.seconds());
    seconds.put("gradient", (backward - began) / 1e9);
    seconds.put("update", (System.nanoTime() - backward) / 1e9);
    return new Done(measures, norm, reason, seconds);
  }

  private static String reason(StepMeasures measures, double norm, Double gate) {
    if (!Double.isFinite(measures.loss())) {
      return "loss is " + measures.loss();
    }
    if (!Double.isFinite(norm)) {
      return "gradient norm is " + norm;
    }
    return gate != null && measures.largestGap() > gate
        ? "sampler and trainer differ by %.3g, more than %.3g"
            .formatted(measures.largestGap(), gate)
        : null;
  }

  /** Whether more steps were skipped than the preset allows. */
  boolean isOverBudget() {
    return skipped > train.skippedSteps();
  }

  /** To be asked once the step's row is written: an error where too many were skipped. */
  void requireBudget(Done last) {
    if (last.skipped != null && isOverBudget()) {
      throw new RelookException(
          RelookException.Category.DATA,
          "%d steps were skipped, train.skippedSteps allows %d; the last because %s. Look at training_steps; a lower rate or a lower maxGradientNorm may help, and train.dtype=float32."
              .formatted(skipped, train.skippedSteps(), last.skipped));
    }
  }
}
