package io.relook.model.engine;

import static java.util.Objects.requireNonNull;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import java.util.Collections;
import java.util.List;

/**
 * Samples of one prompt. The prompt is run, and its pictures are encoded, once for all of them.
 *
 * @param samplings one a sample
 * @param rowKeys one a sample: what its random stream is derived from, and nothing else (in jobs
 *     the trajectory id), so that the same key at the same policy gives the same tokens
 */
public record GenerationRequest(Prompt prompt, List<Sampling> samplings, List<String> rowKeys) {
  public GenerationRequest {
    requireNonNull(prompt, "prompt");
    samplings = List.copyOf(samplings);
    rowKeys = List.copyOf(rowKeys);
    if (samplings.size() != rowKeys.size()) {
      throw new IllegalArgumentException(
          "%d sampling settings for %d rows".formatted(samplings.size(), rowKeys.size()));
    }
    if (rowKeys.isEmpty()) {
      throw new RelookException(
          Category.CONFIG, "A generation request needs at least one row key (one a sample).");
    }
  }

  /** All samples with the same settings. */
  public static GenerationRequest of(Prompt prompt, Sampling sampling, List<String> rowKeys) {
    return new GenerationRequest(prompt, Collections.nCopies(rowKeys.size(), sampling), rowKeys);
  }

  int maxNewTokens() {
    return samplings.stream().mapToInt(Sampling::maxNewTokens).max().orElse(0);
  }
}
