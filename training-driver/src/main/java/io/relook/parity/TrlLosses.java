package io.relook.parity;

import com.fasterxml.jackson.databind.JsonNode;
import io.relook.model.engine.Divergence;
import io.relook.model.engine.Objective;
import io.relook.model.engine.ObjectiveProgram;
import io.relook.model.engine.RatioLevel;
import io.relook.model.engine.Surrogate;
import io.relook.model.torch.TorchProgram;
import io.relook.objective.Aggregation;
import io.relook.objective.ClipBounds;
import io.relook.objective.EntropyControl;
import io.relook.objective.Masked;
import io.relook.objective.PolicyRows;
import io.relook.objective.SamplerCorrection;
import io.relook.objective.StepMetrics;
import io.relook.objective.TokenSelection;
import java.util.Arrays;
import java.util.Set;

/** Cases of TRL's GRPO trainer: its settings as ours, its numbers against ours. */
final class TrlLosses {
  private static final String[] LOSS =
      ("batch loss_type importance_sampling_level beta epsilon epsilon_high delta"
              + " use_bias_correction_kl sapo_temperature_pos sapo_temperature_neg vespo_k_pos"
              + " vespo_lambda_pos vespo_k_neg vespo_lambda_neg top_entropy_quantile entropy_coef"
              + " use_adaptive_entropy entropy_coef_min entropy_coef_max entropy_coef_delta"
              + " entropy_target off_policy_mask_threshold mask_truncated_completions use_vllm"
              + " vllm_importance_sampling_correction vllm_importance_sampling_mode"
              + " vllm_importance_sampling_clip_max vllm_importance_sampling_clip_min"
              + " max_completion_length num_generations num_iterations"
              + " per_device_train_batch_size gradient_accumulation_steps steps_per_generation"
              + " epsilon_low_in_force epsilon_high_in_force num_processes mode"
              + " num_items_in_batch reward_weights scale_rewards multi_objective_aggregation")
          .split(" ");

  /** Losses that PPO's clip bounds. */
  private static final Set<String> CLIPPED = Set.of("grpo", "bnpo", "dr_grpo", "dapo", "luspo");

  /** Losses whose divisor is the step's token count. */
  private static final Set<String> BY_TOKENS = Set.of("dapo", "cispo", "vespo");

  private final TorchProgram program;

  TrlLosses(TorchProgram program) {
    this.program = program;
  }

  void check(GoldenCase c) {
    switch (c.kind()) {
      case "loss" -> loss(c);
      case "loss_sequence" -> sequence(c);
      case "advantages" -> TrlAdvantages.check(c);
      case "rollout" -> rollout(c);
      case "reward" -> TrlAdvantages.overlong(c);
      default -> throw new IllegalArgumentException("unknown kind " + c.kind());
    }
  }

  /** A micro-batch; null where the case has none. */
  private record Batch(
      double[][] mask,
      double[][] advantages,
      boolean oneAdvantageARow,
      double[][] old,
      double[][] entropies,
      double[][] sampling,
      double[][] corrections,
      boolean oneCorrectionARow) {}

  private void loss(GoldenCase c) {
    c.knows(LOSS);
    double[][] mask = tokenMask(c, c.rows("mask"));
    boolean perRow = c.dimensions("advantages") == 1;
    double[][] given = optional(c, "importance_sampling_ratio");
    boolean oneARow = given != null && given[0].length == 1 && mask[0].length > 1;
    Batch batch =
        new Batch(
            mask,
            perRow ? perToken(c.flat("advantages"), mask) : c.rows("advantages"),
            perRow,
            optional(c, "old_log_probs"),
            c.rows("entropies"),
            optional(c, "sampling_log_probs"),
            oneARow ? perToken(c.flat("importance_sampling_ratio"), mask) : given,
            oneARow);
    EntropyControl control = control(c);
    boolean adaptive = c.flag("use_adaptive_entropy");
    compare(c, batch, adaptive ? control.acting() : c.number("entropy_coef"), "");
    if (adaptive && train(c)) {
      control.observe(batch.entropies, chosen(c, batch.entropies, batch.mask));
      control.stepped();
    }
    c.metric("entropy_coef", control.coefficient());
  }

