package io.relook.model.engine;

import io.relook.model.checkpoint.ModelConfig;
import java.util.List;

/**
 * Bytes that training is still to take once the weights are loaded. The activations are counted
 * from what the programs keep for the gradient ({@code gradients.py}, {@code attention.py}), tensor
 * by tensor; what a layer takes for a moment, and what the allocator cannot use again, is an
 * allowance by measurement.
 *
 * @param optimizer gradient and both moments of what learns
 * @param lanes gradients of lanes of a pass that run beside the first
 * @param activations of a pass
 * @param recomputed the same where blocks run again for the gradient, in one lane
 * @param logits of the targets that are scored together
 */
public record MemoryEstimate(
    long optimizer, long lanes, long activations, long recomputed, long logits) {
  /** Layers' worth that come and go while one runs forward and back. */
  private static final int PASSING = 3;

  /** The same where lanes run side by side: what one frees, another's thread cannot use. */
  private static final int PASSING_IN_LANES = 4;

  public long total() {
    return optimizer + lanes + activations + logits;
  }

  /** Without moments: what a process takes that only sums gradients. */
  public MemoryEstimate ofPass() {
    return new MemoryEstimate(optimizer / 3, lanes, activations, recomputed, logits);
  }

  /** Without a pass: what a process takes that gets its gradients from others. */
  public MemoryEstimate ofUpdate() {
    return new MemoryEstimate(optimizer, 0, 0, 0, 0);
  }

  /**
   * @param atOnce logits that exist at one time
   * @param lanes that may run side by side
   * @param longestByHand as {@link TrainableModel#setLongestByHand} says
   */
  static MemoryEstimate of(
      PolicySize size,
      List<TrainingRow> rows,
      boolean recompute,
      long atOnce,
      int lanes,
      int longestByHand) {
    Pack layout = Pack.of(rows.stream().map(TrainingRow::packed).toList(), size.config());
    Pack.Size pack = layout.size();
    boolean byHand = layout.longest() <= longestByHand;
    long targets = rows.stream().mapToLong(row -> row.completion().length).sum();
    return new MemoryEstimate(
        optimizer(size.learnt()),
        4 * (lanes - 1) * size.learnt(),
        activations(size, pack, byHand && !recompute, recompute, lanes),
        activations(size, pack, false, true, 1),
        logits(size.config(), targets, atOnce));
  }

  /** Gradient and two moments, float32. */
  private static long optimizer(long learnt) {
    return 12 * learnt;
  }

  /** Logits, their softmax, and the gradient of both, float32. */
  private static long logits(ModelConfig config, long targets, long atOnce) {
    return 16 * Math.min(atOnce, targets * config.text().vocabSize());
  }

  private static long activations(
      PolicySize size, Pack.Size pack, boolean byHand, boolean recompute, int lanes) {
    ModelConfig.Text t = size.config().text();
    int width = size.type().bytes();
    long layer = textLayer(t, pack, byHand, width);
    long inputs = width * t.layers() * pack.tokens() * t.hiddenSize();
    long passing = (lanes > 1 ? PASSING_IN_LANES : PASSING) * layer;
    long bytes = passing + (recompute ? inputs + layer : t.layers() * layer);
    if (!byHand) {
      // 0 or -inf for each head that shares a key head, and whether a token is seen.
      bytes += 5 * pack.maskCells() * (t.heads() / t.kvHeads());
    }
    if (size.picturesLearn()) {
      ModelConfig.Vision v = size.config().vision();
      long block = visionBlock(v, pack, width);
      inputs = width * v.depth() * pack.patches() * v.hiddenSize();
      bytes += recompute ? inputs + block : v.depth() * block;
      bytes += width * pack.patches() * v.hiddenSize(); // Before the merger's gelu.
      bytes +=
          4
              * pack.patches()
              * v.inChannels()
              * v.temporalPatchSize()
              * v.patchSize()
              * v.patchSize();
    }
    return bytes;
  }

  /** Bytes that one layer keeps. */
  private static long textLayer(ModelConfig.Text t, Pack.Size pack, boolean byHand, int width) {
    long d = t.hiddenSize();
    long q = (long) t.heads() * t.headDim();
    long kv = 2L * t.kvHeads() * t.headDim();
    // Input, sum after attention, what attention saw, gate, its silu, up.
    long token = width * (2 * d + q + 3L * t.intermediateSize());
    if (byHand) {
      // In float32: queries, keys and values, the queries in another order, the keys and values of
      // branches with their root's, probabilities.
      long kept = pack.tokens() * (2 * q + kv) + pack.keys() * kv + pack.scores() * t.heads();
      return pack.tokens() * token + 4 * kept;
    }
    // Looked up: queries, keys and values of each cell, and a branch's root. Attention, in float32:
    // queries of a branch in another order, keys and values of a root for each head; what it gives.
    long roots = pack.rootCells() * (width * (q + kv) + 4 * 3 * q);
    long branches = pack.branchCells() * (width * (q + kv) + 4 * 3 * q);
    return pack.tokens() * token + roots + branches + 4 * pack.branchKeyCells() * kv;
  }

  /** Bytes that one block of the picture half keeps. */
  private static long visionBlock(ModelConfig.Vision v, Pack.Size pack, int width) {
    // As above; queries, keys and values; what attention gives, by groups and by patches.
    return pack.patches() * width * (7L * v.hiddenSize() + 3L * v.intermediateSize());
  }
}
