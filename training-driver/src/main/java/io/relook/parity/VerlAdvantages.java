package io.relook.parity;

import com.fasterxml.jackson.databind.JsonNode;
import io.relook.objective.Masked;
import io.relook.objective.OutcomeAdvantages;
import io.relook.objective.OutcomeAdvantages.Alone;
import io.relook.objective.OutcomeAdvantages.Scale;
import io.relook.objective.TokenAdvantages;
import java.util.Arrays;
import java.util.stream.IntStream;

/** verl's advantage estimators as ours. */
final class VerlAdvantages {
  private VerlAdvantages() {}

  static void check(GoldenCase c) {
    c.knows(
        "estimator",
        "norm_adv_by_std_in_grpo",
        "epsilon",
        "gamma",
        "lam",
        "handle_zero_tail",
        "gdpo_reward_keys",
        "gdpo_reward_weights");
    if (c.hasHyper("handle_zero_tail") && !c.flag("handle_zero_tail")) {
      throw new IllegalArgumentException("handle_zero_tail false");
    }
    TokenAdvantages.Estimates ours = estimates(c);
    c.tensor("advantages", ours.advantages());
    c.tensor("returns", ours.returns());
  }

  private static TokenAdvantages.Estimates estimates(GoldenCase c) {
    double[][] mask = c.rows("response_mask");
    double[][] rewards = c.rows("token_level_rewards");
    String estimator = c.text("estimator");
    switch (estimator) {
      case "reinforce_plus_plus":
        return TokenAdvantages.discounted(rewards, mask, c.number("gamma"));
      case "remax":
        return TokenAdvantages.minusBaselines(rewards, mask, c.flat("reward_baselines"));
      case "gae":
        return TokenAdvantages.generalised(
            rewards, c.rows("values"), mask, c.number("gamma"), c.number("lam"));
      case "optimal_token_baseline":
      case "tir_optimal_token_baseline":
        return TokenAdvantages.optimalBaseline(
            rewards,
            mask,
            c.longs("group"),
            c.rows("old_log_probs"),
            c.rows("sum_pi_squared"),
            c.has("rollout_is_weights") ? c.rows("rollout_is_weights") : null,
            estimator.startsWith("tir"),
            c.number("epsilon"));
      default:
        break;
    }
    double[] scores = Arrays.stream(rewards).mapToDouble(Masked::sum).toArray();
    double[] lengths = Arrays.stream(mask).mapToDouble(Masked::sum).toArray();
    if (estimator.equals("gdpo")) {
      return TokenAdvantages.spreadWhitened(normalisedSum(c, scores.length), mask);
    }
    double[] outcomes = rule(c, estimator).of(scores, lengths, c.longs("group"));
    if (estimator.equals("grpo_passk")) {
      return withoutLoneRows(TokenAdvantages.spread(outcomes, mask), c.longs("group"));
    }
    return estimator.equals("reinforce_plus_plus_baseline")
        ? TokenAdvantages.spreadWhitened(outcomes, mask)
        : TokenAdvantages.spread(outcomes, mask);
  }

  /** verl refuses groups of one here, so its outputs leave their rows out. */
  private static TokenAdvantages.Estimates withoutLoneRows(
      TokenAdvantages.Estimates all, long[] groups) {
    double[][] several =
        IntStream.range(0, groups.length)
            .filter(i -> Arrays.stream(groups).filter(g -> g == groups[i]).count() > 1)
            .mapToObj(i -> all.advantages()[i])
            .toArray(double[][]::new);
    return new TokenAdvantages.Estimates(several, several);
  }

  private static OutcomeAdvantages rule(GoldenCase c, String estimator) {
    return switch (estimator) {
      case "grpo", "grpo_vectorized" ->
          new OutcomeAdvantages.Normalised(
              c.flag("norm_adv_by_std_in_grpo") ? Scale.GROUP : Scale.NONE,
              c.number("epsilon"),
              Alone.ITS_SCORE);
      case "grpo_passk" ->
          new OutcomeAdvantages.BestAlone(c.flag("norm_adv_by_std_in_grpo"), c.number("epsilon"));
      case "rloo" -> new OutcomeAdvantages.LeaveOneOut(Alone.ITS_SCORE);
      case "rloo_vectorized" -> new OutcomeAdvantages.LeaveOneOut(Alone.ZERO);
      case "opo" -> new OutcomeAdvantages.LengthWeighted();
      case "gpg" -> new OutcomeAdvantages.SparseCentred();
      case "reinforce_plus_plus_baseline" ->
          new OutcomeAdvantages.Normalised(Scale.NONE, 0, Alone.ITS_SCORE);
      default -> throw new IllegalArgumentException("unknown estimator " + estimator);
    };
  }

  /** GDPO: each score normalised in its group, then summed with weights. */
  private static double[] normalisedSum(GoldenCase c, int rows) {
    OutcomeAdvantages rule =
        new OutcomeAdvantages.Normalised(Scale.GROUP, c.number("epsilon"), Alone.ITS_SCORE);
    JsonNode weights = c.hyper("gdpo_reward_weights");
    double[] sum = new double[rows];
    for (int k = 0; k < c.hyper("gdpo_reward_keys").size(); k++) {
      double[] scores = c.flat(c.hyper("gdpo_reward_keys").get(k).asText());
      double[] own = rule.of(scores, scores, c.longs("group"));
      double weight = weights.isNull() ? 1 : weights.get(k).asDouble();
      Arrays.setAll(sum, i -> sum[i] + weight * own[i]);
    }
    return sum;
  }
}
