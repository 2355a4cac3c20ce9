package io.relook.jobs;

import java.util.List;

/** What a source's texts have to be. */
final class IngestText {
  private IngestText() {}

  /** A question with the options of a multiple choice below it, lettered. */
  static String question(String question, List<String> options) {
    if (question == null || question.isBlank()) {
      throw JobErrors.row("the row has no question");
    }
    StringBuilder asked = new StringBuilder(question);
    if (options.size() == 1) {
      asked.append('\n').append(options.get(0));
    } else if (!onlyLetters(options)) {
      for (int i = 0; i < options.size(); i++) {
        asked.append("\n(%c) %s".formatted('A' + i, options.get(i)));
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
