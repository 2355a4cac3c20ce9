package io.relook.model.engine;

import java.io.Serializable;

/**
 * An estimate of KL(policy ‖ reference) from single tokens; formulas in {@code
 * torchscript/objectives.py}.
 *
 * @param logBound k3's exponent is clamped to ± this
 * @param bound k3's value is clamped to ± this
 * @param straightThrough the value is this estimator's, the gradient k2's
 * @param ratioWeighted multiplied by the ratio, gradient included: unbiased off policy
 */
public record Divergence(
    Kind kind, double logBound, double bound, boolean straightThrough, boolean ratioWeighted)
    implements Serializable {
  /** The estimators. */
  public enum Kind {
    NONE("none"),
    K1("k1"),
    ABS("abs"),
    K2("k2"),
    K3("k3");

    private final String program;

    Kind(String program) {
      this.program = program;
    }
  }

  /** No reference policy. */
  public static Divergence none() {
    return unclamped(Kind.NONE, false);
  }

  /** As GRPO's paper has it. */
  public static Divergence unclamped(Kind kind, boolean ratioWeighted) {
    return new Divergence(
        kind, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, false, ratioWeighted);
  }

  String program() {
    return kind.program;
  }

  /** The estimate's value for one token. */
  public double of(double logProb, double reference) {
    double r = logProb - reference;
    return switch (kind) {
      case NONE -> 0;
      case K1 -> r;
      case ABS -> Math.abs(r);
      case K2 -> r * r / 2;
      case K3 -> {
        double back = Math.max(-logBound, Math.min(logBound, -r));
        yield Math.max(-bound, Math.min(bound, Math.exp(back) - back - 1));
      }
    };
  }
}
