package io.relook.preset;

import io.relook.model.engine.Divergence;
import io.relook.model.engine.Objective;
import io.relook.model.engine.RatioLevel;
import io.relook.model.engine.Surrogate;
import java.util.ArrayList;
import java.util.List;

/**
 * Every value of a policy's objective. In a preset {@code grpo.objective} is the name of a set
 * under {@code resources/objectives}, or a mapping of such values, over those of the set that its
 * {@code preset} names (vre where it names none).
 *
 * @param loss the surrogate; {@code cap} clips the ratio to [1 - clipLow, 1 + clipHigh] itself
 * @param logRatioBound the ratio's logarithm is clamped to ± this
 * @param ratioCap the unclipped branch's ratio is at most this
 * @param dualClip a negative advantage's loss is at most this times the advantage
 * @param constantLength divides a row's sum in {@code sequence_constant}; 0: maxNewTokens
 * @param emptyRows rows that are masked whole count in the rows' mean
 * @param scaleEpsilon added to the deviation that divides the advantages
 * @param alone what the only scored sample of a group gets
 * @param divergence the estimate of KL from the policy that the stage began with
 * @param divergenceIn beta times it is added to the loss, or taken from the reward: there the
 *     sampler's own tokens are compared and their sum counts (arXiv 1909.08593)
 * @param old whose log-probabilities the ratio's denominator is: the sampler's, or the trainer's
 *     own before the update, so that the ratio is 1
 * @param correction by the ratio of the trainer's to the sampler's log-probabilities
 * @param offPolicyThreshold nats a token by which a row of negative advantage may have drifted
 * @param topEntropyShare of the tokens, those of highest entropy, that the surrogate acts on
 * @param maskTruncated leave samples out that reached maxNewTokens; their rewards count in the
 *     group
 * @param overlongCache the last tokens of the budget over which the reward falls by 1; 0: none
 * @param filterGroups which groups of a question's samples a step leaves out
 * @param resample how often a step asks further questions while fewer groups than it wants are left
 */
