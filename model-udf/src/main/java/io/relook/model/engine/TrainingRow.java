package io.relook.model.engine;

/**
 * A prompt with the tokens that follow it, and what each of those counts.
 *
 * @param prompt seen, not trained on
 * @param completion the targets
 * @param weights of each target's loss: the normaliser is in here, so micro-batches add up
 * @param advantages of each target; empty for the cross-entropy
 * @param old log-probability of each target when it was sampled; empty for the cross-entropy
 * @param reference log-probability under the reference policy; empty where there is none
 */
public record TrainingRow(
    Prompt prompt,
    int[] completion,
    float[] weights,
    float[] advantages,
    float[] old,
    float[] reference) {
  private static final float[] NONE = {};

  /** A row of supervised fine-tuning. */
  public static TrainingRow supervised(Prompt prompt, int[] completion, float[] weights) {
    return new TrainingRow(prompt, completion, weights, NONE, NONE, NONE);
  }

  public int length() {
    return prompt.length() + completion.length;
  }
}
