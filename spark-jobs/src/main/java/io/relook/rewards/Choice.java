package io.relook.rewards;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The letter of an answer to a question with choices, A to Z: {@code B}, {@code (b)}, {@code [B]},
 * {@code Option B}, {@code B) red}, {@code B — red}, {@code B because …}. Only where the truth is a
 * letter. What is said behind the letter is not looked at, unless it names another: "A or B", "(A)
 * (B)" and "A. or B." choose nothing, and "A red circle" has an article.
 *
 * @param letter in upper case
 * @param text behind the letter; empty where there is none
 */
record Choice(int letter, String text) {
  /** Fewest words of a text behind a letter that are a sentence of its own, no option's text. */
  private static final int SENTENCE = 4;

  private static final Pattern NAMED =
      Pattern.compile(
          "^(?:the )?(?:(?:option|choice|letter|answer)|选项?|选择)(?![\\p{L}&&\\p{IsLatin}]) *",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern COMMAND = Pattern.compile("^\\\\(?:text|mathrm) ?\\{ *");

  private static final Pattern BARE =
      Pattern.compile("[(\\[{]?\\s*([A-Za-z])\\s*[)\\]}]?\\s*[.:;,]*");

  /** A letter with its mark and text; lower case only in brackets. */
  private static final Pattern LABELLED =
      Pattern.compile(
          "(?:[(\\[]([A-Za-z])[)\\]][.:]? *|([A-Za-z])[)\\]][.:]? *|([A-Z])(?:[.:] +|\\.(?![a-z])|:|,(?=\\S{2}))|([A-Z]) +- +(?=\\p{L}{2}))"
              + "(\\S.*)",
          Pattern.DOTALL);

  /** {@code K. Rowling}, {@code S.A}: behind an initial comes another, and it is a name. */
  private static final Pattern INITIAL = Pattern.compile("^[A-Z](?:[. ]|$).*", Pattern.DOTALL);

  private static final Pattern REASON =
      Pattern.compile(
          "^,? *(?:because|since|as|due to|for|so|given|which|so that|因为|由于|,? ?理由)(?![\\p{L}&&\\p{IsLatin}]).*"
              + "|^ is (?:the )?(?:correct|right|true|best|answer)(?![\\p{L}]).*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private static final Pattern SEVERAL =
      Pattern.compile(
          "[(\\[]?([A-Z])[)\\]]?(?:(?:\\s*(?:[,;&]|\\.\\s|,? ?(?i:and) |和|及)\\s*|\\s+|(?<=[)\\]])(?=[(\\[]))[(\\[]?[A-Z][)\\]]?)+");

  /** Behind a letter that is said not to hold. */
  private static final Pattern DENIED =
      Pattern.compile(
          "(?i)[)\\]}]?[.:,]? *(?:is (?:wrong|incorrect|false|not|never|excluded|eliminated)(?!\\p{L})"
              + "|[(\\[-] ?(?:wrong|incorrect) ?(?:[)\\]]|$)|[❌✗✘])");

  /** Behind a letter that is not the only one. */
  private static final Pattern AND =
      Pattern.compile("[)\\]}]?!? *(?i:and|plus|&|和|及|以及)(?![\\p{L}&&\\p{IsLatin}])");

  private static final Pattern JOINED = Pattern.compile("[A-Z]{2,26}");

  /** The right letter, with its text where it has one; empty where the truth is something else. */
  static Optional<Choice> truth(String truth) {
    String bare = unnamed(truth);
    Matcher letter = BARE.matcher(bare);
    if (letter.matches()) {
      return Optional.of(new Choice(upper(letter.group(1)), ""));
    }
    return labelled(bare);
  }

  /** A letter with the text of its option: {@code (B) red}; empty where the text is none such. */
  static Optional<Choice> labelled(String text) {
    Matcher label = LABELLED.matcher(text);
    if (!label.matches() || INITIAL.matcher(label.group(5)).matches()) {
      return Optional.empty();
    }
    String letter = "";
    for (int group = 1; group <= 4; group++) {
      letter = label.group(group) == null ? letter : label.group(group);
    }
    return Optional.of(new Choice(upper(letter), label.group(5)));
  }

  /**
   * Whether the answer chooses this letter. Where both say more, a short text behind the letter
   * must not be another option's.
   */
  boolean isChosen(String answer) {
    OptionalInt chosen = of(answer);
    if (chosen.isEmpty()) {
      return !text.isEmpty() && Verifier.isRight(answer, text);
    }
    String said = text.isEmpty() ? "" : labelled(unnamed(answer)).map(Choice::text).orElse("");
    return chosen.getAsInt() == letter
        && (said.isEmpty()
            || said.split("\\s+").length >= SENTENCE
            || REASON.matcher(said).matches()
            || Verifier.isRight(said, text));
  }

  /** The letters of several that are right, in their order; empty where the text is none such. */
  static Optional<String> several(String text) {
    String bare = text.replaceFirst("(?i)^(?:the )?(?:options|choices|letters|answers) +", "");
    TreeSet<Character> letters = new TreeSet<>();
    if (JOINED.matcher(bare).matches()) {
      bare.chars().forEach(c -> letters.add((char) c));
      boolean ordered = letters.size() == bare.length() && bare.equals(joined(letters));
      return ordered ? Optional.of(bare) : Optional.empty();
    }
    if (!SEVERAL.matcher(bare).matches()) {
      return Optional.empty();
    }
    bare.replaceAll("(?i)and", "")
        .chars()
        .filter(Character::isUpperCase)
        .forEach(c -> letters.add((char) c));
    return Optional.of(joined(letters));
  }

  private static String joined(TreeSet<Character> letters) {
    StringBuilder joined = new StringBuilder();
    letters.forEach(joined::append);
    return joined.toString();
  }

  /** The letter that is chosen; empty where none is, or more than one. */
  static OptionalInt of(String answer) {
    String rest = unnamed(answer);
    int at = 0;
    while (at < rest.length() && "([{".indexOf(rest.charAt(at)) >= 0) {
      at++;
    }
    if (at >= rest.length() || at > 1 || !isLetter(rest.charAt(at))) {
      return OptionalInt.empty();
    }
    int letter = Character.toUpperCase(rest.charAt(at));
    String behind = rest.substring(at + 1);
    boolean closed = !behind.isEmpty() && ")]}".indexOf(behind.charAt(0)) >= 0;
    boolean open = AND.matcher(behind).lookingAt() || DENIED.matcher(behind).lookingAt();
    if (open || at == 1 && !closed || !closed && !isSetOff(behind)) {
      return OptionalInt.empty();
    }
    boolean listed = behind.startsWith(",");
    return namesAnother(behind, listed) ? OptionalInt.empty() : OptionalInt.of(letter);
  }

  /** Whether what is behind a letter leaves it one: a mark, a dash between spaces, a reason. */
  private static boolean isSetOff(String behind) {
    return behind.isEmpty()
        || ".:;,!?".indexOf(behind.charAt(0)) >= 0
        || behind.matches("(?s) - .*|- \\p{L}{2}.*")
        || behind.matches("(?s)\\((?:\\p{IsHan}|\\p{L}[\\p{L}&&[^A-Z]]).*")
        || behind.startsWith(" (")
        || behind.startsWith(" [")
        || behind.startsWith("\n")
        || REASON.matcher(behind.startsWith(" ") ? behind.substring(1) : behind).matches()
        || REASON.matcher(behind).matches();
  }

  /** Without "Option" and the command of LaTeX before the letter. */
  private static String unnamed(String text) {
    String rest = NAMED.matcher(text.replace("\\{", "{").replace("\\}", "}")).replaceFirst("");
    rest = COMMAND.matcher(rest.isEmpty() ? text : rest).replaceFirst("");
    return NAMED.matcher(rest).replaceFirst("");
  }

  /**
   * A capital that stands alone, a letter beside a bracket, "or", "not".
   *
   * @param listed whether a comma is behind the first: there every letter alone is another
   */
  private static boolean namesAnother(String text, boolean listed) {
    int start = -1;
    for (int at = 0; at <= text.length(); at++) {
      boolean word = at < text.length() && Character.isLetterOrDigit(text.charAt(at));
      if (word && start < 0) {
        start = at;
      } else if (!word && start >= 0) {
        String found = text.substring(start, at);
        char before = start > 0 ? text.charAt(start - 1) : ' ';
        char after = at < text.length() ? text.charAt(at) : '.';
        boolean letter = found.length() == 1 && isLetter(found.charAt(0));
        boolean article = found.equalsIgnoreCase("a") && before == ' ' && after == ' ';
        boolean capital = letter && Character.isUpperCase(found.charAt(0)) && !found.equals("I");
        if (capital && !article
            || letter && (before == '(' || before == '[' || after == ')' || after == ']')
            || letter && listed && !article
            || found.toLowerCase(Locale.ROOT).matches("or|not|n't|或|或者|不是")) {
          return true;
        }
        start = -1;
      }
    }
    return text.indexOf('或') >= 0;
  }

  private static int upper(String letter) {
    return Character.toUpperCase(letter.charAt(0));
  }

  private static boolean isLetter(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
  }
}
