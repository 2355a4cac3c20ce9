package io.relook.training;

import io.relook.model.engine.Objective;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.preset.Preset;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;

/** Where the gradient of a step's packs is computed; it ends up in the model's sums. */
public interface Gradients {
  /**
   * @param outcomes of the packs, in their order
   * @param seconds by where they were spent, such as {@code shard 0 on executor 1}
   */
  record Done(List<TrainableModel.Outcome> outcomes, Map<String, Double> seconds) {}

  Done add(TrainableModel model, List<List<TrainingRow>> packs, Objective objective);

  /** In this process. */
  static Gradients here() {
    return (model, packs, objective) ->
        new Done(model.forwardBackwardAll(packs, objective), Map.of());
  }

  /**
   * In Spark tasks, {@code train.shards} of them.
   *
   * @param stage names this life of the stage: executors load their policy again for another one
   * @param uri of the version that the stage began with
   * @param threads of the engine in each executor
   */
  static Gradients onSpark(
      JavaSparkContext spark, String stage, String uri, Preset.Train train, int threads) {
    return new SparkGradients(spark, new ReplicaSetup(stage, uri, train, threads), train.shards());
  }
}
