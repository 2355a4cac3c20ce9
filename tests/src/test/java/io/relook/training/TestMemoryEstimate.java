package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.model.ChildJvm;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.MemoryEstimate;
import io.relook.model.engine.Objective;
import io.relook.model.engine.PolicySize;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.model.image.ImageProcessor;
import io.relook.model.image.PixelBudget;
import io.relook.model.text.TextProcessor;
import io.relook.model.torch.TorchProgram;
import io.relook.preset.Preset;
import io.relook.scenes.SceneGenerator;
import io.relook.scenes.SceneQuestion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The estimate against what a process that trains really takes: how much its largest resident
 * memory grows by two steps, each variant in a JVM of its own.
 */
final class TestMemoryEstimate {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Of estimate to growth. */
  private static final double LEAST = 0.9;

  private static final double MOST = 1.6;

  private static final Preset.Lora LORA = new Preset.Lora(8, 16, false, "all-linear", ".*visual.*");

  private static final Preset.AdamW ADAMW = new Preset.AdamW(0.9, 0.999, 1e-8);

  private static final Map<String, Preset.Train> VARIANTS =
      new TreeMap<>(
          Map.of(
              "full", new Preset.Train("float32", null, null, false, 1, 0, null, ADAMW),
              "full, recomputed", new Preset.Train("float32", null, null, true, 1, 0, null, ADAMW),
              "lora", new Preset.Train("float32", null, LORA, false, 1, 0, null, ADAMW),
              "lora, recomputed",
                  new Preset.Train("float32", null, LORA, true, 1, 0, null, ADAMW)));

  private static final List<String> OPTIONS =
      List.of("-Xmx512m", "-Xms512m", "-XX:+AlwaysPreTouch", "-Dai.djl.offline=true");

  @TempDir Path folder;

  @Test
  void itHoldsWhatStepsTakeAndLittleMore() throws Exception {
    Path model = folder.resolve("model");
    EmbeddedModel.unpack(model, false);
    EmbeddedModel.randomise(model, 1);
    for (String variant : VARIANTS.keySet()) {
      try (ChildJvm child =
          ChildJvm.start(folder, TestMemoryEstimate.class, OPTIONS, model.toString(), variant)) {
        int code = child.await();
        assertEquals(0, code, child.said());
      }
      String line =
          Files.readAllLines(folder.resolve("out")).stream()
              .filter(l -> l.startsWith("{"))
              .findFirst()
              .orElseThrow();
      JsonNode measured = JSON.readTree(line);
      double ratio = measured.path("estimate").asDouble() / measured.path("growth").asDouble();
      assertTrue(ratio >= LEAST && ratio <= MOST, "%.2f of %s".formatted(ratio, line));
    }
  }

  /** The child. */
  public static void main(String[] arguments) throws IOException {
    Path model = Path.of(arguments[0]);
    try (TorchProgram program = TorchProgram.load(Device.cpu(), 2);
        TextProcessor text = TextProcessor.load(model)) {
      PixelBudget budget = new PixelBudget(4 * 112 * 112, 1 << 20);
      Prompts prompts = new Prompts(text, ImageProcessor.load(model).withBudget(budget));
      measure(program, model, prompts, VARIANTS.get(arguments[1]));
    }
  }

  private static void measure(
      TorchProgram program, Path folder, Prompts prompts, Preset.Train train) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder.toString(), new Configuration());
        TrainableModel model =
            TrainableModel.load(
                program,
                checkpoint,
                Policies.setup(
                    train,
                    train.lora() == null
                        ? null
                        : Policies.freshAdapter(train.lora(), checkpoint.config(), 0)))) {
      model.setRecompute(train.recompute());
      Prompt few = new Prompt(new int[] {10, 20}, List.of());
      model.forwardBackward(
          List.of(TrainingRow.supervised(few, new int[] {30, 40}, new float[2])),
          new Objective.CrossEntropy());
      List<TrainingRow> rows = rows(prompts, 8);
      MemoryEstimate estimate = model.estimate(rows);
      PolicySize size = Policies.size(train, checkpoint.config());
      check(
          size.training(rows, train.recompute(), program.threads()).equals(estimate),
          "the size's own estimate");
      check(size.learnt() == model.trainedValues(), "what learns, without weights");
      Files.writeString(Path.of("/proc/self/clear_refs"), "5");
      long before = memory("VmRSS");
      // The second pass runs beside the moments that the first step makes.
      for (int step = 0; step < 2; step++) {
        model.forwardBackward(rows, new Objective.CrossEntropy());
        model.step(1e-6, TrainableModel.AdamW.standard());
      }
      System.out.println(
          JSON.createObjectNode()
              .put("train", train.toString())
              .put("parts", estimate.toString())
              .put("estimate", estimate.total())
              .put("growth", memory("VmHWM") - before));
    }
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  /** Questions with a picture of 256 patches and eight completions each. */
  private static List<TrainingRow> rows(Prompts prompts, int questions) {
    SceneGenerator scenes = new SceneGenerator(3);
    Random random = new Random(3);
    List<TrainingRow> rows = new ArrayList<>();
    for (int i = 0; i < questions; i++) {
      SceneQuestion scene = scenes.question(i);
      Prompt prompt = prompts.of(scene.png(), scene.question());
      for (int k = 0; k < 8; k++) {
        int[] completion = random.ints(40 + random.nextInt(57), 10, 400).toArray();
        float[] weights = new float[completion.length];
        Arrays.fill(weights, 1e-3f);
        rows.add(TrainingRow.supervised(prompt, completion, weights));
      }
    }
    return rows;
  }

  private static long memory(String field) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith(field + ":"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
        .findFirst()
        .orElseThrow();
  }
}
