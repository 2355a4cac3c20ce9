package io.relook.parity;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import io.relook.model.engine.Divergence;
import io.relook.model.engine.Objective;
import io.relook.model.engine.ObjectiveProgram;
import io.relook.model.engine.RatioLevel;
import io.relook.model.engine.Surrogate;
import io.relook.model.torch.TorchProgram;
import io.relook.objective.Aggregation;
import io.relook.objective.ClipBounds;
import io.relook.objective.Masked;
import io.relook.objective.PolicyRows;
import io.relook.objective.TokenSelection;

/** Cases of verl's losses: its settings as ours, its numbers against ours. */
final class VerlLosses {
  private static final String[] POLICY =
      ("batch loss_agg_mode clip_ratio clip_ratio_low clip_ratio_high clip_ratio_c tau_pos tau_neg"
              + " loss_scale_factor policy_loss.loss_mode policy_loss.clip_cov_ratio"
              + " policy_loss.clip_cov_lb policy_loss.clip_cov_ub policy_loss.kl_cov_ratio"
              + " policy_loss.ppo_kl_coef policy_loss.dro_beta global_batch_info"
              + " rollout_correction entropy_coeff use_kl_loss kl_loss_coef kl_loss_type")
          .split(" ");

  static final double LOG_BOUND = 20;
  private static final double GSPO_LOG_BOUND = 10;
  static final double NONE = Double.POSITIVE_INFINITY;

  private final TorchProgram program;

  VerlLosses(TorchProgram program) {
    this.program = program;
  }

  void check(GoldenCase c) {
    switch (c.kind()) {
      case "policy_loss", "full_loss" -> policy(c);
      case "aggregate" -> aggregate(c);
      case "kl" -> VerlDivergences.check(c, program);
      case "advantages" -> VerlAdvantages.check(c);
      case "kl_in_reward" -> VerlDivergences.inReward(c);
      case "value_loss" -> value(c);
      case "entropy_loss" -> entropy(c);
      case "rollout_correction" -> VerlCorrections.check(c);
      default -> throw new IllegalArgumentException("unknown kind " + c.kind());
    }
  }

  /**
   * What a loss mode is in our parts.
   *
   * @param clip whose shares are logged; null: none
   * @param logBound of the logged KL's log ratio
   */
  private record Mode(
      RatioLevel level,
      double least,
      double most,
      Surrogate surrogate,
      double logBound,
      ClipBounds clip) {}

  private void policy(GoldenCase c) {
    c.knows(POLICY);
    String name = c.text("policy_loss.loss_mode");
    double[][] mask = c.rows("response_mask");
    double[][] logProbs = c.rows("log_probs");
    double[][] old = c.rows("old_log_probs");
    double[][] advantages = c.rows(c.has("token_advantages") ? "token_advantages" : "advantages");
    double[][] corrections = c.has("rollout_is_weights") ? c.rows("rollout_is_weights") : null;
    if (name.equals("bypass_mode")) {
      JsonNode settings = c.hyper("rollout_correction");
      double[][] own = VerlCorrections.corrected(c, settings, logProbs, old, mask);
      mask = VerlCorrections.rejected(c, settings, logProbs, old, mask);
      String type = settings.path("loss_type").asText();
      name = type.equals("ppo_clip") ? "vanilla" : type;
      corrections = type.equals("ppo_clip") ? null : own;
    }
    double[][] counted = mask;
    double[][] selected =
        switch (name) {
          case "clip_cov" ->
              TokenSelection.betweenCovariances(
                  advantages,
                  logProbs,
                  old,
                  mask,
                  bounds(c),
                  c.number("policy_loss.clip_cov_lb"),
                  c.number("policy_loss.clip_cov_ub"),
                  c.number("policy_loss.clip_cov_ratio"),
                  places -> {});
          case "kl_cov" ->
              TokenSelection.largestCovariance(
                  advantages, logProbs, mask, c.number("policy_loss.kl_cov_ratio"));
          default -> Masked.map(mask, (i, t) -> 0);
        };
    Mode mode = mode(c, name);
    double[][] shares = aggregation(c, name).weights(mask);
    boolean drops = name.equals("clip_cov");
    double[][] factors = name.equals("geo_mean") ? geometric(corrections, mask) : corrections;
    double[][] weights =
        Masked.map(
            mask,
            (i, t) ->
                shares[i][t]
                    * (factors == null ? 1 : factors[i][t])
                    * (drops ? 1 - selected[i][t] : 1));
    boolean full = c.kind().equals("full_loss");
    boolean reference = full && c.flag("use_kl_loss");
    double[][] all = full ? aggregation(c, "").weights(mask) : null;
    ObjectiveProgram.Gradients ours =
        ObjectiveProgram.gradients(
            program,
            GoldenCase.floats(logProbs),
            GoldenCase.floats(full ? c.rows("entropies") : logProbs),
            new PolicyRows(
                    mask,
                    advantages,
                    weights,
                    old,
                    reference ? c.rows("ref_log_probs") : null,
                    null,
                    all,
                    all,
                    selected,
                    null)
                .rows(),
            new Objective.Policy(
                mode.level,
                mode.least,
                mode.most,
                mode.surrogate,
                reference ? VerlDivergences.estimator(c.text("kl_loss_type")) : Divergence.none(),
                reference ? c.number("kl_loss_coef") : 0,
                full ? c.number("entropy_coeff") : 0,
                NONE,
                1));
    c.loss(ours.sums().loss());
    c.tensor("grad_log_probs", ours.byLogProbs());
    if (full) {
      c.tensor("grad_entropies", ours.byEntropies());
      c.metric("actor/pg_loss", ours.sums().surrogate());
      c.metric("actor/entropy_loss", ours.sums().entropy());
      c.metric("kl_loss", ours.sums().divergence());
      c.metric("kl_coef", reference ? c.number("kl_loss_coef") : 0);
    }
    double[][] ratios = GoldenCase.shaped(ours.ratios(), mask);
    double[][] trusted = GoldenCase.shaped(ours.factors(), mask);
    Shares clipped = shares(c, name, mode, counted, ratios, trusted, advantages, logProbs, old);
    c.metric(
        "actor/pg_clipfrac",
        drops ? Masked.share(mask, (i, t) -> selected[i][t] > 0) : clipped.upper);
    c.metric("actor/pg_clipfrac_lower", clipped.lower);
    boolean absolute = name.equals("kl_cov");
    double[][] apart =
        Masked.map(
            mask,
            (i, t) -> {
              double bound = mode.logBound;
              double d = Math.max(-bound, Math.min(bound, logProbs[i][t] - old[i][t]));
              return absolute ? Math.abs(d) : -d;
            });
    c.metric("actor/ppo_kl", Masked.mean(apart, mask));
  }

