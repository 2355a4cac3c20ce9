package io.relook.training;

import io.relook.model.checkpoint.ModelConfig;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.Generator;
import io.relook.model.engine.MemoryEstimate;
import io.relook.model.engine.PolicySize;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.TrainingRow;
import io.relook.model.spark.PromptSampler;
import io.relook.preset.Preset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What a run's policies take in memory, between processes and in files. */
final class PlanMemory {
  /** Bytes by what they are for. */
  record Part(String what, Figure bytes) {}

  private final Preset preset;
  private final PlanData data;
  private final PolicySize trained;
  private final PolicySize generating;

  PlanMemory(Preset preset, PlanData data, ModelConfig config) {
    this.preset = preset;
    this.data = data;
    this.trained = Policies.size(preset.train(), config);
    this.generating =
        new PolicySize(
            config, trained.parts(), trained.lora(), ComputeType.of(preset.engine().dtype()));
  }

  PolicySize policy() {
    return trained;
  }

  /** Of each process that generates. */
  List<Part> generation() {
    int samples = Math.max(preset.rollout().samples(), preset.grpo().samples());
    Generator.Options options = PromptSampler.options(preset.engine(), samples);
    // Reconstruction's prompts hold what was said so far.
    int prompt = data.longestPrompt() + preset.rollout().maxNewTokens();
    long cache = generating.cacheBytes(options, prompt, preset.rollout().maxNewTokens());
    return List.of(
        new Part(
            "weights in " + preset.engine().dtype(),
            Figure.exact(generating.generationWeightBytes())),
        new Part(
            "keys and values of %d slots".formatted(options.slots()),
            Figure.measured(Math.min(cache, options.cacheBytes()))));
  }

  /** Of the process that makes the steps. */
  List<Part> training() {
    MemoryEstimate estimate = estimate();
    List<Part> parts = new ArrayList<>();
    parts.add(
        new Part(
            "weights in " + preset.train().dtype(), Figure.exact(trained.trainingWeightBytes())));
    if (preset.grpo().objective().needsReference()) {
      parts.add(new Part("reference policy in float32", Figure.exact(4 * trained.values())));
    }
    parts.add(new Part("gradient and optimizer", Figure.exact(estimate.optimizer())));
    if (preset.train().shards() == 1) {
      parts.addAll(pass(estimate));
    } else {
      parts.add(
          new Part(
              "Java heap: values and %d gradients".formatted(preset.train().shards()),
              Figure.exact(4.0 * trained.learnt() * (1 + preset.train().shards()))));
    }
    return parts;
  }

  /** Of each executor that computes shards; none where the driver does. */
  List<Part> executor() {
    if (preset.train().shards() == 1) {
      return List.of();
    }
    List<Part> parts = new ArrayList<>();
    parts.add(
        new Part(
            "weights in " + preset.train().dtype(), Figure.exact(trained.trainingWeightBytes())));
    parts.add(new Part("gradient", Figure.exact(4 * trained.learnt())));
    parts.addAll(pass(estimate()));
    return parts;
  }

  private List<Part> pass(MemoryEstimate estimate) {
    List<Part> parts = new ArrayList<>();
    if (estimate.lanes() > 0) {
      parts.add(new Part("gradients of rows that run side by side", Figure.most(estimate.lanes())));
    }
    parts.add(
        new Part(
            "activations of a pack of %d tokens".formatted(budget()),
            Figure.measured(estimate.activations())));
    parts.add(new Part("logits", Figure.most(estimate.logits())));
    return parts;
  }

  private int budget() {
    return Math.max(preset.sft().tokenBudget(), preset.grpo().tokenBudget());
  }

  /** A pack that fills the budget with completions as long as they may be. */
  MemoryEstimate estimate() {
    List<TrainingRow> rows = new ArrayList<>();
    long tokens = 0;
    int length = preset.rollout().maxNewTokens();
    for (int i = 0; tokens < budget(); i++) {
      Prompt prompt = data.few().get(i % data.few().size());
      if (i >= data.few().size()) {
        prompt = prompt.plus(new int[i / data.few().size()]);
      }
      for (int k = 0; k < preset.grpo().samples(); k++) {
        rows.add(TrainingRow.supervised(prompt, new int[length], new float[length]));
      }
      tokens += prompt.length() + (long) preset.grpo().samples() * length;
    }
    return MicroBatches.of(rows, budget()).stream()
        .map(pack -> trained.training(pack, preset.train().recompute(), preset.engine().threads()))
        .max(Comparator.comparingLong(MemoryEstimate::total))
        .orElseThrow();
  }

  /** A step's, between driver and executors. */
  List<Part> travels() {
    List<Part> parts = new ArrayList<>();
    int shards = preset.train().shards();
    double learnt = 4.0 * trained.learnt();
    if (shards > 1) {
      parts.add(new Part("values that learn, to each executor", Figure.exact(learnt)));
      parts.add(
          new Part(
              "gradients of %d shards, back".formatted(shards), Figure.exact(shards * learnt)));
      parts.add(
          new Part(
              "pictures of a GRPO step, to the executors",
              Figure.measured(preset.grpo().queries() * data.pictureBytes())));
    }
    parts.add(
        new Part(
            "a version's weights, read by each process that generates",
            Figure.exact(4.0 * trained.values())));
    return parts;
  }

  /** Of the versions that SFT and GRPO save. */
  List<Part> checkpoints(Figure sftSteps) {
    double weights = 4.0 * (trained.values() + trained.adapterValues());
    double optimizer = 8.0 * trained.learnt();
    double every = preset.sft().saveEvery();
    Figure saves =
        new Figure(
            Math.ceil(sftSteps.value() / every),
            sftSteps.source(),
            Math.ceil(sftSteps.least() / every),
            Math.ceil(sftSteps.most() / every));
    double grpo = preset.grpo().steps();
    return List.of(
        new Part("a version", Figure.exact(weights)),
        new Part("its optimizer", Figure.exact(optimizer)),
        new Part(
            "written: %.0f of SFT, %.0f of GRPO".formatted(saves.value(), grpo),
            bytes(saves, saves.value() + grpo, saves.value() + grpo, weights, optimizer)),
        new Part(
            "kept of them",
            bytes(saves, saves.value() + grpo, saves.value() + 1, weights, optimizer)));
  }

  private static Figure bytes(
      Figure like, double versions, double optimizers, double weights, double optimizer) {
    double value = versions * weights + optimizers * optimizer;
    return new Figure(value, like.source(), value, value);
  }
}
