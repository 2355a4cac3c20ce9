package io.relook.rewards;

import java.util.List;

/**
 * What may stand around a whole answer and says nothing: {@code $…$}, {@code \boxed{…}}, quotes,
 * {@link Markup}, an announcement ({@link Phrase}), the full stop behind it.
 */
final class Wrapping {
  private static final List<String> COMMANDS =
      List.of(
          "\\boxed{",
          "\\fbox{",
          "\\text{",
          "\\textbf{",
          "\\textit{",
          "\\textrm{",
          "\\texttt{",
          "\\textsf{",
          "\\emph{",
          "\\underline{",
          "\\mathrm{",
          "\\mathbf{",
          "\\mathit{",
          "\\mathsf{",
          "\\boldsymbol{",
          "\\bm{",
          "\\mbox{");

  private static final int MOST = 12;

  private Wrapping() {}

  /** Without it, of a text in plain characters ({@link Typography}). */
  static String removed(String text) {
    String rest = text;
    for (int i = 0; i < MOST; i++) {
      String inner = once(rest).strip();
      if (inner.length() == rest.length()) {
        return rest;
      }
      rest = inner;
    }
    return rest;
  }

  private static String once(String text) {
    String bare = Markup.removed(text);
    int end = bare.length();
    while (end > 1 && ".,;: ✓✔✅☑\uFE0F".indexOf(bare.charAt(end - 1)) >= 0) {
      end--;
    }
    String ended = bare.substring(0, end);
    for (String quote : new String[] {"\"", "'", "''", "$$", "$"}) {
      if (isAround(ended, quote, quote)) {
        return ended.substring(quote.length(), ended.length() - quote.length());
      }
    }
    if (isAround(ended, "``", "''")) {
      return ended.substring(2, ended.length() - 2);
    }
    if (isAround(ended, "\\(", "\\)") || isAround(ended, "\\[", "\\]")) {
      return ended.substring(2, ended.length() - 2);
    }
    for (String command : COMMANDS) {
      if (ended.startsWith(command) && close(ended, command.length()) == ended.length() - 1) {
        return ended.substring(command.length(), ended.length() - 1);
      }
    }
    return Phrase.removed(ended);
  }

  private static boolean isAround(String text, String open, String close) {
    return text.length() > open.length() + close.length()
        && text.startsWith(open)
        && text.endsWith(close)
        && text.indexOf(close, open.length()) == text.length() - close.length();
  }

  /** Where the brace before {@code from} is closed; -1 where it is not. */
  static int close(String text, int from) {
    int depth = 1;
    for (int at = from; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c == '\\') {
        at++;
      } else if (c == '{') {
        depth++;
      } else if (c == '}' && --depth == 0) {
        return at;
      }
    }
    return -1;
  }
}
