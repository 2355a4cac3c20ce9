package io.relook.model.engine;

import java.io.Serializable;

/**
 * What stands for the expected reward of a token, given its advantage A and ratio ρ. Formulas and
 * papers: {@code torchscript/objectives.py}.
 */
public sealed interface Surrogate extends Serializable {
  /** No limit for a bound. */
  double NONE = Double.POSITIVE_INFINITY;

  /** Its name in the program. */
  String program();

  /** Its numbers, in the program's order. */
  double[] numbers();

  /**
   * PPO's clip to [1-low, 1+high]; the unclipped branch at most {@code cap}; where A is negative
   * the loss at most {@code dual} times |A|.
   */
  record Clip(double low, double high, double cap, double dual) implements Surrogate {
    @Override
    public String program() {
      return "clip";
    }

    @Override
    public double[] numbers() {
      return new double[] {low, high, cap, dual};
    }
  }

  /** CISPO: log p weighted by the ratio between floor and ceiling, which takes no gradient. */
  record Cap(double floor, double ceiling) implements Surrogate {
    @Override
    public String program() {
      return "cap";
    }

    @Override
    public double[] numbers() {
      return new double[] {floor, ceiling};
    }
  }

  /** SAPO: a sigmoid gate instead of a clip, a temperature for each sign of A. */
  record SoftGate(double positive, double negative) implements Surrogate {
    @Override
    public String program() {
      return "soft_gate";
    }

    @Override
    public double[] numbers() {
      return new double[] {positive, negative};
    }
  }

  /** VESPO: log p weighted by a gamma function of the sequence's ratio. */
  record Gamma(double kPositive, double lambdaPositive, double kNegative, double lambdaNegative)
      implements Surrogate {
    @Override
    public String program() {
      return "gamma";
    }

    @Override
    public double[] numbers() {
      return new double[] {kPositive, lambdaPositive, kNegative, lambdaNegative};
    }
  }

  /** DPPO: log p weighted by the ratio (at most cap) where the divergence stays in its bounds. */
  record TrustRegion(boolean totalVariation, double low, double high, double cap)
      implements Surrogate {
    @Override
    public String program() {
      return totalVariation ? "total_variation" : "binary_kl";
    }

    @Override
    public double[] numbers() {
      return new double[] {low, high, cap};
    }
  }

  /** A log p: policy gradient without a ratio (REINFORCE, GPG). */
  record Reinforce() implements Surrogate {
    @Override
    public String program() {
      return "reinforce";
    }

    @Override
    public double[] numbers() {
      return new double[0];
    }
  }

  /** KL-Cov: ρA, and a penalty on the log ratio of the tokens that the row marks. */
  record Penalised(double coefficient) implements Surrogate {
    @Override
    public String program() {
      return "penalised";
    }

    @Override
    public double[] numbers() {
      return new double[] {coefficient};
    }
  }

  /** GMPO: the geometric mean of a row's ratios, clipped in log space to [-low, high]. */
  record Geometric(double low, double high) implements Surrogate {
    @Override
    public String program() {
      return "geometric";
    }

    @Override
    public double[] numbers() {
      return new double[] {low, high};
    }
  }

  /** DRO: A log p minus a quadratic penalty on the log ratio. */
  record Quadratic(double beta) implements Surrogate {
    @Override
    public String program() {
      return "quadratic";
    }

    @Override
    public double[] numbers() {
      return new double[] {beta};
    }
  }
}
