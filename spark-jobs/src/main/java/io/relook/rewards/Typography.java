package io.relook.rewards;

import java.text.Normalizer;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The characters that typography, other scripts and input methods write, as the plain ones that
 * they stand for. Compatibility forms follow Unicode's NFKC (UAX 15: full-width letters and digits,
 * {@code ℃}, {@code ㎡}, mathematical letters), but superscripts stay exponents, subscripts stay
 * subscripts and {@code ½} stays a fraction. All dashes are a minus (an em dash between words keeps
 * its spaces), all spaces are a space, digits of any script are ASCII, CJK punctuation is ASCII's,
 * and what is not seen at all is nothing.
 */
final class Typography {
  private static final String SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ";
  private static final String RAISED = "0123456789+-=()ni";
  private static final String SUBSCRIPT = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎";
  private static final String LOWERED = "0123456789+-=()";

  private static final Map<Integer, String> SAME =
      Map.ofEntries(
          // Quotes; primes stay (inches, feet, minutes).
          Map.entry(0x201C, "\""),
          Map.entry(0x201D, "\""),
          Map.entry(0x201E, "\""),
          Map.entry(0x201F, "\""),
          Map.entry(0x00AB, "\""),
          Map.entry(0x00BB, "\""),
          Map.entry(0x300C, "\""),
          Map.entry(0x300D, "\""),
          Map.entry(0x300E, "\""),
          Map.entry(0x300F, "\""),
          Map.entry(0x301D, "\""),
          Map.entry(0x301E, "\""),
          Map.entry(0x2033, "\""),
          Map.entry(0x2018, "'"),
          Map.entry(0x2019, "'"),
          Map.entry(0x201A, "'"),
          Map.entry(0x201B, "'"),
          Map.entry(0x2039, "'"),
          Map.entry(0x203A, "'"),
          Map.entry(0x2032, "'"),
          Map.entry(0x02BC, "'"),
          Map.entry(0x00B4, "'"),
          // Punctuation of CJK.
          Map.entry(0x3002, "."),
          Map.entry(0x3001, ","),
          Map.entry(0x0964, "."),
          Map.entry(0x066B, "."),
          Map.entry(0x066C, ","),
          Map.entry(0x066A, "%"),
          Map.entry(0x30FB, "·"),
          Map.entry(0x3010, "["),
          Map.entry(0x3011, "]"),
          Map.entry(0x3014, "["),
          Map.entry(0x3015, "]"),
          Map.entry(0x3016, "["),
          Map.entry(0x3017, "]"),
          Map.entry(0x3008, "("),
          Map.entry(0x3009, ")"),
          Map.entry(0x300A, "("),
          Map.entry(0x300B, ")"),
          // Signs of which compatibility forms would make something else.
          Map.entry(0x00BA, "°"),
          Map.entry(0x02DA, "°"),
          Map.entry(0x2236, ":"),
          Map.entry(0x2044, "/"),
          Map.entry(0x2215, "/"),
          Map.entry(0x00B5, "μ"),
          Map.entry(0x223C, "~"),
          Map.entry(0x221B, "\\sqrt[3]"),
          Map.entry(0x221C, "\\sqrt[4]"),
          Map.entry(0x2220, "\\angle "),
          Map.entry(0x25B3, "\\triangle "),
          Map.entry(0x2225, " \\parallel "),
          Map.entry(0x22A5, " \\perp "),
          Map.entry(0x00A6, "|"));

  /** {@code 1 000}, {@code 1'000}: groups of three that a space or an apostrophe parts. */
  private static final Pattern GROUPS =
      Pattern.compile(
          "(?<![\\d.,])(?<!\\d[ '])([1-9]\\d{0,2})(?=([ '])\\d{3}(?!\\d))((?:\\2\\d{3})+)(?!'?\\d)(?! ?/)(?! \\d)");

  /** {@code 3~4}, a range in Chinese, Japanese and Korean. */
  private static final Pattern RANGE = Pattern.compile("(?<=\\d) ?~ ?(?=\\d)");