  private void sequence(GoldenCase c) {
    c.knows(LOSS);
    EntropyControl control = control(c);
    JsonNode calls = c.output("calls");
    double[][] mask = tokenMask(c, c.rows("mask"));
    for (int i = 0; i < calls.size(); i++) {
      Batch batch =
          new Batch(
              mask,
              perToken(c.flat("advantages"), mask),
              true,
              c.rows("old_log_probs"),
              c.rows("entropies_" + i),
              null,
              null,
              false);
      boolean adaptive = c.flag("use_adaptive_entropy");
      double bonus = adaptive ? control.acting() : c.number("entropy_coef");
      ObjectiveProgram.Gradients ours = compare(c, batch, bonus, "_" + i);
      control.observe(batch.entropies, chosen(c, batch.entropies, batch.mask));
      if (calls.get(i).path("optimizer_step_ends").asBoolean()) {
        control.stepped();
      }
      String at = "calls." + i + ".";
      c.scalar(at + "loss", calls.get(i).path("loss"), ours.sums().loss());
      c.scalar(at + "coefficient", calls.get(i).path("entropy_coef_after"), control.coefficient());
      c.scalar(
          at + "entropy", calls.get(i).path("entropy_of_last_step"), control.entropyOfLastStep());
    }
  }

  private void rollout(GoldenCase c) {
    c.knows(LOSS);
    double[][] whole = c.rows("mask");
    boolean[] finished = new boolean[whole.length];
    double[] ended = c.has("finished_mask") ? c.flat("finished_mask") : null;
    for (int i = 0; i < finished.length; i++) {
      finished[i] = ended == null || ended[i] > 0;
    }
    boolean drops = c.flag("mask_truncated_completions");
    double[][] completions = Masked.map(whole, (i, t) -> drops && !finished[i] ? 0 : whole[i][t]);
    c.mask("completion_mask", completions);
    double[][] mask = tokenMask(c, completions);
    c.metrics("", StepMetrics.lengths(tokenMask(c, whole), finished));
    double[] advantages = TrlAdvantages.of(c);
    c.tensor("advantages", advantages);
    double[][] old = c.rows("old_log_probs");
    double[][] sampling = optional(c, "sampling_log_probs");
    boolean corrected = c.flag("use_vllm") && c.flag("vllm_importance_sampling_correction");
    double[][] corrections = null;
    SamplerCorrection correction = correction(c);
    if (corrected) {
      corrections = correction.weights(old, sampling, mask);
      c.metrics("", StepMetrics.sampler(old, sampling, mask));
      c.metrics("", StepMetrics.corrections(corrections, mask, correction.bySequence()));
      c.tensor(
          "importance_sampling_ratio",
          correction.bySequence()
              ? Arrays.stream(corrections).mapToDouble(row -> row[0]).toArray()
              : GoldenCase.flatten(corrections));
    }
    double between = c.number("steps_per_generation") * c.number("num_iterations");
    boolean drifts = c.number("gradient_accumulation_steps") % between != 0;
    compare(
        c,
        new Batch(
            mask,
            perToken(advantages, mask),
            true,
            drifts || corrected ? old : null,
            c.rows("entropies"),
            sampling,
            corrections,
            correction.bySequence()),
        c.number("entropy_coef"),
        "");
  }

