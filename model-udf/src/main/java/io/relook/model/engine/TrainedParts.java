package io.relook.model.engine;

/**
 * Which parts of a policy learn; the others take no gradient and have no optimizer state.
 *
 * @param vision the tower: patch embedding and blocks
 * @param merger from the tower's width to the language model's
 * @param language embeddings, layers, last norm and head
 */
public record TrainedParts(boolean vision, boolean merger, boolean language) {
  public static TrainedParts all() {
    return new TrainedParts(true, true, true);
  }

  /** Adapters alone learn. */
  static TrainedParts none() {
    return new TrainedParts(false, false, false);
  }

  /** Which part the checkpoint's tensor or module belongs to. */
  public boolean holds(String name) {
    if (name.startsWith("visual.merger.")) {
      return merger;
    }
    return name.startsWith("visual.") ? vision : language;
  }

  /** As `forward_backward` reads them. */
  long[] flags() {
    return new long[] {vision ? 1 : 0, merger ? 1 : 0, language ? 1 : 0};
  }
}
