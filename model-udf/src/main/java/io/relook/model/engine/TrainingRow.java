package io.relook.model.engine;

import java.io.Serializable;

/**
 * A prompt with the tokens that follow it, and what each of those counts: the normaliser is in the
 * weights, so micro-batches of whole rows add up.
 *
 * @param prompt seen, not trained on
 * @param completion the targets
 * @param targets what the objective needs of each of them
 */
public record TrainingRow(Prompt prompt, int[] completion, PolicyRow targets)
    implements Serializable {
  public TrainingRow {
    for (float[] plane : targets.planes()) {
      if (plane.length != completion.length) {
        throw new IllegalArgumentException(
            "%d values for %d targets".formatted(plane.length, completion.length));
      }
    }
  }

  /** A row of supervised fine-tuning. */
  public static TrainingRow supervised(Prompt prompt, int[] completion, float[] weights) {
    return new TrainingRow(prompt, completion, PolicyRow.supervised(weights));
  }

  /** The same tokens with other targets. */
  public TrainingRow with(PolicyRow other) {
    return new TrainingRow(prompt, completion, other);
  }

  Pack.Row packed() {
    return Pack.Row.of(prompt, completion);
  }

  public int length() {
    return prompt.length() + completion.length;
  }
}
