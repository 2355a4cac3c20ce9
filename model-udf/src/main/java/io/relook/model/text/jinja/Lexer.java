package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A template's tokens: Jinja2 3.1.6's lexer with {@code trim_blocks} and {@code lstrip_blocks} on
 * and {@code keep_trailing_newline} off, as transformers sets it.
 */
final class Lexer {
  private static final int FLAGS = Pattern.UNICODE_CHARACTER_CLASS | Pattern.DOTALL;
  private static final Pattern TAG = Pattern.compile("\\{[%{#]");
  private static final Pattern RAW = Pattern.compile("\\{%([-+]?)\\s*raw\\s*(?:-%}\\s*|%})", FLAGS);
  private static final Pattern END_RAW =
      Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(?:\\+%}|-%}\\s*|%}\\n?)", FLAGS);
  private static final Pattern END_COMMENT = Pattern.compile("\\+#}|-#}\\s*|#}\\n?", FLAGS);
  private static final Pattern END_BLOCK = Pattern.compile("\\+%}|-%}\\s*|%}\\n?", FLAGS);
  private static final Pattern END_VARIABLE = Pattern.compile("-}}\\s*|}}", FLAGS);
  private static final Pattern SPACE = Pattern.compile("\\s+", FLAGS);
  private static final Pattern FLOATING =
      Pattern.compile(
          "(?i)(?<!\\.)(?:[0-9]+_)*[0-9]+(?:(?:\\.(?:[0-9]+_)*[0-9]+)?e[+-]?(?:[0-9]+_)*[0-9]+|\\.(?:[0-9]+_)*[0-9]+)");
  private static final Pattern WHOLE =
      Pattern.compile(
          "(?i)0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[0-9a-f])+|[1-9](?:_?[0-9])*|0(?:_?0)*");
  private static final Pattern WORD = Pattern.compile("\\w+", FLAGS);
  private static final Pattern OPERATOR =
      Pattern.compile("//|\\*\\*|==|!=|>=|<=|[-+/*%~\\[\\](){}<>=.:|,;]");

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  private boolean lineStarting = true;

  private Lexer(String source) {
    String normal = source.replaceAll("\r\n|\r", "\n");
    this.source = normal.endsWith("\n") ? normal.substring(0, normal.length() - 1) : normal;
  }

  static List<Token> tokens(String source) {
    return new Lexer(source).run();
  }

  private List<Token> run() {
    Matcher tag = TAG.matcher(source);
    while (tag.find(at)) {
      Matcher raw = RAW.matcher(source).region(tag.start(), source.length());
      if (raw.lookingAt()) {
        data(tag.start(), raw.group(1), true);
        pass(raw);
        raw();
        continue;
      }
      int signAt = tag.end();
      String sign =
          signAt < source.length() && "-+".indexOf(source.charAt(signAt)) >= 0
              ? source.substring(signAt, signAt + 1)
              : "";
      char kind = source.charAt(tag.start() + 1);
      data(tag.start(), sign, kind != '{');
      at = signAt + sign.length();
      lineStarting = false;
      if (kind == '#') {
        comment();
      } else {
        boolean block = kind == '%';
        tokens.add(new Token(line, block ? Token.BLOCK_BEGIN : Token.VARIABLE_BEGIN, ""));
        code(block ? END_BLOCK : END_VARIABLE, block ? Token.BLOCK_END : Token.VARIABLE_END);
      }
    }
    data(source.length(), "+", false);
    tokens.add(new Token(line, Token.END, ""));
    return tokens;
  }

  /** The text up to a tag, whose sign or {@code lstrip_blocks} may take the spaces before it. */
  private void data(int end, String sign, boolean strips) {
    String text = source.substring(at, end);
    String kept = text;
    if (sign.equals("-")) {
      kept = Characters.stripTrailing(text);
    } else if (sign.isEmpty() && strips) {
      int start = text.lastIndexOf('\n') + 1;
      if ((start > 0 || lineStarting) && SPACE.matcher(text).region(start, end - at).matches()) {
        kept = text.substring(0, start);
      }
    }
    if (!kept.isEmpty()) {
      tokens.add(new Token(line, Token.DATA, kept));
    }
    line += count(text);
    at = end;
  }

  private void raw() {
    Matcher end = END_RAW.matcher(source);
    if (!end.find(at)) {
      throw TemplateErrors.syntax("Missing end of raw directive", line);
    }
    data(end.start(), end.group(1), true);
    pass(end);
  }

  private void comment() {
    Matcher end = END_COMMENT.matcher(source);
    if (!end.find(at)) {
      throw TemplateErrors.syntax("Missing end of comment tag", line);
    }
    line += count(source.substring(at, end.start()));
    pass(end);
  }

  private void code(Pattern end, String endType) {
    Deque<String> open = new ArrayDeque<>();
    while (true) {
      Matcher found = end.matcher(source).region(at, source.length());
      if (open.isEmpty() && found.lookingAt()) {
        tokens.add(new Token(line, endType, ""));
        pass(found);
        return;
      }
      if (at == source.length()) {
        return;
      }
      if (matches(SPACE) != null) {
        continue;
      }
      int from = line;
      String text;
      if (source.charAt(at) == '\'' || source.charAt(at) == '"') {
        text = quoted();
        tokens.add(new Token(from, Token.STRING, Escapes.decoded(text, from)));
      } else if ((text = matches(FLOATING)) != null) {
        tokens.add(new Token(from, Token.FLOAT, Double.valueOf(text.replace("_", ""))));
      } else if ((text = matches(WHOLE)) != null) {
        tokens.add(new Token(from, Token.INTEGER, whole(text.replace("_", ""), from)));
      } else if ((text = matches(WORD)) != null) {
        if (!Characters.isIdentifier(text)) {
          throw TemplateErrors.syntax("Invalid character in identifier", line);
        }
        tokens.add(new Token(from, Token.NAME, text));
      } else if ((text = matches(OPERATOR)) != null) {
        balance(open, text);
        tokens.add(new Token(from, text, text));
      } else {
        throw TemplateErrors.syntax(
            "unexpected char '%s'".formatted(source.substring(at, at + 1)), line);
      }
    }
  }

  private void balance(Deque<String> open, String operator) {
    int opens = "{([".indexOf(operator);
    if (opens >= 0) {
      open.push("})]".substring(opens, opens + 1));
    } else if ("})]".contains(operator)) {
      if (open.isEmpty()) {
        throw TemplateErrors.syntax("unexpected '%s'".formatted(operator), line);
      }
      String expected = open.pop();
      if (!expected.equals(operator)) {
        throw TemplateErrors.syntax(
            "unexpected '%s', expected '%s'".formatted(operator, expected), line);
      }
    }
  }

  private String matches(Pattern pattern) {
    Matcher found = pattern.matcher(source).region(at, source.length());
    found.useTransparentBounds(true);
    if (!found.lookingAt()) {
      return null;
    }
    String text = found.group();
    pass(found);
    return text;
  }

  /** What stands between two quotes, escapes as they are written. */
  private String quoted() {
    char quote = source.charAt(at);
    int end = at + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw TemplateErrors.syntax("unexpected char '%s'".formatted(quote), line);
    }
    String text = source.substring(at + 1, end);
    line += count(text);
    at = end + 1;
    lineStarting = false;
    return text;
  }

  private static BigInteger whole(String text, int line) {
    String lower = text.toLowerCase(java.util.Locale.ROOT);
    int base = lower.startsWith("0x") ? 16 : lower.startsWith("0o") ? 8 : 2;
    if (lower.matches("0[xob].*")) {
      return new BigInteger(lower.substring(2), base);
    }
    if (text.length() > Numbers.MOST_DIGITS) {
      throw TemplateErrors.syntax("a number of %d digits".formatted(text.length()), line);
    }
    return new BigInteger(text);
  }

  private void pass(Matcher matched) {
    String text = matched.group();
    line += count(text);
    at = matched.end();
    lineStarting = text.endsWith("\n");
  }

  private static int count(String text) {
    return (int) text.chars().filter(c -> c == '\n').count();
  }
}
