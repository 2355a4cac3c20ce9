package io.relook.model.engine;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

/**
 * A prompt's keys and values, a layer (KV, T, d) each, for all its tokens but the last. Whoever
 * prefills closes.
 */
record PrefilledPrompt(NDManager scope, NDList keys, NDList values, int length)
    implements AutoCloseable {
  @Override
  public void close() {
    scope.close();
  }
}