  private record Shares(double upper, double lower) {}

  private static Shares shares(
      GoldenCase c,
      String name,
      Mode mode,
      double[][] mask,
      double[][] ratios,
      double[][] trusted,
      double[][] advantages,
      double[][] logProbs,
      double[][] old) {
    double bound = c.number("clip_ratio_c");
    return switch (name) {
      case "vanilla" ->
          new Shares(
              Masked.share(mask, (i, t) -> mode.clip.acts(ratios[i][t], advantages[i][t])),
              Masked.share(
                  mask,
                  (i, t) ->
                      advantages[i][t] < 0 && Math.max(ratios[i][t], 1 - mode.clip.low()) > bound));
      case "dppo_tv", "dppo_kl" ->
          new Shares(
              Masked.share(mask, (i, t) -> trusted[i][t] == 0),
              Masked.share(mask, (i, t) -> trusted[i][t] > 0 && ratios[i][t] > bound));
      case "gspo" ->
          new Shares(
              Masked.share(mask, (i, t) -> mode.clip.acts(ratios[i][t], advantages[i][t])), 0);
      case "cispo" ->
          new Shares(
              Masked.share(
                  mask,
                  (i, t) ->
                      ratios[i][t] < 1 - mode.clip.low() || ratios[i][t] > 1 + mode.clip.high()),
              0);
      case "geo_mean" -> {
        Masked.Predicate outside =
            (i, t) ->
                logProbs[i][t] - old[i][t] < -mode.clip.low()
                    || logProbs[i][t] - old[i][t] > mode.clip.high();
        yield new Shares(
            Masked.share(mask, (i, t) -> outside.at(i, t) && advantages[i][t] > 0),
            Masked.share(mask, (i, t) -> outside.at(i, t) && advantages[i][t] < 0));
      }
      default -> new Shares(0, 0);
    };
  }

  private static ClipBounds bounds(GoldenCase c) {
    double both = c.number("clip_ratio");
    return new ClipBounds(c.number("clip_ratio_low", both), c.number("clip_ratio_high", both));
  }

  private static Mode mode(GoldenCase c, String name) {
    ClipBounds clip = bounds(c);
    double cap = c.number("clip_ratio_c");
    Surrogate bare = new Surrogate.Clip(clip.low(), clip.high(), NONE, NONE);
    return switch (name) {
      case "vanilla" ->
          token(LOG_BOUND, new Surrogate.Clip(clip.low(), clip.high(), NONE, cap), clip);
      case "dppo_tv" ->
          token(LOG_BOUND, new Surrogate.TrustRegion(true, clip.low(), clip.high(), cap), clip);
      case "dppo_kl" ->
          token(LOG_BOUND, new Surrogate.TrustRegion(false, clip.low(), clip.high(), cap), clip);
      case "gspo" -> new Mode(RatioLevel.SEQUENCE_TOKEN, -NONE, GSPO_LOG_BOUND, bare, NONE, clip);
      case "sapo" ->
          token(LOG_BOUND, new Surrogate.SoftGate(c.number("tau_pos"), c.number("tau_neg")), clip);
      case "gpg", "reinforce" -> token(NONE, new Surrogate.Reinforce(), clip);
      case "clip_cov" -> token(NONE, bare, clip);
      case "kl_cov" ->
          token(NONE, new Surrogate.Penalised(c.number("policy_loss.ppo_kl_coef")), clip);
      case "geo_mean" -> token(NONE, new Surrogate.Geometric(clip.low(), clip.high()), clip);
      case "dro" -> token(NONE, new Surrogate.Quadratic(c.number("policy_loss.dro_beta")), clip);
      case "cispo" -> token(LOG_BOUND, new Surrogate.Cap(1 - clip.low(), 1 + clip.high()), clip);
      default -> throw new IllegalArgumentException("unknown loss_mode " + name);
    };
  }

