package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.relook.model.spark.ModelPool;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TestPretrainer {
  @TempDir Path folder;

  /** Four steps, of which the first is lessons, and three of the last part. */
  @Test
  void randomWeightsAreTrainedAndAFinishedTrainingStays() throws Exception {
    Path out = folder.resolve("policy");
    EmbeddedModel.unpack(out, false);
    EmbeddedModel.randomise(out, 1);
    Path weights = out.resolve("model.safetensors");
    byte[] random = Files.readAllBytes(weights);
    double loss = pretrainer(out).run();
    assertTrue(loss > 0 && Double.isFinite(loss), "loss " + loss);
    byte[] trained = Files.readAllBytes(weights);
    assertFalse(Arrays.equals(random, trained));
    // Killed between the two files of its last save, which first overwrote the weights.
    Path saved = Files.createDirectories(folder.resolve("policy.saved"));
    Path optimizer = out.resolve("optimizer.safetensors");
    byte[] moments = Files.readAllBytes(optimizer);
    Files.move(optimizer, saved.resolve("optimizer.safetensors"));
    pretrainer(out).run();
    assertArrayEquals(trained, Files.readAllBytes(weights));
    assertArrayEquals(moments, Files.readAllBytes(optimizer));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(out), left.toList(), "nothing beside the policy");
    }
    // Killed there too, and then the policy was deleted to begin anew.
    Files.move(out, saved);
    pretrainer(out).run();
    assertArrayEquals(trained, Files.readAllBytes(weights));
    assertFalse(Files.exists(saved));
  }

  private static Pretrainer pretrainer(Path out) {
    return new Pretrainer(
        new Pretrainer.Config(
            out, 1, new Pretrainer.Part(4, 1e-3), new Pretrainer.Part(3, 1e-4), 2, 1, 6),
        ModelPool.program(Device.cpu(), 1),
        new PrintWriter(new StringWriter()));
  }
}
