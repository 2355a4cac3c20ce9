package io.relook.rewards;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The right answer as data sets write it: the answer itself, or at the end of a solution between
 * answer tags, behind {@code ####} (GSM8K) or in the last {@code \boxed{…}} (MATH).
 */
final class Truth {
  private static final Pattern BOX = Pattern.compile("\\\\(?:boxed|fbox) ?\\{");

  /** How the last line of a solution begins. */
  private static final Pattern ANNOUNCED =
      Pattern.compile(
          "\\W{0,4}(?:(?:the )?(?:final )?answer(?! \\p{L}{3})|答案)", Pattern.CASE_INSENSITIVE);

  /** More words than that are prose, which no sample says to the letter. */
  private static final int MOST_WORDS = 20;

  /** A longer text is taken as it is. */
  private static final int LONGEST = 20_000;

  private Truth() {}

  /** The answer of what may be a whole solution. */
  static String of(String text) {
    if (text.length() > LONGEST) {
      return text;
    }
    String rest = tagged(text).orElse(text);
    int mark = rest.lastIndexOf("####");
    if (mark >= 0 && rest.indexOf('\n', mark) < 0 && !rest.substring(mark + 4).isBlank()) {
      return rest.substring(mark + 4).strip();
    }
    Optional<String> box = box(rest);
    if (box.isPresent()) {
      return box.get();
    }
    String last = rest.substring(rest.lastIndexOf('\n') + 1).strip();
    return ANNOUNCED.matcher(last).lookingAt() ? last : rest;
  }

  /** Between the last pair of answer tags. */
  private static Optional<String> tagged(String text) {
    int close = text.lastIndexOf("</answer>");
    int open = close < 0 ? -1 : text.lastIndexOf("<answer>", close);
    return open < 0
        ? Optional.empty()
        : Optional.of(text.substring(open + "<answer>".length(), close).strip());
  }

  /** Inside the last box; boxes that only "and" or a comma parts are a list. */
  private static Optional<String> box(String text) {
    Matcher box = BOX.matcher(text);
    String inside = null;
    int end = 0;
    while (box.find()) {
      int close = Wrapping.close(text, box.end());
      if (close < 0) {
        return Optional.empty();
      }
      String one = text.substring(box.end(), close);
      boolean beside =
          inside != null && text.substring(end, box.start()).matches("[\\s$,]*(?:and|or)?[\\s$]*");
      inside = beside ? inside + ", " + one : one;
      end = close + 1;
    }
    return Optional.ofNullable(inside);
  }

  /**
   * Why the verifier cannot tell a right answer to this truth from a wrong one, in a line that says
   * what to do; empty where it can.
   *
   * @param options of a multiple choice, as they are; empty where there are none
   */
  static Optional<String> problem(String truth, List<String> options) {
    String answer = of(truth);
    if (answer.length() > Verifier.LONGEST) {
      return told(
          truth,
          "is longer than %d characters".formatted(Verifier.LONGEST),
          "give the answer alone");
    }
    String bare = Wrapping.removed(Typography.plain(answer));
    Optional<Choice> choice = Choice.truth(bare);
    if (truth.contains("<answer>") && tagged(truth).isEmpty()) {
      return told(truth, "has answer tags that are not closed", "close them");
    }
    if (bare.codePoints().noneMatch(c -> Character.isLetterOrDigit(c)) && !isMathematics(bare)) {
      return told(truth, "says nothing", "correct it");
    }
    if (!options.isEmpty()) {
      boolean text = options.stream().anyMatch(o -> o != null && Verifier.isRight(o, truth));
      boolean several = Choice.several(bare).isPresent();
      if (choice.isPresent() && choice.get().letter() - 'A' >= options.size() && !text) {
        return told(
            truth, "is none of the %d options".formatted(options.size()), "name one of them");
      }
      return choice.isPresent() || several || text
          ? Optional.empty()
          : told(truth, "is no option's letter or text", "name one of them");
    }
    if (choice.isPresent() || Quantity.parse(bare).isPresent()) {
      return Optional.empty();
    }
    if (isMathematics(bare) && MeaningReader.read(Measured.of(bare, true).body()).isEmpty()) {
      return told(truth, "is mathematics that the verifier does not read", "write it otherwise");
    }
    return bare.split("\\s+").length > MOST_WORDS
        ? told(
            truth, "is prose of more than %d words".formatted(MOST_WORDS), "give the answer alone")
        : Optional.empty();
  }

  /** With a command of LaTeX, a power or a relation: words have none. */
  private static boolean isMathematics(String text) {
    return text.matches("(?s).*(?:\\\\[a-zA-Z]|[\\^=√∞π]).*");
  }

  private static Optional<String> told(String truth, String problem, String remedy) {
    String shown = truth.length() > 60 ? truth.substring(0, 60) + " …" : truth;
    return Optional.of(
        "the right answer \"%s\" %s, so samples may all count as wrong: %s"
            .formatted(shown.replace('\n', ' '), problem, remedy));
  }
}