  private static Mode token(double logBound, Surrogate surrogate, ClipBounds clip) {
    return new Mode(RatioLevel.TOKEN, -logBound, logBound, surrogate, logBound, clip);
  }

  /** sapo and geo_mean choose their own. */
  private static Aggregation aggregation(GoldenCase c, String mode) {
    if (mode.equals("geo_mean")) {
      return Aggregation.local(Aggregation.Mode.SEQUENCE_MEAN, 1);
    }
    String asked = mode.equals("sapo") ? "seq-mean-token-mean" : c.text("loss_agg_mode");
    JsonNode step = c.hasHyper("global_batch_info") ? c.hyper("global_batch_info") : null;
    String mask = c.has("response_mask") ? "response_mask" : "mask";
    return aggregation(asked, step, c.rows(mask)[0].length);
  }

  private static Aggregation aggregation(String name, JsonNode step, int width) {
    Aggregation.Mode mode =
        switch (name) {
          case "token-mean" -> Aggregation.Mode.TOKEN_MEAN;
          case "token-sum" -> Aggregation.Mode.TOKEN_SUM;
          case "seq-mean-token-sum" -> Aggregation.Mode.SEQUENCE_SUM;
          case "seq-mean-token-sum-norm" -> Aggregation.Mode.SEQUENCE_CONSTANT;
          case "seq-mean-token-mean" -> Aggregation.Mode.SEQUENCE_MEAN;
          default -> throw new IllegalArgumentException("unknown loss_agg_mode " + name);
        };
    Double length = known(step, "loss_scale_factor");
    Double processes = known(step, "dp_size");
    return new Aggregation(
        mode,
        known(step, "batch_num_tokens"),
        known(step, "global_batch_size"),
        length == null ? width : length,
        false,
        0,
        processes == null ? 1 : processes);
  }

  private static Double known(JsonNode step, String name) {
    return step == null || !step.path(name).isNumber() ? null : step.path(name).asDouble();
  }

  /** The geometric mean of a row's weights, for each of its tokens. */
  private static double[][] geometric(double[][] weights, double[][] mask) {
    if (weights == null) {
      return null;
    }
    double[] means = Masked.rowMeans(Masked.each(weights, w -> Math.log(w + 1e-10)), mask);
    return Masked.map(mask, (i, t) -> Math.exp(means[i]));
  }

  private void aggregate(GoldenCase c) {
    c.knows("loss_agg_mode", "global_batch_info");
    double[][] mask = c.rows("response_mask");
    double[][] losses = c.rows("loss_matrix");
    double[][] weights = aggregation(c, "").weights(mask);
    double sum =
        Masked.sum(GoldenCase.flatten(Masked.map(mask, (i, t) -> weights[i][t] * losses[i][t])));
    c.loss(sum);
    c.tensor("grad_loss_matrix", Masked.map(mask, (i, t) -> mask[i][t] > 0 ? weights[i][t] : 0));
  }

  private void value(GoldenCase c) {
    c.knows("cliprange_value", "loss_agg_mode");
    double[][] mask = c.rows("response_mask");
    Shape shape = new Shape(mask.length, mask[0].length);
    try (NDManager scope = program.newScope()) {
      NDList ours =
          program.callWithGradients(
              scope,
              "value_gradients",
              scope.create(GoldenCase.floats(c.rows("values_new")), shape),
              scope.create(GoldenCase.floats(c.rows("values_old")), shape),
              scope.create(GoldenCase.floats(c.rows("returns")), shape),
              scope.create(GoldenCase.floats(aggregation(c, "").weights(mask)), shape),
              c.number("cliprange_value"));
      c.loss(ours.get(0).toDoubleArray()[0]);
      c.tensor("grad_values_new", ours.get(1).toFloatArray());
      double[][] held = GoldenCase.shaped(ours.get(2).toFloatArray(), mask);
      c.metric("vf_clipfrac", Masked.mean(held, mask));
    }
  }

  private void entropy(GoldenCase c) {
    c.knows("loss_agg_mode");
    double[][] mask = c.rows("response_mask");
    double[] logits = c.flat("logits");
    long vocabulary = logits.length / GoldenCase.flatten(mask).length;
    try (NDManager scope = program.newScope()) {
      NDList ours =
          program.callWithGradients(
              scope,
              "entropy_gradients",
              scope.create(
                  GoldenCase.floats(new double[][] {logits}),
                  new Shape(mask.length, mask[0].length, vocabulary)),
              scope.create(
                  GoldenCase.floats(aggregation(c, "").weights(mask)),
                  new Shape(mask.length, mask[0].length)));
      c.loss(ours.get(0).toDoubleArray()[0]);
      c.tensor("grad_logits", ours.get(1).toFloatArray());
    }
  }
}
