package io.relook.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.djl.Device;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.GenerationRequest;
import io.relook.model.engine.Generator;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.Sampling;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.torch.TorchProgram;
import io.relook.training.EmbeddedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGTERM in the middle of a native call ends the JVM as Java ends, not by a crash in libtorch. */
class TestTermination {
  @TempDir private Path folder;

  @Test
  void terminatedInMidGenerationTheJvmEndsCleanly() throws IOException, InterruptedException {
    try (ChildJvm child = ChildJvm.start(folder, GenerateForever.class, List.of())) {
      child.awaitLine("generating");
      child.terminate();
      assertEquals(143, child.await(), child.said());
      assertFalse(Files.exists(folder.resolve("hs_err.log")), "the JVM crashed");
      assertFalse(child.said().contains("terminate called"), child.said());
    }
  }

  /** In the child. */
  static final class GenerateForever {
    public static void main(String[] arguments) {
      Path model = Path.of("model");
      EmbeddedModel.unpack(model, true);
      try (TorchProgram program = TorchProgram.load(Device.cpu(), 2);
          Checkpoint checkpoint = Checkpoint.open(model.toString(), new Configuration());
          VisionLanguageModel loaded =
              VisionLanguageModel.load(
                  program, checkpoint, VisionLanguageModel.Options.cpu(ComputeType.FLOAT32, 2))) {
        Generator generator =
            new Generator(loaded, ids -> "", new Generator.Options(32, 8, 64, 1L << 30));
        Prompt prompt = new Prompt(IntStream.range(10, 210).toArray(), List.of());
        for (int round = 0; ; round++) {
          List<String> keys = new ArrayList<>();
          for (int row = 0; row < 32; row++) {
            keys.add(round + "/" + row);
          }
          generator.generate(
              List.of(GenerationRequest.of(prompt, Sampling.ofPolicy(512, List.of()), keys)),
              done -> {});
          System.out.println("generating");
        }
      }
    }
  }
}