public record ObjectiveValues(
    Loss loss,
    RatioLevel level,
    @Default("null") Double logRatioBound,
    double clipLow,
    double clipHigh,
    @Default("null") Double ratioCap,
    @Default("null") Double dualClip,
    SoftGate softGate,
    Gamma gamma,
    Aggregate aggregation,
    int constantLength,
    boolean emptyRows,
    Scale scale,
    double scaleEpsilon,
    Alone alone,
    Divergence.Kind divergence,
    double beta,
    @Default("loss") DivergenceIn divergenceIn,
    boolean ratioWeighted,
    boolean straightThrough,
    @Default("null") Double klLogBound,
    @Default("null") Double klBound,
    double entropyBonus,
    Old old,
    Correction correction,
    @Default("null") Double correctionLeast,
    @Default("null") Double correctionMost,
    @Default("null") Double correctionLogBound,
    @Default("null") Double offPolicyThreshold,
    double topEntropyShare,
    boolean maskTruncated,
    int overlongCache,
    @Default("reward") FilterGroups filterGroups,
    @Default("0") int resample) {
  /** See {@link Surrogate}. */
  public enum Loss {
    CLIP,
    CAP,
    SOFT_GATE,
    GAMMA,
    TOTAL_VARIATION,
    BINARY_KL,
    REINFORCE,
    GEOMETRIC
  }

  /** How tokens' losses become one number. */
  public enum Aggregate {
    TOKEN_MEAN,
    TOKEN_SUM,
    SEQUENCE_MEAN,
    SEQUENCE_SUM,
    SEQUENCE_CONSTANT
  }

  /** What a divergence acts on. */
  public enum DivergenceIn {
    LOSS,
    REWARD
  }

  /** Whose deviation divides the advantages. */
  public enum Scale {
    GROUP,
    BATCH,
    NONE
  }

  /** What the only scored sample of a group gets. */
  public enum Alone {
    ZERO,
    ITS_SCORE
  }

  /**
   * Groups that are left out whole: none; those whose rewards are all equal; those whose answers
   * are all right or all wrong, whatever else is rewarded (DAPO, arXiv 2503.14476).
   */
  public enum FilterGroups {
    NONE,
    REWARD,
    ACCURACY
  }

  /** Whose log-probabilities divide. */
  public enum Old {
    SAMPLER,
    TRAINER
  }

  /** Of the sampler, by token or by sequence, truncated to its bounds or masked outside them. */
  public enum Correction {
    NONE,
    TOKEN_TRUNCATE,
    TOKEN_MASK,
    SEQUENCE_TRUNCATE,
    SEQUENCE_MASK
  }

  /** Temperatures of SAPO by the advantage's sign. */
  public record SoftGate(double positive, double negative) {}

  /** VESPO's numbers by the advantage's sign. */
  public record Gamma(
      double kPositive, double lambdaPositive, double kNegative, double lambdaNegative) {}

  public ObjectiveValues {
    List<String> problems = new ArrayList<>();
    boolean clips = loss == Loss.CLIP;
    boolean corrects = correction != Correction.NONE;
    check(problems, clipLow >= 0 && clipHigh >= 0, "clipLow and clipHigh must not be negative");
    check(problems, clipLow <= 1, "clipLow above 1 is no bound of a ratio");
    check(problems, clips || dualClip == null, "dualClip belongs to the loss clip");
    boolean trusts = loss == Loss.TOTAL_VARIATION || loss == Loss.BINARY_KL;
    check(
        problems,
        clips || trusts || ratioCap == null,
        "ratioCap belongs to the losses clip, total_variation and binary_kl");
    check(problems, dualClip == null || dualClip > 1, "dualClip must be above 1");
    check(problems, ratioCap == null || ratioCap > 1, "ratioCap must be above 1");
    check(
        problems,
        level == RatioLevel.TOKEN || clips || loss == Loss.CAP || loss == Loss.SOFT_GATE,
        "the loss " + word(loss) + " knows no level but token");
    check(
        problems,
        softGate.positive > 0 && softGate.negative > 0,
        "softGate's temperatures must be above 0");
    check(
        problems,
        constantLength == 0 || aggregation == Aggregate.SEQUENCE_CONSTANT,
        "constantLength belongs to the aggregation sequence_constant");
    boolean reference = divergence != Divergence.Kind.NONE;
    check(problems, beta >= 0, "beta must not be negative");
    check(problems, reference || beta == 0, "beta weighs a divergence, and there is none");
    check(
        problems,
        !reference || beta != 0,
        "a divergence needs a reference policy, and beta 0 makes nothing of it");
    check(
        problems,
        reference || !ratioWeighted && !straightThrough,
        "ratioWeighted and straightThrough belong to a divergence");
    boolean inReward = divergenceIn == DivergenceIn.REWARD;
    check(problems, reference || !inReward, "divergenceIn reward needs a divergence");
    check(
        problems,
        !inReward || !ratioWeighted && !straightThrough,
        "ratioWeighted and straightThrough belong to a divergence in the loss");
    check(
        problems,
        divergence == Divergence.Kind.K3 || klLogBound == null && klBound == null,
        "klLogBound and klBound belong to the divergence k3");
    check(
        problems,
        corrects || correctionLeast == null && correctionMost == null && correctionLogBound == null,
        "correction's bounds need a correction");
    check(
        problems,
        !corrects || correctionLeast != null || correctionMost != null,
        "a correction needs correctionLeast, correctionMost or both");
    check(
        problems,
        correctionLeast == null || correctionMost == null || correctionLeast < correctionMost,
        "correctionLeast must be below correctionMost");
    check(
        problems,
        !corrects || old == Old.TRAINER,
        "with old: sampler the ratio corrects for the sampler already: choose old: trainer or no correction");
    check(
        problems,
        topEntropyShare >= 0 && topEntropyShare <= 1,
        "topEntropyShare must be from 0 to 1");
    check(problems, scaleEpsilon >= 0, "scaleEpsilon must not be negative");
    check(
        problems,
        resample == 0 || filterGroups != FilterGroups.NONE,
        "resample replaces groups that filterGroups leaves out, and it leaves none out");
    if (!problems.isEmpty()) {
      throw PresetErrors.of("grpo.objective", problems);
    }
  }

  /** Whether log-probabilities of the policy that the stage began with are needed. */
  public boolean needsReference() {
    return divergence != Divergence.Kind.NONE;
  }

  /** Whether the policy's own log-probabilities or entropies are needed before the update. */
  public boolean needsScores() {
    return correction != Correction.NONE || topEntropyShare < 1;
  }

  /** What the program minimises. */
  public Objective.Policy policy(double temperature) {
    double bound = or(logRatioBound);
    boolean inLoss = divergenceIn == DivergenceIn.LOSS;
    return new Objective.Policy(
        level,
        -bound,
        bound,
        surrogate(),
        inLoss ? divergenceFromReference() : Divergence.none(),
        inLoss ? beta : 0,
        entropyBonus,
        or(offPolicyThreshold),
        temperature);
  }

  /** The estimate of a token's divergence from the reference. */
  public Divergence divergenceFromReference() {
    return new Divergence(divergence, or(klLogBound), or(klBound), straightThrough, ratioWeighted);
  }

  /** Whether the reward is what the divergence acts on. */
  public boolean isDivergenceInReward() {
    return divergenceIn == DivergenceIn.REWARD;
  }

  private Surrogate surrogate() {
    return switch (loss) {
      case CLIP -> new Surrogate.Clip(clipLow, clipHigh, or(ratioCap), or(dualClip));
      case CAP -> new Surrogate.Cap(1 - clipLow, 1 + clipHigh);
      case SOFT_GATE -> new Surrogate.SoftGate(softGate.positive, softGate.negative);
      case GAMMA ->
          new Surrogate.Gamma(
              gamma.kPositive, gamma.lambdaPositive, gamma.kNegative, gamma.lambdaNegative);
      case TOTAL_VARIATION, BINARY_KL ->
          new Surrogate.TrustRegion(loss == Loss.TOTAL_VARIATION, clipLow, clipHigh, or(ratioCap));
      case REINFORCE -> new Surrogate.Reinforce();
      case GEOMETRIC -> new Surrogate.Geometric(clipLow, clipHigh);
    };
  }

  private static double or(Double value) {
    return value == null ? Double.POSITIVE_INFINITY : value;
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(java.util.Locale.ROOT);
  }

  private static void check(List<String> problems, boolean holds, String problem) {
    if (!holds) {
      problems.add(problem);
    }
  }
}
