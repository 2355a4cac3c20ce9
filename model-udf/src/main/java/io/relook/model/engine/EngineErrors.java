package io.relook.model.engine;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import java.io.IOException;
import java.nio.file.Path;

/** What the engine's callers can do wrong. */
final class EngineErrors {
  private EngineErrors() {}

  static RelookException generatorOptions(
      int slots, int bankRows, int chunk, long cacheBytes, int streams) {
    return new RelookException(
        Category.CONFIG,
        "Generation needs slots >= 1, a multiple of bankRows >= 1 times streams >= 1, chunk >= 1 and cacheBytes >= 1, not slots %d, bankRows %d, streams %d, chunk %d, cacheBytes %d."
            .formatted(slots, bankRows, streams, chunk, cacheBytes));
  }

  static RelookException badPrompt(String problem) {
    return new RelookException(Category.DATA, "The prompt cannot be run: " + problem + ".");
  }

  static RelookException type(String type) {
    return new RelookException(
        Category.CONFIG,
        "The engine computes in float32 or bfloat16, not in " + type + ": set engine.dtype.");
  }

  static RelookException unreadable(Path file, IOException cause) {
    return new RelookException(
        Category.STORAGE,
        "Cannot read the weights in %s: %s.".formatted(file, cause.getMessage()),
        cause);
  }

  static RelookException nothingToTrain() {
    return new RelookException(
        Category.CONFIG,
        "Nothing would be trained: let the vision tower, the merger or the language model learn, or an adapter.");
  }

  static RelookException otherOptimizer() {
    return new RelookException(
        Category.DATA,
        "The optimizer's state is not that of the weights that are trained now: go on with what was trained before, or start another run.");
  }

  static RelookException closed() {
    return new RelookException(Category.INTERNAL, "The model is closed: its weights are freed.");
  }
}
