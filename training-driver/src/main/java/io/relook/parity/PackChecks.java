package io.relook.parity;

import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.ExpectedTensors;
import io.relook.model.engine.Objective;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.model.torch.TorchProgram;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rows that share their prompt, several prompts in one pack, against each row alone: no reference's
 * numbers, but the engine's own. Once as gradients usually run, once with blocks and logits
 * computed again, in slices, once in lanes, once with libtorch's attention over groups of rows.
 */
final class PackChecks {
  private static final Objective LOSS = new Objective.CrossEntropy();

  private static final long ALL = Integer.MAX_VALUE;

  private PackChecks() {}

  /** Each row's weights hold the divisors of all. */
  static void run(
      Report report,
      String model,
      TorchProgram program,
      Checkpoint checkpoint,
      List<TrainingRow> rows) {
    try (TrainableModel trained = TrainableModel.load(program, checkpoint)) {
      double alone = 0;
      for (TrainingRow row : rows) {
        alone += trained.forwardBackward(List.of(row), LOSS).loss();
      }
      Check check = new Check(report, trained, rows, alone, gradients(trained));
      check.run(model + ".pack.");
      trained.setRecompute(true);
      trained.setLogitsAtOnce(64L * trained.config().text().vocabSize());
      check.run(model + ".pack.recomputed.");
      trained.setRecompute(false);
      trained.setLogitsAtOnce(ALL);
      trained.setLanes(2);
      check.run(model + ".pack.lanes.");
      trained.setLanes(0);
      trained.setLongestByHand(0);
      check.run(model + ".pack.groups.");
    }
  }

  /** Against the loss and the gradients of each row alone. */
  private record Check(
      Report report,
      TrainableModel trained,
      List<TrainingRow> rows,
      double loss,
      Map<String, float[]> gradients) {
    void run(String at) {
      trained.clearGradient();
      double together = trained.forwardBackward(rows, LOSS).loss();
      report.within(at + "loss", Math.abs(together - loss), Tolerance.LOSS);
      double worst = 0;
      for (Map.Entry<String, float[]> now : PackChecks.gradients(trained).entrySet()) {
        float[] before = gradients.get(now.getKey());
        worst = Math.max(worst, Numbers.relative(now.getValue(), before));
      }
      report.within(at + "gradients (worst)", worst, Tolerance.GRADIENT);
    }
  }

  private static Map<String, float[]> gradients(TrainableModel model) {
    Map<String, float[]> gradients = new LinkedHashMap<>();
    for (String name : ExpectedTensors.of(model.config()).keySet()) {
      gradients.put(name, model.gradient(name));
    }
    return gradients;
  }
}
