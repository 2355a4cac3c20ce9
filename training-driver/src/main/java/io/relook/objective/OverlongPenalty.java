package io.relook.objective;

/**
 * DAPO's soft punishment (arXiv 2503.14476, equation 13): 0 up to {@code most - cache} tokens, then
 * linearly down to -1 at {@code most} and beyond.
 *
 * @param most tokens of the longest completion
 * @param cache tokens over which the punishment grows
 */
public record OverlongPenalty(int most, int cache) {
  public double of(long length) {
    if (length <= most - cache) {
      return 0;
    }
    return length > most ? -1 : (double) (most - cache - length) / cache;
  }
}
