package io.relook.rewards;

import io.relook.lakehouse.Keys;
import io.relook.lakehouse.Table;
import io.relook.preset.Preset;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * The three rewards that VRE names (arXiv 2603.26348, figure 1), and a user's own; the formulas are
 * our choice.
 *
 * <ul>
 *   <li>format: thinking, at most one {@code <reflection>} that says something, one non-empty
 *       {@code <answer>} at the end, no other tags, disguised ones neither;
 *   <li>accuracy: the answer is the right one ({@link Verifier});
 *   <li>reflection: 1 where a well-formed trace is right and what it says on looking again is its
 *       own ({@link Reflection}), else 0: it cannot be had by form alone.
 * </ul>
 *
 * @param formatWeight of the format in the total; 0 leaves a part out of it
 */
public record Rewards(
    double formatWeight, double accuracyWeight, double reflectionWeight, List<CustomReward> custom)
    implements Serializable {
  /** Names the formulas of the built-in parts. */
  public static final String VERSION = "vre-4";

  /** Why a trajectory that ended with an error has no scores. */
  public static final String NO_COMPLETION = "no completion";

  public Rewards {
    custom = List.copyOf(custom);
  }

  /**
   * As a preset says: a class that is not there or an expression that does not analyse ends here,
   * before any work.
   */
  public static Rewards of(SparkSession spark, Preset.RewardWeights weights) {
    return new Rewards(
        weights.format(),
        weights.accuracy(),
        weights.reflection(),
        CustomReward.resolve(spark, weights.custom()));
  }

  /** The built-in rewards alone. */
  public Rewards(double formatWeight, double accuracyWeight, double reflectionWeight) {
    this(formatWeight, accuracyWeight, reflectionWeight, List.of());
  }

  /** What a completion earned; NULL where it could not be computed, with the reason. */
  public record Scores(
      Double format, Double accuracy, Double reflection, String answer, String reason) {}

  /** Names all that decides the scores: scores of another version are other rows. */
  public String version() {
    StringBuilder version =
        new StringBuilder(
            "%s(%s,%s,%s)".formatted(VERSION, formatWeight, accuracyWeight, reflectionWeight));
    for (CustomReward reward : custom) {
      version.append(
          "+%s*%s@%s#%s"
              .formatted(
                  reward.name(),
                  reward.weight(),
                  reward.version(),
                  Keys.of(reward.definition(), reward.getClass().getSimpleName())
                      .substring(0, 12)));
    }
    return version.toString();
  }

  /**
   * The columns that an expression sees: the trajectory's, {@code tokens} of its completion, its
   * question's ({@code truth} is the right answer), the built-in scores ({@code answer} is what was
   * read), and in {@code custom} the rewards listed before it, classes first.
   */
  public static StructType visible() {
    StructType queries = Table.QUERIES.schema();
    StructType rewards = Table.REWARDS.schema();
    StructType visible = Table.TRAJECTORIES.schema();
    for (String column : List.of("question", "template", "source", "split", "difficulty")) {
      visible = visible.add(queries.apply(column));
    }
    visible = visible.add("truth", "string").add("tokens", "int");
    for (String column :
        List.of("format", "accuracy", "reflection", "answer", "reason", "custom")) {
      visible = visible.add(rewards.apply(column));
    }
    return visible;
  }

  /** Scores a completion of a question against the truth, which may be unknown (null). */
  public Scores score(String question, String text, String truth, String error) {
    if (error != null) {
      return new Scores(null, null, null, null, NO_COMPLETION + ": " + error);
    }
    Optional<String> answer = Verifier.answer(text);
    double format = Template.isKept(text) ? 1 : 0;
    if (truth == null) {
      return new Scores(format, null, null, answer.orElse(null), "the right answer is not known");
    }
    double accuracy = answer.isPresent() && Verifier.isRight(answer.get(), truth) ? 1 : 0;
    double reflection = format == 1 && accuracy == 1 && hasReflected(question, text) ? 1 : 0;
    return new Scores(format, accuracy, reflection, answer.orElse(null), null);
  }

  /** Of a text in the template. */
  private static boolean hasReflected(String question, String text) {
    List<Template.Tag> tags = Template.tags(text);
    int answer = tags.size() - 2;
    return answer > 0
        && Reflection.isOwn(
            Template.between(text, tags, 0),
            question,
            text.substring(0, tags.get(0).start()),
            Template.between(text, tags, answer));
  }
}
