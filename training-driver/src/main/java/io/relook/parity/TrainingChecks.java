package io.relook.parity;

import com.fasterxml.jackson.databind.JsonNode;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.ExpectedTensors;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.engine.Objective;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.model.torch.TorchProgram;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** {@code sft.*}: loss, gradients and AdamW steps of supervised fine-tuning. */
final class TrainingChecks {
  private final Report report;
  private final String model;
  private final JsonNode sft;
  private final TensorFile tensors;
  private final Set<String> open;

  TrainingChecks(Report report, String model, JsonNode sft, TensorFile tensors, Set<String> open) {
    this.report = report;
    this.model = model;
    this.sft = sft;
    this.tensors = tensors;
    this.open = open;
  }

  void run(TorchProgram program, Checkpoint checkpoint, Map<String, Prompt> prompts) {
    if (sft.isMissingNode()) {
      return;
    }
    List<TrainingRow> rows = rows(prompts);
    JsonNode hyper = sft.path("hyper");
    TrainableModel.AdamW adamw =
        new TrainableModel.AdamW(
            hyper.path("betas").get(0).asDouble(),
            hyper.path("betas").get(1).asDouble(),
            hyper.path("eps").asDouble(),
            hyper.path("weight_decay").asDouble());
    Objective objective = new Objective.CrossEntropy();
    try (TrainableModel trained = TrainableModel.load(program, checkpoint)) {
      int step = 0;
      for (JsonNode expected : sft.path("steps")) {
        double loss = trained.forwardBackward(rows, objective).loss();
        if (step == 0) {
          gradients(trained);
        }
        double norm = trained.clipGradient(hyper.path("max_grad_norm").asDouble());
        trained.step(expected.path("lr").asDouble(), adamw);
        String at = model + ".sft.step" + step++;
        report.within(
            at + ".loss", Math.abs(loss - expected.path("loss").asDouble()), Tolerance.LOSS);
        double theirs = expected.path("grad_norm").asDouble();
        report.within(at + ".grad_norm", Math.abs(norm - theirs) / theirs, Tolerance.GRADIENT);
      }
      double last = trained.forwardBackward(rows, objective).loss();
      double theirs = sft.path("final_loss").asDouble();
      report.within(model + ".sft.final_loss", Math.abs(last - theirs), Tolerance.LOSS);
      weights(trained);
    }
  }

  /**
   * The examples as the reference laid them out: prompt and labels out of its padded batch. None
   * where the folder has none.
   */
  List<TrainingRow> rows(Map<String, Prompt> prompts) {
    if (sft.isMissingNode()) {
      return List.of();
    }
    int count = (int) (long) tensors.shape("sft.input_ids").get(0);
    int width = (int) (long) tensors.shape("sft.input_ids").get(1);
    long[] ids = tensors.longs(take("sft.input_ids"));
    long[] labels = tensors.longs(take("sft.labels"));
    long[] mask = tensors.longs(take("sft.attention_mask"));
    long targets = Arrays.stream(labels).filter(label -> label != -100).count();
    List<TrainingRow> rows = new ArrayList<>();
    Iterator<String> cases = sft.path("answers").fieldNames();
    for (int row = 0; row < count; row++) {
      Prompt prompt = prompts.get(cases.next());
      int start = sft.path("prompt_lengths").get(row).asInt();
      int end = start;
      while (end < width && mask[row * width + end] == 1) {
        end++;
      }
      int[] completion = new int[end - start];
      for (int i = 0; i < completion.length; i++) {
        completion[i] = (int) ids[row * width + start + i];
      }
      float[] weights = new float[completion.length];
      Arrays.fill(weights, 1f / targets);
      rows.add(TrainingRow.supervised(prompt, completion, weights));
    }
    return rows;
  }

  private void gradients(TrainableModel trained) {
    double worstNorm = 0;
    double worst = 0;
    for (String name : ExpectedTensors.of(trained.config()).keySet()) {
      float[] gradient = trained.gradient(name);
      double theirs = reference(sft.path("grad_norms"), name).asDouble();
      worstNorm =
          Math.max(worstNorm, Math.abs(Numbers.norm(gradient) - theirs) / Math.max(theirs, 1e-12));
      String key = keyOf("sft.grad.", name);
      if (key != null) {
        open.remove(key);
        worst = Math.max(worst, Numbers.relative(gradient, tensors.floats(key)));
      }
    }
    report.within(model + ".sft.grad_norms (worst)", worstNorm, Tolerance.GRADIENT);
    report.within(model + ".sft.grad.* (worst)", worst, Tolerance.GRADIENT);
  }

  private void weights(TrainableModel trained) {
    double worstNorm = 0;
    double worst = 0;
    for (String name : ExpectedTensors.of(trained.config()).keySet()) {
      float[] values = trained.values(name);
      double theirs = reference(sft.path("final_norms"), name).asDouble();
      worstNorm = Math.max(worstNorm, Math.abs(Numbers.norm(values) - theirs) / theirs);
      String key = keyOf("sft.final.", name);
      if (key != null) {
        open.remove(key);
        worst = Math.max(worst, large(values, tensors.floats(key)));
      }
    }
    report.within(model + ".sft.final_norms (worst)", worstNorm, Tolerance.WEIGHTS);
    report.within(model + ".sft.final.* (worst, large)", worst, Tolerance.WEIGHTS);
  }

  /**
   * Relative difference over the half of the values that are large: steps of tiny gradients are
   * sign-like.
   */
  private static double large(float[] ours, float[] theirs) {
    float[] sizes = new float[theirs.length];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = Math.abs(theirs[i]);
    }
    Arrays.sort(sizes);
    float least = sizes[sizes.length / 2];
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < ours.length; i++) {
      norm += (double) theirs[i] * theirs[i];
      if (Math.abs(theirs[i]) >= least) {
        difference += ((double) ours[i] - theirs[i]) * ((double) ours[i] - theirs[i]);
      }
    }
    return Math.sqrt(difference / norm);
  }

  /** The reference names tensors as its classes do: the published name with either prefix. */
  static JsonNode reference(JsonNode byName, String name) {
    for (String candidate : names(name)) {
      if (byName.has(candidate)) {
        return byName.path(candidate);
      }
    }
    throw new IllegalArgumentException("the folder has no number of " + name);
  }

  private String keyOf(String prefix, String name) {
    for (String candidate : names(name)) {
      if (tensors.has(prefix + candidate)) {
        return prefix + candidate;
      }
    }
    return null;
  }

  static List<String> names(String name) {
    if (name.startsWith("model.")) {
      return List.of(name, "model.language_model." + name.substring("model.".length()));
    }
    return List.of(name, "model." + name);
  }

  private String take(String key) {
    open.remove(key);
    return key;
  }
}
