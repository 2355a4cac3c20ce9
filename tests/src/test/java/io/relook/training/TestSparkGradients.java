package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.relook.TestSession;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.Objective;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.model.spark.ModelPool;
import io.relook.preset.Preset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A step's gradient in Spark tasks against the same shards in this process. */
final class TestSparkGradients {
  private static final Objective LOSS = new Objective.CrossEntropy();
  private static final Preset.Train THREE =
      new Preset.Train(
          "float32", null, null, false, 3, 3, null, new Preset.AdamW(0.9, 0.999, 1e-8));

  @TempDir Path folder;

  @Test
  void shardsAddUpToTheSameBitsAndFollowTheWeights() {
    EmbeddedModel.unpack(folder, false);
    EmbeddedModel.randomise(folder, 3);
    List<List<TrainingRow>> packs = packs();
    try (Checkpoint checkpoint = Checkpoint.open(folder.toString(), new Configuration());
        TrainableModel spread = load(checkpoint);
        TrainableModel alone = load(checkpoint);
        TrainableModel whole = load(checkpoint)) {
      Gradients gradients =
          new SparkGradients(
              new JavaSparkContext(TestSession.spark().sparkContext()),
              new ReplicaSetup("stage", folder.toString(), THREE, 1),
              THREE.shards());
      for (int step = 0; step < 2; step++) {
        Gradients.Done done = gradients.add(spread, packs, LOSS);
        Gradients.Done local = Gradients.here().add(whole, packs, LOSS);
        for (int i = 0; i < packs.size(); i++) {
          assertEquals(local.outcomes().get(i).loss(), done.outcomes().get(i).loss());
        }
        float[][] sum = inShards(alone, packs);
        assertArrayEquals(sum, spread.gradients(), "step " + step);
        close(whole.gradients(), spread.gradients());
        for (TrainableModel model : List.of(spread, alone, whole)) {
          model.step(1e-3, TrainableModel.AdamW.standard());
        }
        assertArrayEquals(alone.learntValues(), spread.learntValues());
        whole.setLearntValues(spread.learntValues());
      }
    }
  }

  /** The row's tokens are in no vocabulary: without the check the pass itself refuses them. */
  @Test
  void anExecutorRefusesWhatDoesNotFitIntoItsMemory() {
    EmbeddedModel.unpack(folder, false);
    EmbeddedModel.randomise(folder, 3);
    int[] tokens = new int[(int) (MemoryCheck.free() / 150_000)];
    Arrays.fill(tokens, 5000);
    Prompt prompt = new Prompt(new int[] {10}, List.of());
    TrainingRow row = TrainingRow.supervised(prompt, tokens, new float[tokens.length]);
    try (Checkpoint checkpoint = Checkpoint.open(folder.toString(), new Configuration());
        TrainableModel model = load(checkpoint)) {
      Gradients gradients =
          new SparkGradients(
              new JavaSparkContext(TestSession.spark().sparkContext()),
              new ReplicaSetup("large", folder.toString(), THREE, 1),
              THREE.shards());
      Exception error =
          assertThrows(Exception.class, () -> gradients.add(model, List.of(List.of(row)), LOSS));
      assertTrue(
          error.getCause().getMessage().startsWith("Training needs about"), error.toString());
    }
  }

  @Test
  void anAdapterAloneTravels() {
    EmbeddedModel.unpack(folder, false);
    EmbeddedModel.randomise(folder, 5);
    Preset.Train lora =
        new Preset.Train(
            "float32",
            null,
            new Preset.Lora(4, 8, false, "all-linear", ".*visual.*"),
            false,
            3,
            3,
            null,
            new Preset.AdamW(0.9, 0.999, 1e-8));
    List<List<TrainingRow>> packs = packs();
    try (Checkpoint checkpoint = Checkpoint.open(folder.toString(), new Configuration());
        TrainableModel spread = load(checkpoint, lora);
        TrainableModel alone = load(checkpoint, lora)) {
      Gradients gradients =
          Gradients.onSpark(
              new JavaSparkContext(TestSession.spark().sparkContext()),
              "adapter",
              folder.toString(),
              lora,
              1);
      Gradients.Done done = gradients.add(spread, packs, LOSS);
      assertArrayEquals(inShards(alone, packs), spread.gradients());
      assertTrue(
          done.seconds()
              .keySet()
              .containsAll(List.of("send_weights", "wait_for_shards", "add_gradients")),
          done.seconds().toString());
    }
  }

  private static TrainableModel load(Checkpoint checkpoint, Preset.Train train) {
    return TrainableModel.load(
        ModelPool.program(Device.cpu(), 1),
        checkpoint,
        Policies.setup(train, Policies.freshAdapter(train.lora(), checkpoint.config(), 9)));
  }

  /** Shard by shard, each from zero; they stay in the model's sums. */
  private static float[][] inShards(TrainableModel model, List<List<TrainingRow>> packs) {
    List<float[][]> shards = new ArrayList<>();
    for (int shard = 0; shard < 3; shard++) {
      model.clearGradient();
      for (int i = shard; i < packs.size(); i += 3) {
        model.forwardBackward(packs.get(i), LOSS);
      }
      shards.add(model.gradients());
    }
    model.clearGradient();
    shards.forEach(model::addGradients);
    return model.gradients();
  }

  private static void close(float[][] one, float[][] other) {
    for (int i = 0; i < one.length; i++) {
      double apart = 0;
      double norm = 0;
      for (int k = 0; k < one[i].length; k++) {
        apart += (one[i][k] - other[i][k]) * (one[i][k] - other[i][k]);
        norm += one[i][k] * one[i][k];
      }
      assertEquals(0, Math.sqrt(apart), 1e-4 * Math.sqrt(norm) + 1e-9, "weight " + i);
    }
  }

  private static TrainableModel load(Checkpoint checkpoint) {
    return TrainableModel.load(ModelPool.program(Device.cpu(), 1), checkpoint);
  }

  private static List<List<TrainingRow>> packs() {
    Random random = new Random(5);
    List<TrainingRow> rows = new ArrayList<>();
    for (int p = 0; p < 5; p++) {
      Prompt prompt = new Prompt(random.ints(6, 10, 400).toArray(), List.of());
      for (int k = 0; k < 3; k++) {
        int[] completion = random.ints(4 + random.nextInt(12), 10, 400).toArray();
        float[] weights = new float[completion.length];
        Arrays.fill(weights, 1f / 15 / completion.length);
        rows.add(TrainingRow.supervised(prompt, completion, weights));
      }
    }
    return MicroBatches.of(rows, 48);
  }
}
