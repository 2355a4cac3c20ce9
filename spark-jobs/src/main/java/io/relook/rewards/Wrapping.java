package io.relook.rewards;

import java.util.List;

/** What may stand around a whole answer and says nothing: {@code $…$}, {@code \boxed{…}}. */
final class Wrapping {
  private static final List<String> COMMANDS =
      List.of("\\boxed{", "\\fbox{", "\\text{", "\\textbf{", "\\mathrm{", "\\mbox{");

  private static final int MOST = 8;

  private Wrapping() {}

  /** Without it; the full stop behind it is taken too. */
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
    String ended = text.endsWith(".") ? text.substring(0, text.length() - 1).strip() : text;
    if (isAround(ended, "$$", "$$")) {
      return ended.substring(2, ended.length() - 2);
    }
    if (isAround(ended, "$", "$")) {
      return ended.substring(1, ended.length() - 1);
    }
    if (isAround(ended, "\\(", "\\)") || isAround(ended, "\\[", "\\]")) {
      return ended.substring(2, ended.length() - 2);
    }
    for (String command : COMMANDS) {
      if (ended.startsWith(command) && closes(ended, command.length())) {
        return ended.substring(command.length(), ended.length() - 1);
      }
    }
    return text;
  }

  private static boolean isAround(String text, String open, String close) {
    return text.length() > open.length() + close.length()
        && text.startsWith(open)
        && text.endsWith(close)
        && text.indexOf(close, open.length()) == text.length() - close.length();
  }

  /** Whether the brace before {@code from} is closed by the last character. */
  private static boolean closes(String text, int from) {
    int depth = 1;
    for (int at = from; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c == '\\') {
        at++;
      } else if (c == '{') {
        depth++;
      } else if (c == '}' && --depth == 0) {
        return at == text.length() - 1;
      }
    }
    return false;
  }
}
