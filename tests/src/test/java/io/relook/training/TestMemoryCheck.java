package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.relook.lakehouse.RelookException;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.MemoryEstimate;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.model.spark.ModelPool;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TestMemoryCheck {
  @TempDir Path folder;

  @Test
  void whatDoesNotFitIsRefusedWithTheKnobsThatHelp() {
    EmbeddedModel.unpack(folder, false);
    EmbeddedModel.randomise(folder, 1);
    List<TrainingRow> rows = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Prompt prompt = new Prompt(new int[] {10 + i, 20, 30}, List.of());
      rows.add(TrainingRow.supervised(prompt, new int[60], new float[60]));
    }
    try (Checkpoint checkpoint = Checkpoint.open(folder.toString(), new Configuration());
        TrainableModel model =
            TrainableModel.load(ModelPool.program(Device.cpu(), 1), checkpoint)) {
      MemoryEstimate whole = MemoryCheck.require(model, List.of(rows));
      assertEquals(12 * model.trainedValues(), whole.optimizer());
      // Layers that pass through count in both.
      assertTrue(whole.recomputed() < 0.6 * whole.activations(), whole.toString());
      MemoryEstimate half = MemoryCheck.require(model, List.of(rows.subList(0, 4)));
      assertEquals(2.0, (double) whole.activations() / half.activations(), 0.01);
      model.setRecompute(true);
      assertEquals(whole.recomputed(), MemoryCheck.require(model, List.of(rows)).activations());

      RelookException error =
          assertThrows(
              RelookException.class,
              () -> MemoryCheck.require(model, List.of(rows), whole.optimizer()));
      assertEquals(RelookException.Category.CONFIG, error.category());
      for (String knob : List.of("train.lora", "train.recompute", "tokenBudget")) {
        assertTrue(error.getMessage().contains(knob), error.getMessage());
      }
    }
  }
}
