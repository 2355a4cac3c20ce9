package io.relook.jobs;

import java.math.BigDecimal;
import java.util.List;
import java.util.regex.Pattern;

/** What a source's texts have to be. */
final class IngestText {
  /**
   * A. red, (B) blue, C) green, D: …, [E] …, F - …, each letter behind {@code %1$c} or its small
   * one.
   */
  private static final String LETTERED =
      "(?s)\\s*\\**(?:[(（\\[]\\s*[%1$c%2$c]\\s*[)）\\]]|[%1$c%2$c]\\s*[.)）:：．、]|[%1$c%2$c]\\s+[-–—]\\s).*";

  /** Letters from A to Z. */
  private static final int MOST_OPTIONS = 26;

  private IngestText() {}

  /**
   * A question with the options of a multiple choice below it, lettered; those that all carry their
   * letter, in order, as they are.
   */
  static String question(String question, List<String> options) {
    if (question == null || question.isBlank()) {
      throw JobErrors.row("the row has no question");
    }
    for (int i = 0; i < options.size(); i++) {
      if (options.get(i) == null) {
        throw JobErrors.row("option %d is null".formatted(i + 1));
      }
    }
    if (options.size() > MOST_OPTIONS) {
      throw JobErrors.row(
          "the row has %d options, there are %d letters".formatted(options.size(), MOST_OPTIONS));
    }
    StringBuilder asked = new StringBuilder(question);
    if (options.size() == 1) {
      asked.append('\n').append(options.get(0));
    } else if (!onlyLetters(options)) {
      boolean lettered = carryLetters(options);
      for (int i = 0; i < options.size(); i++) {
        asked.append('\n');
        asked.append(lettered ? options.get(i) : "(%c) %s".formatted('A' + i, options.get(i)));
      }
    }
    return checked("question", asked.toString());
  }

  /** Null where none is known. */
  static String answer(String answer) {
    return answer == null || answer.isBlank() ? null : checked("answer", answer);
  }

  /** Null where there is none or it is no number. */
  static Integer difficulty(String difficulty) {
    return difficulty != null && difficulty.matches("\\d{1,6}")
        ? Integer.valueOf(difficulty)
        : null;
  }

  /** A, B, C … or (A), (B), (C) …: the picture or the question has the options themselves. */
  private static boolean onlyLetters(List<String> options) {
    for (int i = 0; i < options.size(); i++) {
      String bare = String.valueOf(options.get(i)).replaceAll("[()]", "");
      if (!bare.equals(String.valueOf((char) ('A' + i)))) {
        return false;
      }
    }
    return true;
  }

  private static boolean carryLetters(List<String> options) {
    for (int i = 0; i < options.size(); i++) {
      if (!Pattern.matches(LETTERED.formatted('A' + i, 'a' + i), options.get(i))) {
        return false;
      }
    }
    return !options.isEmpty();
  }

  /**
   * A number as people write it: whole ones without a point (3.0 is 3), others with their own
   * digits, none with an exponent from 1e-7 to 1e21 (ECMA-262's bounds). What is no number stays.
   */
  static String number(String written) {
    BigDecimal value;
    try {
      value = new BigDecimal(written);
    } catch (NumberFormatException e) {
      return written;
    }
    if (value.signum() == 0) {
      return "0";
    }
    long digits = (long) value.precision() - value.scale();
    if (digits < -6 || digits > 21) {
      return written;
    }
    BigDecimal bare = value.stripTrailingZeros();
    boolean isWhole = bare.scale() <= 0;
    return (isWhole || written.matches(".*[eE].*") ? bare : value).toPlainString();
  }

  private static String checked(String what, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c) && c != '\n' && c != '\r' && c != '\t') {
        throw JobErrors.row("the %s holds the control character U+%04X".formatted(what, (int) c));
      }
      if (c == '\uFFFD') {
        throw JobErrors.row("the %s holds bytes that are no UTF-8".formatted(what));
      }
    }
    return text;
  }

  /**
   * The first surrogate without its other half, such as U+D83D, or null. Spark's strings are UTF-8,
   * which has no such thing: it would become a question mark on the way.
   */
  static String halfCharacter(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (i + 1 == text.length() || !Character.isSurrogatePair(c, text.charAt(i + 1))) {
          return "U+%04X".formatted((int) c);
        }
        i++;
      }
    }
    return null;
  }
}
