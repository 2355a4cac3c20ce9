package io.relook.objective;

/**
 * The coefficient of an entropy bonus that holds the policy's entropy at a target (Skywork-OR1,
 * arXiv 2505.22312): after each optimizer step it rises by {@code delta} where the step's entropy
 * is at most the target, else it falls; it acts only after a step at or below the target, and not
 * before the first step has been measured.
 */
public final class EntropyControl {
  private final double target;
  private final double delta;
  private final double least;
  private final double most;
  private double coefficient;
  private double last = Double.POSITIVE_INFINITY;
  private double sum;
  private double count;

  public EntropyControl(
      double coefficient, double target, double delta, double least, double most) {
    this.coefficient = coefficient;
    this.target = target;
    this.delta = delta;
    this.least = least;
    this.most = most;
  }

  /** What the bonus is multiplied by now. */
  public double acting() {
    return last <= target ? coefficient : 0;
  }

  public double coefficient() {
    return coefficient;
  }

  /** Of the last optimizer step; infinite before the first. */
  public double entropyOfLastStep() {
    return last;
  }

  /** A micro-batch of the running step. */
  public void observe(double[][] entropies, double[][] mask) {
    for (int i = 0; i < mask.length; i++) {
      sum += Masked.sum(entropies[i], mask[i]);
    }
    count += Masked.count(mask);
  }

  /** The optimizer has stepped. */
  public void stepped() {
    last = sum / Math.max(1, count);
    coefficient =
        last <= target ? Math.min(coefficient + delta, most) : Math.max(coefficient - delta, least);
    sum = 0;
    count = 0;
  }
}