  private ObjectiveProgram.Gradients compare(
      GoldenCase c, Batch batch, double bonus, String suffix) {
    double[][] mask = batch.mask;
    boolean gamma = c.text("loss_type").equals("vespo");
    double[][] shares = aggregation(c).weights(mask);
    double[][] chosen = chosen(c, batch.entropies, batch.mask);
    boolean weighted =
        c.flag("use_vllm") && c.flag("vllm_importance_sampling_correction") && !gamma;
    double[][] weights =
        Masked.map(
            mask,
            (i, t) -> {
              boolean out = mask[i][t] > 0 && chosen[i][t] == 0;
              double correction = weighted ? batch.corrections[i][t] : 1;
              return out ? 0 : shares[i][t] * correction;
            });
    Objective.Policy objective = objective(c, bonus, 1);
    ObjectiveProgram.Gradients ours =
        ObjectiveProgram.gradients(
            program,
            GoldenCase.floats(c.rows("log_probs")),
            GoldenCase.floats(batch.entropies),
            new PolicyRows(
                    mask,
                    batch.advantages,
                    weights,
                    batch.old,
                    optional(c, "ref_log_probs"),
                    batch.sampling,
                    shares,
                    bonusWeights(c, chosen),
                    null,
                    batch.corrections == null || !gamma
                        ? null
                        : PolicyRows.logCorrection(
                            batch.corrections, mask, batch.oneCorrectionARow))
                .rows(),
            objective);
    c.tensor("grad_log_probs" + suffix, ours.byLogProbs());
    if (c.number("entropy_coef") != 0 || c.flag("use_adaptive_entropy")) {
      c.tensor("grad_entropies" + suffix, ours.byEntropies());
      double times = BY_TOKENS.contains(c.text("loss_type")) ? 1 : accumulation(c);
      double policy = ours.sums().surrogate() + objective.beta() * ours.sums().divergence();
      c.metric("policy_loss", policy * times);
    }
    if (suffix.isEmpty()) {
      c.loss(ours.sums().loss());
      metrics(c, batch, objective, ours);
    }
    return ours;
  }

  private static void metrics(
      GoldenCase c, Batch batch, Objective.Policy objective, ObjectiveProgram.Gradients ours) {
    double[][] mask = batch.mask;
    double[][] ratios = GoldenCase.shaped(ours.ratios(), mask);
    boolean byRow = objective.level() == RatioLevel.SEQUENCE && batch.oneAdvantageARow;
    c.metric("entropy", Masked.mean(batch.entropies, mask));
    c.metric("kl", Masked.mean(GoldenCase.shaped(ours.divergences(), mask), mask));
    if (objective.surrogate() instanceof Surrogate.Clip clip) {
      c.metrics(
          "",
          StepMetrics.clip(
              new ClipBounds(clip.low(), clip.high()),
              Masked.each(ratios, ratio -> Math.min(ratio, clip.cap())),
              batch.advantages,
              mask,
              byRow));
    }
    if (objective.surrogate() instanceof Surrogate.Cap cap) {
      double[][] capped =
          Masked.map(
              mask, (i, t) -> ratios[i][t] > cap.ceiling() && batch.advantages[i][t] > 0 ? 1 : 0);
      c.metric("cispo_clip_ratio", StepMetrics.average(capped, mask, byRow));
    }
    double[][] factors = GoldenCase.shaped(ours.factors(), mask);
    c.metric("vespo/phi_seq_mean", StepMetrics.average(factors, mask, batch.oneAdvantageARow));
  }

  static Objective.Policy objective(GoldenCase c, double bonus, double temperature) {
    double low = c.number("epsilon");
    double high = c.number("epsilon_high", low);
    String type = c.text("loss_type");
    Surrogate surrogate;
    if (CLIPPED.contains(type)) {
      surrogate = new Surrogate.Clip(low, high, c.number("delta", Surrogate.NONE), Surrogate.NONE);
    } else {
      surrogate =
          switch (type) {
            case "cispo" -> new Surrogate.Cap(0, high);
            case "sapo" ->
                new Surrogate.SoftGate(
                    c.number("sapo_temperature_pos"), c.number("sapo_temperature_neg"));
            case "vespo" ->
                new Surrogate.Gamma(
                    c.number("vespo_k_pos"),
                    c.number("vespo_lambda_pos"),
                    c.number("vespo_k_neg"),
                    c.number("vespo_lambda_neg"));
            default -> throw new IllegalArgumentException("unknown loss_type " + type);
          };
    }
    RatioLevel level =
        switch (c.text("importance_sampling_level")) {
          case "token" -> RatioLevel.TOKEN;
          case "sequence" -> RatioLevel.SEQUENCE;
          default ->
              throw new IllegalArgumentException(
                  "importance_sampling_level " + c.text("importance_sampling_level"));
        };
    double beta = c.number("beta");
    boolean weighted = c.flag("use_bias_correction_kl");
    return new Objective.Policy(
        level,
        Double.NEGATIVE_INFINITY,
        Double.POSITIVE_INFINITY,
        surrogate,
        beta == 0 ? Divergence.none() : Divergence.unclamped(Divergence.Kind.K3, weighted),
        beta,
        bonus,
        c.number("off_policy_mask_threshold", Double.POSITIVE_INFINITY),
        temperature);
  }