  /** {@code B -- red}, as typewriters have it. */
  private static final Pattern DASHES = Pattern.compile("(?<=\\S )-{2,3}(?= \\p{L})");

  private Typography() {}

  /** Of a text without spaces at its ends. */
  static String plain(String text) {
    StringBuilder plain = new StringBuilder();
    int[] points = text.codePoints().toArray();
    for (int at = 0; at < points.length; at++) {
      int c = points[at];
      if (c < 128) {
        plain.append(Character.isWhitespace(c) && c != '\n' ? ' ' : (char) c);
      } else if (SUPERSCRIPT.indexOf(c) >= 0) {
        at = script(plain, points, at, SUPERSCRIPT, RAISED, "^{");
      } else if (SUBSCRIPT.indexOf(c) >= 0) {
        at = script(plain, points, at, SUBSCRIPT, LOWERED, "_{");
      } else {
        plain(plain, points, at);
      }
    }
    String grouped =
        GROUPS.matcher(plain).replaceAll(m -> m.group(1) + m.group(3).replaceAll("\\D", ""));
    return DASHES
        .matcher(RANGE.matcher(grouped).replaceAll("-").replaceAll(" {2,}", " "))
        .replaceAll("-")
        .strip();
  }

  private static int script(
      StringBuilder plain, int[] points, int from, String all, String same, String open) {
    plain.append(open);
    int at = from;
    while (at < points.length && all.indexOf(points[at]) >= 0) {
      plain.append(same.charAt(all.indexOf(points[at++])));
    }
    plain.append('}');
    return at - 1;
  }

  private static void plain(StringBuilder plain, int[] points, int at) {
    int c = points[at];
    int type = Character.getType(c);
    String same = SAME.get(c);
    String compatible;
    if (same != null) {
      plain.append(same);
    } else if (type == Character.FORMAT || type == Character.CONTROL && c != 0x85) {
      return;
    } else if (Character.isSpaceChar(c) || Character.isWhitespace(c) || c == 0x85) {
      plain.append(type == Character.LINE_SEPARATOR || c == 0x85 ? '\n' : ' ');
    } else if (Character.isDigit(c)) {
      plain.append(Character.digit(c, 10));
    } else if (isDash(c)) {
      boolean parts = isDashOfText(c) && at > 0 && !isSign(points, at);
      plain.append(parts ? " - " : "-");
    } else if ((compatible = compatible(c)).indexOf(0x2044) > 0) {
      fraction(plain, compatible);
    } else {
      plain.append(compatible);
    }
  }

  /** Behind a digit, or between a mark that opens ({@code **–2.5**}) and a digit. */
  private static boolean isSign(int[] points, int at) {
    boolean opens = "*_`([{$\"'“‘=<>".indexOf(points[at - 1]) >= 0;
    boolean number = at + 1 < points.length && Character.isDigit(points[at + 1]);
    return Character.isDigit(points[at - 1]) || opens && number;
  }

  /** Also what mathematics and typewriters have for a dash. */
  private static boolean isDash(int c) {
    return Character.getType(c) == Character.DASH_PUNCTUATION && c != 0x30A0
        || c == 0x2212
        || c == 0x02D7
        || c == 0x2043;
  }

  /** En dash, em dash, horizontal bar and longer ones. */
  private static boolean isDashOfText(int c) {
    return c >= 0x2013 && c <= 0x2015 || c == 0x2E3A || c == 0x2E3B;
  }

  /** Letters keep their accents, whether these are written in one character or in two. */
  private static String compatible(int c) {
    String same = Normalizer.normalize(Character.toString(c), Normalizer.Form.NFKC);
    boolean square = c >= 0x3371 && c <= 0x33DF;
    return square ? same.replaceAll("([23])$", "^{$1}").replace('\u2215', '/') : same;
  }

  /** {@code ½} as LaTeX, which knows {@code 1\frac{1}{2}}. */
  private static void fraction(StringBuilder plain, String compatible) {
    String[] parts = compatible.split("\u2044", -1);
    plain.append(
        parts[1].isEmpty() ? parts[0] + "/" : "\\frac{%s}{%s}".formatted(parts[0], parts[1]));
  }
}
