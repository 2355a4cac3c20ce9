package io.relook.model.engine;

/** What a step minimises, summed over targets with their weights. */
public sealed interface Objective {
  /** Divides the logits, as it did when the targets were sampled. */
  double temperature();

  /** -log p(target). */
  record CrossEntropy() implements Objective {
    @Override
    public double temperature() {
      return 1;
    }
  }

  /**
   * The clipped objective of GRPO (arXiv 2402.03300): -min(ρA, clip(ρ, 1-low, 1+high)A) + beta ·
   * k3.
   */
  record ClippedPolicy(double low, double high, double beta, double temperature)
      implements Objective {}
}
