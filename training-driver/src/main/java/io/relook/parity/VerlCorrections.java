package io.relook.parity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.objective.CorrectionMetrics;
import io.relook.objective.Masked;
import io.relook.objective.Rejection;
import io.relook.objective.SamplerCorrection;
import java.util.Arrays;
import java.util.List;

/** Cases of verl's correction for the sampler: weights, rejected tokens and their metrics. */
final class VerlCorrections {
  private VerlCorrections() {}

  static void check(GoldenCase c) {
    c.knows(
        "batch",
        "rollout_is",
        "rollout_is_threshold",
        "rollout_is_batch_normalize",
        "rollout_rs",
        "rollout_rs_threshold");
    double[][] mask = c.rows("response_mask");
    double[][] old = c.rows("old_log_probs");
    double[][] sampling = c.rows("sampling_log_probs");
    ObjectNode settings = new ObjectMapper().createObjectNode();
    for (String name :
        List.of(
            "rollout_is",
            "rollout_is_threshold",
            "rollout_is_batch_normalize",
            "rollout_rs",
            "rollout_rs_threshold")) {
      settings.set(name, c.hyper(name));
    }
    double[][] weights = corrected(c, settings, old, sampling, mask);
    if (weights != null) {
      c.tensor("rollout_is_weights", weights);
    }
    c.mask("response_mask", rejected(c, settings, old, sampling, mask));
  }

  /** The correction's weights, 0 where masked, and metrics; null where there is none. */
  static double[][] corrected(
      GoldenCase c, JsonNode settings, double[][] logProbs, double[][] sampling, double[][] mask) {
    String prefix = "rollout_corr/";
    c.metrics(prefix, CorrectionMetrics.apart(logProbs, sampling, mask));
    JsonNode threshold = settings.path("rollout_is_threshold");
    if (settings.path("rollout_is").isNull() || threshold.isNull()) {
      return null;
    }
    String level = settings.path("rollout_is").asText();
    if (!List.of("token", "sequence").contains(level)) {
      throw new IllegalArgumentException("rollout_is " + level);
    }
    double[] bounds =
        Arrays.stream(threshold.asText().split("_")).mapToDouble(Double::parseDouble).toArray();
    SamplerCorrection correction =
        new SamplerCorrection(
            level.equals("sequence"),
            bounds.length > 1
                ? SamplerCorrection.Outside.ZERO
                : SamplerCorrection.Outside.TRUNCATED,
            bounds.length > 1 ? bounds[0] : 0,
            bounds[bounds.length - 1],
            VerlLosses.LOG_BOUND,
            settings.path("rollout_is_batch_normalize").asBoolean());
    c.metrics(prefix, CorrectionMetrics.weights(correction, logProbs, sampling, mask));
    double[][] weights = correction.weights(logProbs, sampling, mask);
    return Masked.map(mask, (i, t) -> weights[i][t] * mask[i][t]);
  }

  static double[][] rejected(
      GoldenCase c, JsonNode settings, double[][] logProbs, double[][] sampling, double[][] mask) {
    if (settings.path("rollout_rs").isNull()) {
      return mask;
    }
    String prefix = "rollout_corr/";
    double[][] kept = mask;
    for (Rejection rule :
        Rejection.parse(
            settings.path("rollout_rs").asText(), settings.path("rollout_rs_threshold").asText())) {
      double[][] values = rule.values(logProbs, sampling, mask);
      c.metrics(prefix, CorrectionMetrics.rejection(rule, values, mask));
      double[][] stays = rule.kept(values, mask);
      double[][] before = kept;
      kept = Masked.map(mask, (i, t) -> before[i][t] * stays[i][t]);
    }
    c.metrics(prefix, CorrectionMetrics.rejected(kept, mask));
    return kept;
  }
}