  static Aggregation aggregation(GoldenCase c) {
    String type = c.text("loss_type");
    if (BY_TOKENS.contains(type)) {
      double items = Math.max(1, c.number("num_items_in_batch")) / c.number("num_processes");
      double share = train(c) ? accumulation(c) / c.number("steps_per_generation") : 1;
      return new Aggregation(Aggregation.Mode.TOKEN_MEAN, items * share, null, 1, true, 0, 1);
    }
    Aggregation.Mode mode =
        switch (type) {
          case "grpo", "sapo" -> Aggregation.Mode.SEQUENCE_MEAN;
          case "bnpo" -> Aggregation.Mode.TOKEN_MEAN;
          case "dr_grpo" -> Aggregation.Mode.SEQUENCE_CONSTANT;
          case "luspo" -> Aggregation.Mode.SEQUENCE_SUM;
          default -> throw new IllegalArgumentException("unknown loss_type " + type);
        };
    return new Aggregation(
        mode, null, null, c.number("max_completion_length"), true, 1, 1 / accumulation(c));
  }

  private static SamplerCorrection correction(GoldenCase c) {
    String mode = c.text("vllm_importance_sampling_mode");
    if (!Set.of("token_truncate", "token_mask", "sequence_truncate", "sequence_mask")
        .contains(mode)) {
      throw new IllegalArgumentException("vllm_importance_sampling_mode " + mode);
    }
    return new SamplerCorrection(
        mode.startsWith("sequence"),
        mode.endsWith("mask")
            ? SamplerCorrection.Outside.ZERO
            : SamplerCorrection.Outside.TRUNCATED,
        c.number("vllm_importance_sampling_clip_min", 0),
        c.number("vllm_importance_sampling_clip_max", Double.POSITIVE_INFINITY),
        Double.POSITIVE_INFINITY,
        false);
  }

  private static EntropyControl control(GoldenCase c) {
    return new EntropyControl(
        c.number("entropy_coef"),
        c.number("entropy_target"),
        c.number("entropy_coef_delta"),
        c.number("entropy_coef_min"),
        c.number("entropy_coef_max"));
  }

  /** Tokens that the surrogate and the entropy bonus act on. */
  static double[][] chosen(GoldenCase c, double[][] entropies, double[][] mask) {
    double share = c.number("top_entropy_quantile");
    return share < 1 ? TokenSelection.topEntropy(entropies, mask, share) : mask;
  }

  /** The entropy's mean over the chosen tokens, whatever the loss divides by. */
  static double[][] bonusWeights(GoldenCase c, double[][] chosen) {
    return new Aggregation(Aggregation.Mode.TOKEN_MEAN, null, null, 1, true, 1, 1 / accumulation(c))
        .weights(chosen);
  }

  private static boolean train(GoldenCase c) {
    return switch (c.text("mode")) {
      case "train" -> true;
      case "eval" -> false;
      default -> throw new IllegalArgumentException("unknown mode " + c.text("mode"));
    };
  }

  private static double accumulation(GoldenCase c) {
    return train(c) ? c.number("gradient_accumulation_steps") : 1;
  }

  private static double[][] tokenMask(GoldenCase c, double[][] mask) {
    double[][] tools = optional(c, "tool_mask");
    return tools == null ? mask : Masked.map(mask, (i, t) -> mask[i][t] * tools[i][t]);
  }

  private static double[][] perToken(double[] values, double[][] mask) {
    return Masked.map(mask, (i, t) -> values[i]);
  }

  private static double[][] optional(GoldenCase c, String role) {
    return c.has(role) ? c.rows(role) : null;
  }
}
