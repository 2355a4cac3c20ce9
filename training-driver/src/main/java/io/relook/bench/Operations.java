package io.relook.bench;

import io.relook.model.checkpoint.ModelConfig;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import java.util.List;

/**
 * Operations that a model needs for the real tokens, without padding and recomputation, as the
 * peers' scripts count them: matrix products and attention, a multiply-add is two.
 */
record Operations(ModelConfig config) {
  /**
   * What a half of the model costs, in forward passes: the gradients of inputs and of weights are
   * one each. The text of an adapter needs those of inputs alone.
   */
  private record Passes(int text, int pictures) {
    static Passes of(String variant) {
      return switch (variant) {
        case "frozen" -> new Passes(3, 1);
        case "lora" -> new Passes(2, 1);
        default -> new Passes(3, 3);
      };
    }
  }

  /** Tokens number start … length of a causal sequence, {@code scored} of them through the head. */
  double text(long length, long scored, long start) {
    ModelConfig.Text t = config.text();
    double hidden = t.hiddenSize();
    double q = (double) t.headDim() * t.heads();
    double kv = (double) t.headDim() * t.kvHeads();
    double linear = t.layers() * 2 * hidden * (2 * q + 2 * kv + 3.0 * t.intermediateSize());
    double pairs = length * (length + 1) / 2 - start * (start + 1) / 2;
    return (length - start) * linear
        + t.layers() * 4 * q * pairs
        + scored * 2 * hidden * t.vocabSize();
  }

  /** The vision tower on a prompt's pictures. */
  double pictures(Prompt prompt) {
    double sum = 0;
    for (PictureGrid picture : prompt.pictures()) {
      sum += picture((double) picture.height() * picture.width());
    }
    return sum;
  }

  private double picture(double patches) {
    ModelConfig.Vision v = config.vision();
    double d = v.hiddenSize();
    double merged = d * v.spatialMergeSize() * v.spatialMergeSize();
    double side = v.windowSize() / v.patchSize();
    double window = Math.min(patches, side * side);
    int full = v.fullAttentionBlocks().length;
    double block = patches * 2 * d * (4 * d + 3.0 * v.intermediateSize());
    double attention = 4 * d * patches * (full * patches + (v.depth() - full) * window);
    double values = (double) v.inChannels() * v.temporalPatchSize() * v.patchSize() * v.patchSize();
    double merger = merged * merged + merged * v.outHiddenSize();
    return v.depth() * block
        + attention
        + patches * 2 * values * d
        + patches * d / merged * 2 * merger;
  }

  /** Sampling: prompts and pictures once, then each sample's tokens, each through the head. */
  double sampling(Workload work, boolean differ) {
    double sum = 0;
    for (Prompt prompt : work.prompts()) {
      sum += pictures(prompt) + text(prompt.length(), 1, 0);
    }
    for (Workload.Fixed fixed : work.fixed()) {
      int start = work.prompts().get(fixed.prompt()).length();
      int length = differ ? fixed.ids().length : work.newTokens();
      sum += text(start + length - 1, length - 1, start);
    }
    return sum;
  }

  /** Training on all completions, prompt and pictures repeated for each. */
  double training(Workload work, String variant) {
    Passes passes = Passes.of(variant);
    double sum = 0;
    for (Workload.Fixed fixed : work.fixed()) {
      Prompt prompt = work.prompts().get(fixed.prompt());
      int length = fixed.ids().length;
      sum += passes.text * text(prompt.length() + length, length, 0);
      sum += passes.pictures * pictures(prompt);
    }
    return sum;
  }

  /** The same with prompt and pictures once for all completions of a prompt. */
  double trainingWithSharedPrefix(Workload work, String variant) {
    Passes passes = Passes.of(variant);
    double sum = 0;
    List<Prompt> prompts = work.prompts();
    for (Prompt prompt : prompts) {
      sum += passes.text * text(prompt.length(), 0, 0) + passes.pictures * pictures(prompt);
    }
    for (Workload.Fixed fixed : work.fixed()) {
      int start = prompts.get(fixed.prompt()).length();
      int length = fixed.ids().length;
      sum += passes.text * text(start + length, length, start);
    }
    return sum;
  }
}
