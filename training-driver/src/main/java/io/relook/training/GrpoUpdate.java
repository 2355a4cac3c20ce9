package io.relook.training;

import io.relook.lakehouse.Rows;
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

  /** The samples' rows, with what the objective wants of each token. */
  List<TrainingRow> rows(List<GrpoBatch.Sample> samples) {
    Set<String> images = new HashSet<>();
    samples.forEach(s -> images.addAll(s.trajectory().imageIds()));
    prompts.prepare(images);
    int count = samples.size();
    double[][] sampling = new double[count][];
    double[] advantages = new double[count];
    boolean[] truncated = new boolean[count];
    for (int i = 0; i < count; i++) {
      GrpoBatch.Sample sample = samples.get(i);
      sampling[i] =
          sample.trajectory().logProbs().stream().mapToDouble(Float::doubleValue).toArray();
      advantages[i] = sample.advantage();
      truncated[i] = sample.isTruncated();
    }
    PolicyStep.Samples step = new PolicyStep.Samples(sampling, advantages, truncated);
    List<TrainingRow> bare = new ArrayList<>();
    List<PolicyRow> measuring = PolicyStep.measuring(step);
    for (int i = 0; i < count; i++) {
      Rows.Trajectory t = samples.get(i).trajectory();
      int[] ids = t.completionIds().stream().mapToInt(Integer::intValue).toArray();
      bare.add(new TrainingRow(prompts.of(t.promptIds(), t.imageIds()), ids, measuring.get(i)));
    }
    PolicyStep.Scores own = grpo.objective().needsScores() ? scores(model, bare) : null;
    PolicyStep.Scores away = reference == null ? null : scores(reference, bare);
    List<PolicyRow> targets = objective.rows(step, own, away);
    return IntStream.range(0, count).mapToObj(i -> bare.get(i).with(targets.get(i))).toList();
  }

  private PolicyStep.Scores scores(TrainableModel scored, List<TrainingRow> rows) {
    return PolicyStep.scores(scored, rows, grpo.tokenBudget(), grpo.temperature());
  }
}
