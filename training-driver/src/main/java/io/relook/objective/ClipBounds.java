package io.relook.objective;

/** PPO's clip to [1 - low, 1 + high]: where it takes a token's gradient. */
public record ClipBounds(double low, double high) {
  public boolean below(double ratio, double advantage) {
    return ratio < 1 - low && advantage < 0;
  }

  public boolean above(double ratio, double advantage) {
    return ratio > 1 + high && advantage > 0;
  }

  public boolean acts(double ratio, double advantage) {
    return below(ratio, advantage) || above(ratio, advantage);
  }
}
