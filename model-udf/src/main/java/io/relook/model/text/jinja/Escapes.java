package io.relook.model.text.jinja;

/** The escapes of string literals, as Python's {@code unicode-escape} codec reads them. */
final class Escapes {
  private static final String SINGLE = "\\'\"abfnrtv";
  private static final String SINGLE_VALUES = "\\'\"\u0007\b\f\n\r\t\u000B";

  private Escapes() {}

  /**
   * As Jinja does: first into ASCII with {@code backslashreplace}, then the escapes. A backslash
   * before a character beyond ASCII thus becomes that character's escape as text.
   */
  static Text decoded(String literal, int line) {
    if (literal.indexOf('\\') < 0) {
      return Text.of(literal);
    }
    Text.Builder out = Text.builder();
    int[] points = literal.codePoints().toArray();
    for (int i = 0; i < points.length; i++) {
      if (points[i] != '\\') {
        out.add(points[i]);
        continue;
      }
      int next = points[++i];
      int single = SINGLE.indexOf(next);
      if (single >= 0) {
        out.add(SINGLE_VALUES.charAt(single));
      } else if (next > 0x7F) {
        out.add(next < 0x100 ? "\\x%02x".formatted(next) : escape(next));
      } else if (next >= '0' && next <= '7') {
        int value = 0;
        int end = Math.min(points.length, i + 3);
        while (i < end && points[i] >= '0' && points[i] <= '7') {
          value = 8 * value + points[i++] - '0';
        }
        i--;
        out.add(value);
      } else if (next == 'x' || next == 'u' || next == 'U') {
        int digits = next == 'x' ? 2 : next == 'u' ? 4 : 8;
        out.add(hex(points, i + 1, digits, line));
        i += digits;
      } else if (next == 'N') {
        int close = i + 1;
        while (close < points.length && points[close] != '}') {
          close++;
        }
        out.add(named(new String(points, i + 1, Math.min(close, points.length - 1) - i), line));
        i = close;
      } else if (next != '\n') {
        out.add('\\').add(next);
      }
    }
    return out.build();
  }

  private static String escape(int point) {
    return point < 0x10000 ? "\\u%04x".formatted(point) : "\\U%08x".formatted(point);
  }

  private static int hex(int[] points, int from, int digits, int line) {
    int value = 0;
    for (int i = from; i < from + digits; i++) {
      int digit = i < points.length && points[i] < 0x80 ? Character.digit(points[i], 16) : -1;
      if (digit < 0 || value > 0x10FFFF) {
        throw TemplateErrors.syntax("truncated \\x, \\u or \\U escape in a string", line);
      }
      value = 16 * value + digit;
    }
    if (value > 0x10FFFF || value < 0) {
      throw TemplateErrors.syntax("illegal Unicode character in a string", line);
    }
    return value;
  }

  private static int named(String braced, int line) {
    try {
      if (braced.startsWith("{") && braced.endsWith("}")) {
        return Character.codePointOf(braced.substring(1, braced.length() - 1));
      }
    } catch (IllegalArgumentException e) {
      // Falls through to the one error of both.
    }
    throw TemplateErrors.syntax("unknown Unicode character name in a string", line);
  }
}
