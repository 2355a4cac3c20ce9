package io.relook.rewards;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether an answer is the right one: equal numbers (2, 2.0, 1/2, 50 %), else equal words whatever
 * their case, articles and closing punctuation. Never by being contained: an empty answer and "A or
 * B" are wrong.
 */
public final class Verifier {
  private static final Pattern ANSWER = Pattern.compile("<answer>(.*?)</answer>", Pattern.DOTALL);
  private static final Pattern FRACTION =
      Pattern.compile("([+-]?\\d+(?:\\.\\d+)?)\\s*/\\s*(\\d+(?:\\.\\d+)?)");

  private Verifier() {}

  /** What stands in the only pair of answer tags; empty where there is none, or more than one. */
  public static Optional<String> answer(String text) {
    Matcher found = ANSWER.matcher(text);
    if (!found.find()) {
      return Optional.empty();
    }
    String answer = found.group(1).strip();
    return found.find() || answer.isEmpty() ? Optional.empty() : Optional.of(answer);
  }

  public static boolean isRight(String answer, String truth) {
    Optional<Double> ours = number(answer);
    Optional<Double> theirs = number(truth);
    if (ours.isPresent() && theirs.isPresent()) {
      return Math.abs(ours.get() - theirs.get()) <= 1e-6 * Math.max(1, Math.abs(theirs.get()));
    }
    String words = words(answer);
    return !words.isEmpty() && words.equals(words(truth));
  }

  private static Optional<Double> number(String text) {
    String plain = text.strip().replace(",", "").replaceAll("^\\$|\\$$|\\.$", "");
    boolean percent = plain.endsWith("%");
    if (percent) {
      plain = plain.substring(0, plain.length() - 1).strip();
    }
    double scale = percent ? 0.01 : 1;
    Matcher fraction = FRACTION.matcher(plain);
    try {
      if (fraction.matches() && Double.parseDouble(fraction.group(2)) != 0) {
        return Optional.of(
            scale * Double.parseDouble(fraction.group(1)) / Double.parseDouble(fraction.group(2)));
      }
      return plain.length() > 64
          ? Optional.empty()
          : Optional.of(scale * new BigDecimal(plain).doubleValue());
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static String words(String text) {
    return text.toLowerCase(Locale.ROOT)
        .strip()
        .replaceAll("[.!?;:]+$", "")
        .replaceAll("^(a|an|the)\\s+", "")
        .replaceAll("\\s+", " ")
        .strip();
  }
}
