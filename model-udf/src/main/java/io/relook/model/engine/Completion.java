package io.relook.model.engine;

import static java.util.Objects.requireNonNull;

/**
 * One sample, or why there is none.
 *
 * @param tokens the new tokens, the one that ended it included
 * @param logProbs the sampler's log-probability of each: under softmax(logits / temperature) before
 *     any filter; at temperature 1 where sampling was greedy
 * @param text the tokens' text without control tokens, with tags
 * @param error what went wrong with this row, or null
 */
public record Completion(
    String rowKey, int[] tokens, float[] logProbs, Finish finish, String text, String error) {
  /** Why a completion ended. */
  public enum Finish {
    /** A stop token or a stop string. */
    STOP,
    /** {@code maxNewTokens} were drawn. */
    LENGTH,
    /** The caller cancelled; the tokens so far are kept. */
    CANCELLED,
    /** Nothing was generated: see the error. */
    ERROR
  }

  public Completion {
    requireNonNull(rowKey, "rowKey");
    requireNonNull(finish, "finish");
    if (tokens.length != logProbs.length) {
      throw new IllegalArgumentException(
          "%d tokens but %d log-probabilities".formatted(tokens.length, logProbs.length));
    }
  }

  /** A row for which nothing was generated. */
  public static Completion failed(String rowKey, String error) {
    return new Completion(rowKey, new int[0], new float[0], Finish.ERROR, "", error);
  }
}
