package io.relook.rewards;

import io.relook.model.text.Tags;
import java.text.Normalizer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

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
  static final int LONGEST = 1000;

  private static final List<String> ARTICLES = List.of("a ", "an ", "the ");

  /** {@code CO_2} in words is {@code CO2}. */
  private static final Pattern SUBSCRIPT = Pattern.compile("(?<=\\p{L})_(?:(\\d)|\\{(\\d+)})");

  /** {@code ice-cream} is {@code ice cream}. */
  private static final Pattern HYPHEN = Pattern.compile("(?<=\\p{Ll}{2})-(?=\\p{Ll}{2})");

  /** {@code U.S.A.} is {@code USA}. */
  private static final Pattern INITIALS =
      Pattern.compile("(?<![\\p{L}\\p{N}.])\\p{L}(?:\\.\\p{L})+(?!\\p{L})\\.?");

  private static final Pattern SHARE = Pattern.compile("[%‰]|(?i)percent|per cent|pct");

  /** {@code not x = 5}: no factor of x. */
  private static final Pattern DENIAL =
      Pattern.compile(
          "(?i)(?<!\\p{L})(?:not|no|never|neither|nor|maybe|perhaps|wrong|incorrect|unlikely)(?!\\p{L})|n't(?!\\p{L})");

  private static final Pattern OR = Pattern.compile("(?i)\\bor\\b");

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
    theirs = Truth.of(theirs);
    if (ours.length() > LONGEST || theirs.length() > LONGEST) {
      return ours.equals(theirs);
    }
    ours = Wrapping.removed(Typography.plain(ours));
    theirs = Wrapping.removed(Typography.plain(theirs));
    if (ours.isEmpty() || ours.length() > LONGEST || theirs.length() > LONGEST) {
      return false;
    }
    boolean several = Choice.several(theirs).isPresent();
    Optional<Choice> choice = several ? Optional.empty() : Choice.truth(theirs);
    if (choice.isPresent()) {
      return choice.get().isChosen(ours);
    }
    Optional<Boolean> letters = letters(ours, theirs);
    if (letters.isPresent()) {
      return letters.get();
    }
    String said = ours;
    String right = theirs;
    return isSame(said, right)
        || YesNo.isSame(said, right)
        || Choice.labelled(said).filter(option -> isSame(option.text(), right)).isPresent()
        || Phrase.predicate(said).filter(rest -> isSame(rest, right)).isPresent();
  }

  /**
   * Why the verifier cannot tell right answers to this truth from wrong ones; empty where it can.
   *
   * @param options of a multiple choice, lettered or not; empty where there are none
   */
  public static Optional<String> problem(String truth, List<String> options) {
    return Truth.problem(truth.strip(), options);
  }

  /** Where several letters are right: "A and C" is "A, C" and "AC", "A or C" is not. */
  private static Optional<Boolean> letters(String answer, String truth) {
    Optional<String> right = Choice.several(truth);
    Optional<String> said = right.flatMap(r -> Choice.several(answer));
    boolean hedge = right.isPresent() && OR.matcher(answer).find();
    return hedge ? Optional.of(false) : said.map(s -> s.equals(right.get()));
  }

  private static boolean isSame(String ours, String theirs) {
    if (ours.equals(theirs)) {
      return true;
    }
    if (DENIAL.matcher(ours).find() != DENIAL.matcher(theirs).find()) {
      return false;
    }
    Optional<String> endless = Quantity.endless(theirs);
    if (endless.isPresent() || Quantity.endless(ours).isPresent()) {
      return endless.equals(Quantity.endless(ours));
    }
    Optional<Boolean> time = Clock.same(ours, theirs);
    if (time.isPresent()) {
      return time.get();
    }
    Optional<Quantity> number = Quantity.parse(ours);
    Optional<Quantity> right = Quantity.parse(theirs);
    if (number.isPresent() && right.isPresent()) {
      return number.get().isNearly(right.get());
    }
    return says(ours, theirs)
        .orElseGet(
            () -> {
              String words = words(ours);
              return !words.isEmpty() && words.equals(words(theirs));
            });
  }

  /** By meaning; empty where one of the two has none, or both are no more than words. */
  private static Optional<Boolean> says(String answer, String truth) {
    Optional<Measured> sum = Measured.sum(answer);
    Optional<Measured> other = Measured.sum(truth);
    Measured ours = sum.orElseGet(() -> Measured.of(answer, true));
    Measured theirs = other.orElseGet(() -> Measured.of(truth, !ours.units().isEmpty()));
    boolean bareSum = sum.isPresent() && theirs.units().isEmpty();
    if (bareSum || other.isPresent() && ours.units().isEmpty()) {
      return Optional.empty();
    }
    if (ours.units().isEmpty() != theirs.units().isEmpty()) {
      Measured bare = ours.units().isEmpty() ? ours : theirs;
      if (SHARE.matcher(bare.body()).find()) {
        return Optional.of(false);
      }
    }
    if (ours.units().isEmpty() || theirs.units().isEmpty()) {
      return says(ours.body(), theirs.body(), Fraction.ONE);
    }
    Optional<Boolean> said = Optional.of(false);
    for (Fraction factor : factors(ours.units(), theirs.units())) {
      said = says(ours.body(), theirs.body(), factor);
      if (said.isEmpty() || said.get()) {
        return said;
      }
    }
    return said;
  }

  /** Of each way in which the two units are of one kind. */
  private static Set<Fraction> factors(List<Unit> ours, List<Unit> theirs) {
    Set<Fraction> factors = new LinkedHashSet<>();
    ours.forEach(unit -> theirs.forEach(other -> unit.in(other).ifPresent(factors::add)));
    return factors;
  }

  private static Optional<Boolean> says(String ours, String theirs, Fraction factor) {
    Optional<Quantity> number = Quantity.parse(ours);
    Optional<Quantity> other = Quantity.parse(theirs);
    if (number.isPresent() && other.isPresent()) {
      return Optional.of(number.get().times(factor).isNearly(other.get()));
    }
    Optional<Meaning> said = MeaningReader.read(ours);
    Optional<Meaning> right = MeaningReader.read(theirs);
    if (said.isEmpty() || right.isEmpty()) {
      return Optional.empty();
    }
    boolean hedge = OR.matcher(ours).find() && !OR.matcher(theirs).find();
    if (hedge && (!isMathematics(ours) || theirs.matches("[^,]*[(\\[].*"))) {
      return Optional.of(false);
    }
    boolean same = !said.get().isUnfinished(right.get());
    said = factor.equals(Fraction.ONE) ? said : said.get().times(factor);
    same = same && said.isPresent() && said.get().isSame(right.get());
    return same || isMathematics(ours) && isMathematics(theirs)
        ? Optional.of(same)
        : Optional.empty();
  }

  /** Not only letters and spaces: there the case of a symbol counts, which in words it does not. */
  private static boolean isMathematics(String text) {
    return !text.equalsIgnoreCase("N/A")
        && text.chars().anyMatch(c -> c < 128 && "0123456789+=*/^<>\\".indexOf(c) >= 0);
  }

  private static String words(String text) {
    StringBuilder words = new StringBuilder();
    String flat = SUBSCRIPT.matcher(text).replaceAll("$1$2").replace(" - ", "-");
    flat = HYPHEN.matcher(flat).replaceAll(" ");
    flat = INITIALS.matcher(flat).replaceAll(m -> m.group().replace(".", ""));
    Normalizer.normalize(flat, Normalizer.Form.NFC)
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
