package io.relook.model.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.relook.model.checkpoint.ModelConfig;
import java.util.Arrays;

/**
 * The keys and values of all banks' prompts, (banks · KV, positions, d) each a layer, and of all
 * slots, keys then values, (2 · slots · KV, positions, d) a layer. Positions are the least multiple
 * of {@link #BLOCK} that rows need. The tensors belong to the scope that the cache is made in.
 */
final class KeyValueCache {
  /** Positions that are looked at together. Our choice: a multiple of every vector width. */
  static final int BLOCK = 32;

  final NDList promptKeys;
  final NDList promptValues;
  final NDList own;

  /** Which tokens a slot's prompt and completion hold (slots, V); one entry where nobody asks. */
  final NDArray seen;

  /** Keys of each bank's prompt. */
  final int[] promptLengths;

  private final VisionLanguageModel model;
  private final NDManager scope;
  private final boolean tracked;

  KeyValueCache(
      VisionLanguageModel model, NDManager scope, Generator.Options options, boolean tracked) {
    ModelConfig.Text text = model.config().text();
    this.model = model;
    this.scope = scope;
    this.tracked = tracked;
    int banks = options.slots() / options.bankRows();
    this.promptLengths = new int[banks];
    this.promptKeys = model.emptyCache(scope, banks * text.kvHeads(), BLOCK);
    this.promptValues = model.emptyCache(scope, banks * text.kvHeads(), BLOCK);
    this.own = model.emptyCache(scope, 2 * options.slots() * text.kvHeads(), BLOCK);
    long rows = tracked ? options.slots() : 1;
    long columns = tracked ? text.vocabSize() : 1;
    this.seen = model.program().call(scope, "nothing_seen", rows, columns, own.get(0)).head();
  }

  /** The least whole blocks, at least one, that hold so many positions; in positions. */
  static int wholeBlocks(int positions) {
    return Math.max(1, (positions + BLOCK - 1) / BLOCK) * BLOCK;
  }

  /** Bytes of a cache for prompts of so many keys and completions of so many tokens. */
  static long bytes(
      ModelConfig config,
      ComputeType type,
      Generator.Options options,
      int promptKeys,
      int newTokens) {
    ModelConfig.Text text = config.text();
    long positions =
        (long) wholeBlocks(promptKeys) * (options.slots() / options.bankRows())
            + (long) wholeBlocks(newTokens) * options.slots();
    return 2L * text.layers() * text.kvHeads() * text.headDim() * type.bytes() * positions;
  }

  /** Gives a bank a prompt. */
  void enter(int bank, PrefilledPrompt prompt) {
    promptLengths[bank] = prompt.length();
    if (prompt.length() == 0) {
      return;
    }
    int positions = wholeBlocks(Arrays.stream(promptLengths).max().getAsInt());
    fit(promptKeys, positions);
    fit(promptValues, positions);
    try (NDManager scope = model.newScope()) {
      model
          .program()
          .call(scope, "fill_bank", bank, prompt.keys(), prompt.values(), promptKeys, promptValues);
    }
  }

  /** Room for so many own positions of every slot. */
  void fitOwn(int positions) {
    fit(own, wholeBlocks(positions));
  }

  /** Layer by layer, so that no more than one exists twice. */
  private void fit(NDList cache, int positions) {
    for (int i = 0; i < cache.size(); i++) {
      NDArray before = cache.get(i);
      if (before.getShape().get(1) != positions) {
        cache.set(i, model.program().call(scope, "fitted", before, positions).head());
        before.close();
      }
    }
  }

  /** A slot begins a completion of a prompt. */
  void start(int slot, Prompt prompt) {
    if (tracked) {
      try (NDManager scope = model.newScope()) {
        model
            .program()
            .call(
                scope,
                "start_seen",
                seen,
                slot,
                scope.create(Arrays.stream(prompt.ids()).asLongStream().toArray()));
      }
    }
  }
}
