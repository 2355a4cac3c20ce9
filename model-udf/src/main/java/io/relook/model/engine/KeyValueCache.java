package io.relook.model.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.relook.model.checkpoint.ModelConfig;
import java.util.Arrays;

/**
 * The keys and values of all slots and banks, a pair of tensors a layer each: own (slots · KV,
 * positions, d), prompt (banks · KV, positions, d), positions a multiple of {@link #BLOCK}. The
 * tensors belong to the scope that the cache is made in.
 */
final class KeyValueCache {
  /** Positions that are looked at together. Our choice: a multiple of every vector width. */
  static final int BLOCK = 32;

  final NDList promptKeys;
  final NDList promptValues;
  final NDList ownKeys;
  final NDList ownValues;

  /** Which tokens a slot's prompt and completion hold (slots, V); one entry where nobody asks. */
  final NDArray seen;

  /** Keys of each bank's prompt. */
  final int[] promptLengths;

  private final VisionLanguageModel model;
  private final boolean tracked;

  KeyValueCache(
      VisionLanguageModel model,
      NDManager scope,
      Generator.Options options,
      int promptKeys,
      int newTokens,
      boolean tracked) {
    ModelConfig.Text text = model.config().text();
    this.model = model;
    this.tracked = tracked;
    int banks = options.slots() / options.bankRows();
    this.promptLengths = new int[banks];
    int given = wholeBlocks(promptKeys);
    this.promptKeys = model.emptyCache(scope, banks * text.kvHeads(), given);
    this.promptValues = model.emptyCache(scope, banks * text.kvHeads(), given);
    int own = wholeBlocks(newTokens);
    this.ownKeys = model.emptyCache(scope, options.slots() * text.kvHeads(), own);
    this.ownValues = model.emptyCache(scope, options.slots() * text.kvHeads(), own);
    long rows = tracked ? options.slots() : 1;
    long columns = tracked ? text.vocabSize() : 1;
    this.seen = model.program().call(scope, "nothing_seen", rows, columns, ownKeys.get(0)).head();
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
    try (NDManager scope = model.newScope()) {
      model
          .program()
          .call(scope, "fill_bank", bank, prompt.keys(), prompt.values(), promptKeys, promptValues);
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
