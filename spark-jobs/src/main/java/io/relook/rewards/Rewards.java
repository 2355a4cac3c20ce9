package io.relook.rewards;

import java.io.Serializable;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The three rewards that VRE names (arXiv 2603.26348, figure 1); their formulas are our choice.
 *
 * <ul>
 *   <li>format: thinking, at most one {@code <reflection>} that says something, one non-empty
 *       {@code <answer>} at the end, no other tags;
 *   <li>accuracy: the answer is the right one;
 *   <li>reflection: 1 where a well-formed trace looked again and is right, else 0: it cannot be had
 *       by form alone.
 * </ul>
 *
 * @param formatWeight of the format in the total
 */
public record Rewards(double formatWeight, double accuracyWeight, double reflectionWeight)
    implements Serializable {
  private static final Pattern TEMPLATE =
      Pattern.compile(
          "(?s)(?:(?!</?(?:reflection|answer|think)>).)*"
              + "(?:<reflection>(?:(?!</?(?:reflection|answer|think)>).)*\\w{2}(?:(?!</?(?:reflection|answer|think)>).)*</reflection>"
              + "(?:(?!</?(?:reflection|answer|think)>).)*)?"
              + "<answer>(?:(?!</?(?:reflection|answer|think)>).)*\\S(?:(?!</?(?:reflection|answer|think)>).)*</answer>\\s*");
  private static final int LONGEST = 100_000;

  /** What a completion earned; NULL where it could not be computed, with the reason. */
  public record Scores(
      Double format,
      Double accuracy,
      Double reflection,
      Double total,
      String answer,
      String reason) {}

  /** Names the functions and the weights: scores of another version are other rows. */
  public String version() {
    return "vre-1(%s,%s,%s)".formatted(formatWeight, accuracyWeight, reflectionWeight);
  }

  /** Scores a completion against the truth, which may be unknown (null). */
  public Scores score(String text, String truth, String error) {
    if (error != null) {
      return new Scores(null, null, null, null, null, "no completion: " + error);
    }
    if (text.length() > LONGEST) {
      return new Scores(0.0, 0.0, 0.0, 0.0, null, null);
    }
    Optional<String> answer = Verifier.answer(text);
    double format = TEMPLATE.matcher(text).matches() ? 1 : 0;
    if (truth == null) {
      return new Scores(
          format, null, null, null, answer.orElse(null), "the right answer is not known");
    }
    double accuracy = answer.isPresent() && Verifier.isRight(answer.get(), truth) ? 1 : 0;
    double reflection = format == 1 && accuracy == 1 && text.contains("<reflection>") ? 1 : 0;
    double total =
        formatWeight * format + accuracyWeight * accuracy + reflectionWeight * reflection;
    return new Scores(format, accuracy, reflection, total, answer.orElse(null), null);
  }
}
