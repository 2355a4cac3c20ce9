package io.relook.training;

import io.relook.model.engine.Objective;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Where the gradient of a step's packs is computed; it ends up in the model's sums. */
interface Gradients {
  /**
   * @param outcomes of the packs, in their order
   * @param seconds by where they were spent, such as {@code shard 0 on 10.0.0.7}
   */
  record Done(List<TrainableModel.Outcome> outcomes, Map<String, Double> seconds) {}

  Done add(TrainableModel model, List<List<TrainingRow>> packs, Objective objective);

  /** In this process, one pack after the other. */
  static Gradients here() {
    return (model, packs, objective) -> {
      List<TrainableModel.Outcome> outcomes = new ArrayList<>();
      for (List<TrainingRow> pack : packs) {
        outcomes.add(model.forwardBackward(pack, objective));
      }
      return new Done(outcomes, Map.of());
    };
  }
}
