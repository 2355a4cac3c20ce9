package io.relook.model.engine;

import io.relook.model.checkpoint.ModelConfig;

/**
 * Bytes that training is still to take once the weights are loaded. The activations are counted
 * from what the programs keep for the gradient ({@code text.py}, {@code vision.py}), tensor by
 * tensor.
 *
 * @param optimizer gradient and both moments of what learns
 * @param activations of a pass
 * @param recomputed the same where blocks run again for the gradient
 * @param logits of the targets that are scored together
 */
public record MemoryEstimate(long optimizer, long activations, long recomputed, long logits) {
  public long total() {
    return optimizer + activations + logits;
  }

  /** Gradient and two moments, float32. */
  static long optimizer(long learnt) {
    return 12 * learnt;
  }

  /** Logits, their softmax, and the gradient of both, float32. */
  static long logits(ModelConfig config, Pack.Size pack, long atOnce) {
    return 16 * Math.min(atOnce, (long) pack.targets() * config.text().vocabSize());
  }

  /**
   * @param pictures whether the picture half learns
   */
  static long activations(
      ModelConfig config, Pack.Size pack, boolean pictures, boolean recompute, ComputeType type) {
    ModelConfig.Text t = config.text();
    long layer = textLayer(t, pack);
    long inputs = t.layers() * pack.tokens() * t.hiddenSize();
    long values = recompute ? inputs + layer : t.layers() * layer;
    if (pictures) {
      ModelConfig.Vision v = config.vision();
      long block = pack.patches() * (13L * v.hiddenSize() + 4L * v.intermediateSize());
      inputs = v.depth() * pack.patches() * v.hiddenSize();
      values += recompute ? inputs + block : v.depth() * block;
    }
    return values * type.bytes();
  }

  /** Values that one layer keeps. */
  private static long textLayer(ModelConfig.Text t, Pack.Size pack) {
    long d = t.hiddenSize();
    long q = (long) t.heads() * t.headDim();
    long kv = 2L * t.kvHeads() * t.headDim();
    // Input, two norms twice each, sum after attention; q, k, v before and after the turning;
    // what attention saw, twice; gate and up, silu, product.
    long token = 6 * d + 2 * (q + kv) + 2 * q + 4L * t.intermediateSize();
    // Looked up: queries and outputs of each cell, keys and values, and these once for each head.
    return pack.tokens() * token + 2 * pack.queryCells() * q + pack.keyCells() * (kv + 2 * q);
  }
}
