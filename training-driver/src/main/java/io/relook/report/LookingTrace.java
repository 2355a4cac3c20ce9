package io.relook.report;

import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * A trace's T new tokens. Token t stands at the relative position t / T.
 *
 * @param shares of each token's query, to all picture tokens
 * @param even what the shares would be if attention were spread evenly over all that the query sees
 * @param reflection whether the token lies in a reflection, the tags included
 */
record LookingTrace(double[] shares, double[] even, boolean[] reflection) {
  /** The first reflection, and as many tokens before and behind it, fewer where there are fewer. */
  enum Part {
    BEFORE,
    INSIDE,
    AFTER
  }

  /** The even shares of queries behind a prompt: the first one is the prompt's last token. */
  static double[] even(int pictureTokens, int promptTokens, int tokens) {
    return IntStream.range(0, tokens)
        .mapToDouble(t -> (double) pictureTokens / (promptTokens + t))
        .toArray();
  }

  OptionalDouble share(IntStream tokens) {
    return tokens.mapToDouble(t -> shares[t]).average();
  }

  OptionalDouble evenShare(IntStream tokens) {
    return tokens.mapToDouble(t -> even[t]).average();
  }

  int tokens() {
    return shares.length;
  }

  boolean reflects() {
    return begins() < tokens();
  }

  /** The tokens t with ⌊bins · t / T⌋ = bin. */
  IntStream bin(int bin, int bins) {
    return IntStream.range(0, tokens()).filter(t -> (long) t * bins / tokens() == bin);
  }

  /** Those before and behind the reflection lie in no reflection themselves. */
  IntStream part(Part part) {
    int from = begins();
    int to = from;
    while (to < tokens() && reflection[to]) {
      to++;
    }
    int length = to - from;
    return switch (part) {
      case BEFORE -> IntStream.range(Math.max(0, from - length), from);
      case INSIDE -> IntStream.range(from, to);
      case AFTER ->
          IntStream.range(to, Math.min(tokens(), to + length)).takeWhile(t -> !reflection[t]);
    };
  }

  private int begins() {
    int begins = 0;
    while (begins < tokens() && !reflection[begins]) {
      begins++;
    }
    return begins;
  }
}
