package io.relook.parity;

import io.relook.model.engine.Divergence;
import io.relook.model.engine.Objective;
import io.relook.model.engine.ObjectiveProgram;
import io.relook.model.engine.RatioLevel;
import io.relook.model.engine.Surrogate;
import io.relook.model.torch.TorchProgram;
import io.relook.objective.KlInReward;
import io.relook.objective.Masked;
import io.relook.objective.PolicyRows;

/** Cases of verl's estimates of KL, in the loss and in the reward. */
final class VerlDivergences {
  private static final double K3_BOUND = 10;

  private VerlDivergences() {}

  static Divergence estimator(String name) {
    String bare = name.endsWith("+") ? name.substring(0, name.length() - 1) : name;
    Divergence.Kind kind =
        switch (bare) {
          case "kl", "k1" -> Divergence.Kind.K1;
          case "abs" -> Divergence.Kind.ABS;
          case "mse", "k2" -> Divergence.Kind.K2;
          case "low_var_kl", "k3" -> Divergence.Kind.K3;
          default -> throw new IllegalArgumentException("unknown KL estimate " + name);
        };
    return new Divergence(kind, VerlLosses.LOG_BOUND, K3_BOUND, !bare.equals(name), false);
  }

  static void check(GoldenCase c, TorchProgram program) {
    c.knows("kl_penalty");
    double[][] logProbs = c.rows("log_probs");
    double[][] ones = Masked.each(logProbs, x -> 1);
    double[][] none = Masked.each(logProbs, x -> 0);
    ObjectiveProgram.Gradients ours =
        ObjectiveProgram.gradients(
            program,
            GoldenCase.floats(logProbs),
            GoldenCase.floats(none),
            new PolicyRows(
                    ones, none, none, none, c.rows("ref_log_probs"), null, ones, null, null, null)
                .rows(),
            new Objective.Policy(
                RatioLevel.TOKEN,
                -VerlLosses.NONE,
                VerlLosses.NONE,
                new Surrogate.Reinforce(),
                estimator(c.text("kl_penalty")),
                1,
                0,
                VerlLosses.NONE,
                1));
    c.tensor("kl", ours.divergences());
    c.tensor("grad_log_probs", ours.byLogProbs());
  }

  static void inReward(GoldenCase c) {
    c.knows("kl_penalty", "controller", "kl_coef", "horizon", "target_kl");
    boolean fixed =
        switch (c.text("controller")) {
          case "fixed" -> true;
          case "adaptive" -> false;
          default -> throw new IllegalArgumentException("controller " + c.text("controller"));
        };
    KlInReward shaping =
        new KlInReward(
            estimator(c.text("kl_penalty")),
            c.number("kl_coef"),
            c.number("target_kl"),
            fixed ? VerlLosses.NONE : c.number("horizon"));
    KlInReward.Shaped shaped =
        shaping.shape(
            c.rows("token_level_scores"),
            c.rows("old_log_probs"),
            c.rows("ref_log_probs"),
            c.rows("response_mask"));
    c.tensor("token_level_rewards", shaped.rewards());
    c.metric("actor/reward_kl_penalty", shaped.kl());
    c.metric("actor/reward_kl_penalty_coeff", shaped.coefficient());
    c.output("kl_coef_after", shaping.coefficient());
  }
}
