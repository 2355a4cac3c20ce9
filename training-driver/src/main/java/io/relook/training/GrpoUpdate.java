package io.relook.training;

import io.relook.lakehouse.Rows;
import io.relook.model.engine.Divergence;
import io.relook.model.engine.PolicyRow;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.objective.ClipBounds;
import io.relook.preset.ObjectiveValues;
import io.relook.preset.Preset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** The update of a GRPO step: samples → targets → one optimizer step. */
final class GrpoUpdate {
  private final TrainableModel model;
  private final TrainableModel reference;
  private final RowPrompts prompts;
  private final Preset.Grpo grpo;
  private final PolicyStep objective;

  /**
   * @param reference null where the objective has no divergence
   */
  GrpoUpdate(
      TrainableModel model,
      TrainableModel reference,
      RowPrompts prompts,
      Preset.Grpo grpo,
      PolicyStep objective) {
    this.model = model;
    this.reference = reference;
    this.prompts = prompts;
    this.grpo = grpo;
    this.objective = objective;
  }

  OptimizerStep.Done make(OptimizerStep optimizer, List<TrainingRow> rows, double rate) {
    ObjectiveValues values = grpo.objective();
    return optimizer.policy(
        rows,
        values.policy(grpo.temperature()),
        new ClipBounds(values.clipLow(), values.clipHigh()),
        rate);
  }

  /**
   * What samples lose of their rewards where the divergence from the reference acts there: beta
   * times the sum over their tokens.
   */
  double[] penalty(List<Rows.Trajectory> samples) {
    double[] penalties = new double[samples.size()];
    if (!grpo.objective().isDivergenceInReward() || samples.isEmpty()) {
      return penalties;
    }
    int[] answered =
        IntStream.range(0, penalties.length)
            .filter(i -> !samples.get(i).completionIds().isEmpty())
            .toArray();
    List<Rows.Trajectory> compared = IntStream.of(answered).mapToObj(samples::get).toList();
    double[][] sampling = sampling(compared);
    List<PolicyRow> measuring = PolicyStep.measuring(new PolicyStep.Samples(sampling, null, null));
    double[][] away = scores(reference, bare(compared, measuring)).logProbs();
    Divergence divergence = grpo.objective().divergenceFromReference();
    for (int i = 0; i < answered.length; i++) {
      for (int t = 0; t < sampling[i].length; t++) {
        penalties[answered[i]] +=
            grpo.objective().beta() * divergence.of(sampling[i][t], away[i][t]);
      }
    }
    return penalties;
  }

  /** The samples' rows, with what the objective wants of each token. */
  List<TrainingRow> rows(List<GrpoBatch.Sample> samples) {
    List<Rows.Trajectory> sampled = samples.stream().map(GrpoBatch.Sample::trajectory).toList();
    boolean[] truncated = new boolean[samples.size()];
    for (int i = 0; i < truncated.length; i++) {
      truncated[i] = samples.get(i).isTruncated();
    }
    double[] advantages = samples.stream().mapToDouble(GrpoBatch.Sample::advantage).toArray();
    PolicyStep.Samples step = new PolicyStep.Samples(sampling(sampled), advantages, truncated);
    List<TrainingRow> bare = bare(sampled, PolicyStep.measuring(step));
    boolean compares = reference != null && !grpo.objective().isDivergenceInReward();
    PolicyStep.Scores own = grpo.objective().needsScores() ? scores(model, bare) : null;
    PolicyStep.Scores away = compares ? scores(reference, bare) : null;
    List<PolicyRow> targets = objective.rows(step, own, away);
    return IntStream.range(0, bare.size())
        .mapToObj(i -> bare.get(i).with(targets.get(i)))
        .toList();
  }

  private static double[][] sampling(List<Rows.Trajectory> samples) {
    return samples.stream()
        .map(s -> s.logProbs().stream().mapToDouble(Float::doubleValue).toArray())
        .toArray(double[][]::new);
  }

  private List<TrainingRow> bare(List<Rows.Trajectory> samples, List<PolicyRow> targets) {
    Set<String> images = new HashSet<>();
    samples.forEach(s -> images.addAll(s.imageIds()));
    prompts.prepare(images);
    List<TrainingRow> bare = new ArrayList<>();
    for (int i = 0; i < samples.size(); i++) {
      Rows.Trajectory t = samples.get(i);
      int[] ids = t.completionIds().stream().mapToInt(Integer::intValue).toArray();
      bare.add(new TrainingRow(prompts.of(t.promptIds(), t.imageIds()), ids, targets.get(i)));
    }
    return bare;
  }

  private PolicyStep.Scores scores(TrainableModel scored, List<TrainingRow> rows) {
    return PolicyStep.scores(scored, rows, grpo.tokenBudget(), grpo.temperature());
  }
}
