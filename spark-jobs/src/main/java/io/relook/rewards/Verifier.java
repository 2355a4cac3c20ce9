package io.relook.rewards;

import io.relook.model.text.Tags;
import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Whether an answer is the right one. The first rule that can tell decides:
 *
 * <ol>
 *   <li>the truth is a letter: the answer chooses it ({@link Choice});
 *   <li>both are numbers: they are equal (2, 2.0, 1/2, 50 %; {@link Quantity});
 *   <li>both have a meaning in mathematics: fractions, roots, symbols, sets, intervals, tuples,
 *       matrices, equations, inequalities, with units or without, say the same ({@link Meaning});
 *   <li>the words are equal whatever their case, first article, spaces and closing punctuation.
 * </ol>
 *
 * Never by being contained: an empty answer and "A or B" are wrong. Arithmetic is exact where it is
 * rational. Longer answers than {@value #LONGEST} characters are right only to the letter, so that
 * the work is bounded whatever the text.
 */
public final class Verifier {
  private static final int LONGEST = 1000;

  private static final List<String> ARTICLES = List.of("a ", "an ", "the ");

  private Verifier() {}

  /** What stands in the only pair of answer tags; empty where there is none, or more than one. */
  public static Optional<String> answer(String text) {
    List<Template.Tag> tags =
        Template.tags(text).stream().filter(t -> t.word().endsWith("answer>")).toList();
    if (tags.size() != 2
        || !tags.get(0).word().equals(Tags.ANSWER)
        || !tags.get(1).word().equals(Tags.ANSWER_END)) {
      return Optional.empty();
    }
    String answer = text.substring(tags.get(0).end(), tags.get(1).start()).strip();
    return answer.isEmpty() ? Optional.empty() : Optional.of(answer);
  }

  /** Whether the answer says what the truth says. */
  public static boolean isRight(String answer, String truth) {
    String ours = answer.strip();
    String theirs = truth.strip();
    if (ours.isEmpty() || ours.equals(theirs)) {
      return !ours.isEmpty();
    }
    if (ours.length() > LONGEST || theirs.length() > LONGEST) {
      return false;
    }
    ours = Wrapping.removed(ours);
    theirs = Wrapping.removed(theirs);
    OptionalInt choice = Choice.truth(theirs);
    if (choice.isPresent()) {
      return choice.equals(Choice.of(ours));
    }
    Optional<Quantity> number = Quantity.parse(ours);
    Optional<Quantity> right = Quantity.parse(theirs);
    if (number.isPresent() && right.isPresent()) {
      return number.get().isNearly(right.get());
    }
    return says(ours, theirs)
        .orElseGet(
            () -> {
              String words = words(Wrapping.removed(answer));
              return !words.isEmpty() && words.equals(words(Wrapping.removed(truth)));
            });
  }

  /** By meaning; empty where one of the two has none, or both are no more than words. */
  private static Optional<Boolean> says(String answer, String truth) {
    Unit.Measured ours = Unit.split(answer);
    Unit.Measured theirs = Unit.split(truth);
    Optional<Meaning> said = MeaningReader.read(ours.body());
    Optional<Meaning> right = MeaningReader.read(theirs.body());
    if (said.isEmpty() || right.isEmpty()) {
      return Optional.empty();
    }
    boolean same = !said.get().isUnfinished(right.get());
    if (ours.unit() != null && theirs.unit() != null) {
      Optional<Fraction> factor = ours.unit().in(theirs.unit());
      if (factor.isEmpty()) {
        return Optional.of(false);
      }
      said = factor.get().equals(Fraction.ONE) ? said : said.get().times(factor.get());
    }
    same = same && said.isPresent() && said.get().isSame(right.get());
    return same || isMathematics(ours.body()) && isMathematics(theirs.body())
        ? Optional.of(same)
        : Optional.empty();
  }

  /** Not only letters and spaces: there the case of a symbol counts, which in words it does not. */
  private static boolean isMathematics(String text) {
    return text.chars().anyMatch(c -> c < 128 && "0123456789+=*/^<>\\".indexOf(c) >= 0);
  }

  private static String words(String text) {
    StringBuilder words = new StringBuilder();
    Normalizer.normalize(text, Normalizer.Form.NFC)
        .toLowerCase(Locale.ROOT)
        .codePoints()
        .forEach(
            c -> {
              if (!Character.isWhitespace(c) && !Character.isSpaceChar(c)) {
                words.appendCodePoint(c);
              } else if (words.length() > 0 && words.charAt(words.length() - 1) != ' ') {
                words.append(' ');
              }
            });
    int end = words.length();
    while (end > 0 && ".!?;: ".indexOf(words.charAt(end - 1)) >= 0) {
      end--;
    }
    String bare = words.substring(0, end);
    return ARTICLES.stream()
        .filter(bare::startsWith)
        .findFirst()
        .map(article -> bare.substring(article.length()))
        .orElse(bare);
  }
}
