package io.relook.rewards;

import java.util.OptionalInt;

/**
 * The letter of an answer to a question with choices: {@code B}, {@code (b)}, {@code B.}, {@code
 * Option B}, {@code (B) red}, {@code B: red}. Only where the truth is a letter. What is said behind
 * the letter is not looked at, unless it names another: "A or B", "(A) (B)" and "A. or B." choose
 * nothing.
 */
final class Choice {
  private static final String[] BEFORE = {
    "the answer is ", "answer: ", "answer ", "option ", "choice ", "\\text{", "\\mathrm{",
  };

  private Choice() {}

  /** The letter that is right, A to Z; empty where the truth is something else. */
  static OptionalInt truth(String truth) {
    String bare =
        truth.length() == 3 && truth.charAt(0) == '(' && truth.charAt(2) == ')'
            ? truth.substring(1, 2)
            : truth;
    return bare.length() == 1 && isLetter(bare.charAt(0))
        ? OptionalInt.of(Character.toUpperCase(bare.charAt(0)))
        : OptionalInt.empty();
  }

  /** The letter that is chosen; empty where none is, or more than one. */
  static OptionalInt of(String answer) {
    String rest = answer;
    for (String before : BEFORE) {
      if (rest.regionMatches(true, 0, before, 0, before.length())) {
        rest = rest.substring(before.length()).strip();
      }
    }
    boolean open = rest.startsWith("(");
    int at = open ? 1 : 0;
    if (at >= rest.length() || !isLetter(rest.charAt(at))) {
      return OptionalInt.empty();
    }
    int letter = Character.toUpperCase(rest.charAt(at));
    String behind = rest.substring(at + 1);
    boolean closed = behind.startsWith(")");
    if (open != closed && open
        || !behind.isEmpty() && !closed && ".:}".indexOf(behind.charAt(0)) < 0
        || namesAnother(behind.substring(behind.isEmpty() ? 0 : 1))) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(letter);
  }

  /** A capital that stands alone, a letter beside a bracket, "or", "not". */
  private static boolean namesAnother(String text) {
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
        boolean article = found.equals("A") && before == ' ' && after == ' ';
        boolean capital = letter && Character.isUpperCase(found.charAt(0)) && !found.equals("I");
        if (capital && !article
            || letter && (before == '(' || after == ')')
            || found.equalsIgnoreCase("or")
            || found.equalsIgnoreCase("not")) {
          return true;
        }
        start = -1;
      }
    }
    return false;
  }

  private static boolean isLetter(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
  }
}
