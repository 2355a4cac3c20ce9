package io.relook.parity;

import com.fasterxml.jackson.databind.JsonNode;
import io.relook.model.checkpoint.Adapter;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.checkpoint.ExpectedTensors;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.Objective;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.torch.TorchProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/**
 * {@code lora.*}: an adapter of peft's over the model, on the examples of {@code sft.*}: what
 * learns, loss, gradients, and the logits after merging.
 */
final class LoraChecks {
  private static final String GRADIENT = "lora.grad.";
  private static final String MERGED = "lora.merged_last_logits";
  private static final Configuration HADOOP = new Configuration();

  private final Report report;
  private final String model;
  private final JsonNode lora;
  private final TensorFile tensors;
  private final Set<String> open;

  LoraChecks(Report report, String model, JsonNode lora, TensorFile tensors, Set<String> open) {
    this.report = report;
    this.model = model;
    this.lora = lora;
    this.tensors = tensors;
    this.open = open;
  }

  void run(TorchProgram program, Checkpoint checkpoint, List<TrainingRow> rows) throws IOException {
    if (lora.isMissingNode()) {
      return;
    }
    Adapter adapter =
        Adapter.read(
            checkpoint.folder().resolve("adapter").toString(), checkpoint.config(), HADOOP);
    Path folder = Files.createTempDirectory("relook-merged");
    try (TrainableModel adapted =
        TrainableModel.load(program, checkpoint, TrainableModel.Setup.of(adapter))) {
      report.equal(
          model + ".lora.trainable",
          Math.abs(adapted.trainedValues() - lora.path("trainable").asLong()));
      loss("loss", adapted.forwardBackward(rows, new Objective.CrossEntropy()));
      gradients(adapted);
      CheckpointWriter writer = new CheckpointWriter(HADOOP);
      adapted.write(writer, folder.toString(), DType.F32);
      adapted.adapter().write(writer, folder + "/adapter", checkpoint.config());
      try (Checkpoint merged = Checkpoint.open(folder.toString(), HADOOP)) {
        try (TrainableModel whole = TrainableModel.load(program, merged)) {
          loss("loss after merging", whole.score(rows, new Objective.CrossEntropy()));
        }
        logits(program, merged, rows);
      }
      Adapter again =
          Adapter.read(folder.resolve("adapter").toString(), checkpoint.config(), HADOOP);
      report.equal(model + ".lora.adapter written and read", different(adapter, again));
    } finally {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private void loss(String what, TrainableModel.Outcome outcome) {
    double theirs = lora.path("loss").asDouble();
    report.within(
        "%s.lora.%s".formatted(model, what), Math.abs(outcome.loss() - theirs), Tolerance.LOSS);
  }

  /** The reference's names end as {@code .lora_A.default.weight}. */
  private void gradients(TrainableModel adapted) {
    double worst = 0;
    for (String key : new TreeSet<>(open)) {
      if (key.startsWith(GRADIENT)) {
        open.remove(key);
        String name =
            ExpectedTensors.published(key.substring(GRADIENT.length())).replace(".default.", ".");
        double away = Numbers.relative(adapted.gradient(name), tensors.floats(key));
        worst = Double.isNaN(away) ? Double.POSITIVE_INFINITY : Math.max(worst, away);
      }
    }
    report.within(model + ".lora.grad.* (worst)", worst, Tolerance.GRADIENT);
  }

  /**
   * Of the rows that fill the reference's batch: the others' last place there is padding, of which
   * we compute nothing.
   */
  private void logits(TorchProgram program, Checkpoint merged, List<TrainingRow> rows) {
    int width = rows.stream().mapToInt(TrainingRow::length).max().orElse(0);
    float[] theirs = tensors.floats(MERGED);
    open.remove(MERGED);
    int values = theirs.length / rows.size();
    double worst = 0;
    int compared = 0;
    try (VisionLanguageModel loaded =
        VisionLanguageModel.load(
            program, merged, VisionLanguageModel.Options.cpu(ComputeType.FLOAT32, 1))) {
      for (int i = 0; i < rows.size(); i++) {
        TrainingRow row = rows.get(i);
        if (row.length() == width) {
          Prompt whole = row.prompt().plus(row.completion());
          float[] ours = loaded.lastLogits(List.of(whole))[0];
          float[] expected = Arrays.copyOfRange(theirs, i * values, (i + 1) * values);
          worst = Math.max(worst, Numbers.worst(ours, expected));
          compared++;
        }
      }
    }
    report.within(
        "%s.%s (%d of %d rows end in no padding)".formatted(model, MERGED, compared, rows.size()),
        worst,
        Tolerance.VALUES);
  }

  /** Layers whose values are not the same in both. */
  private static long different(Adapter one, Adapter other) {
    Set<String> modules = new TreeSet<>(one.pairs().keySet());
    modules.addAll(other.pairs().keySet());
    return modules.stream()
        .filter(
            module -> {
              Adapter.Pair first = one.pairs().get(module);
              Adapter.Pair second = other.pairs().get(module);
              return first == null
                  || second == null
                  || !Arrays.equals(first.a(), second.a())
                  || !Arrays.equals(first.b(), second.b());
            })
        .count();
  }
}
