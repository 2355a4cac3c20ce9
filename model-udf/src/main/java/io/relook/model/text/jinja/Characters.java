package io.relook.model.text.jinja;

import java.util.function.IntPredicate;

/** Classes of code points as Python's {@code str} has them. */
final class Characters {
  private static final String SPACES =
      "\t\n\u000B\f\r\u001C\u001D\u001E\u001F \u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005"
          + "\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000";
  private static final String LINE_ENDS = "\n\r\u000B\f\u001C\u001D\u001E\u0085\u2028\u2029";

  private Characters() {}

  static boolean isSpace(int point) {
    return SPACES.indexOf(point) >= 0;
  }

  static boolean isLineEnd(int point) {
    return LINE_ENDS.indexOf(point) >= 0;
  }

  static boolean isCased(int point) {
    return Character.isUpperCase(point)
        || Character.isLowerCase(point)
        || Character.isTitleCase(point);
  }

  static boolean isAlphabetic(int point) {
    return Character.isLetter(point);
  }

  static boolean isDecimal(int point) {
    return Character.getType(point) == Character.DECIMAL_DIGIT_NUMBER;
  }

  /** With superscripts and circled digits. */
  static boolean isDigit(int point) {
    return isDecimal(point)
        || "\u00B2\u00B3\u00B9\u2070\u24EA\u24F5\u24FF".indexOf(point) >= 0
        || in(point, 0x2074, 0x2079)
        || in(point, 0x2080, 0x2089)
        || in(point, 0x2460, 0x2468)
        || in(point, 0x2474, 0x247C)
        || in(point, 0x2488, 0x2490)
        || in(point, 0x24F5, 0x24FD)
        || in(point, 0x2776, 0x277E)
        || in(point, 0x2780, 0x2788)
        || in(point, 0x278A, 0x2792);
  }

  static boolean isNumeric(int point) {
    int type = Character.getType(point);
    return isDigit(point)
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER
        || "\u4E00\u4E8C\u4E09\u56DB\u4E94\u516D\u4E03\u516B\u4E5D\u5341\u767E\u5343\u842C\u4E07\u5104\u5146\u96F6\u3007"
                .indexOf(point)
            >= 0;
  }

  /** Whether {@code repr} shows it as it is. Blocks of emoji count as assigned (Unicode grows). */
  static boolean isPrintable(int point) {
    switch (Character.getType(point)) {
      case Character.CONTROL:
      case Character.FORMAT:
      case Character.SURROGATE:
      case Character.PRIVATE_USE:
      case Character.LINE_SEPARATOR:
      case Character.PARAGRAPH_SEPARATOR:
        return false;
      case Character.SPACE_SEPARATOR:
        return point == ' ';
      case Character.UNASSIGNED:
        return in(point, 0x1F6D0, 0x1F6FF) || in(point, 0x1FA70, 0x1FAFF);
      default:
        return true;
    }
  }

  /** Part of a word in the sense of {@code \w}. */
  static boolean isWord(int point) {
    return Character.isLetterOrDigit(point) || isNumeric(point) || point == '_';
  }

  static boolean isIdentifier(String text) {
    int[] points = text.codePoints().toArray();
    for (int i = 0; i < points.length; i++) {
      boolean fits =
          points[i] == '_'
              || (i == 0
                  ? Character.isUnicodeIdentifierStart(points[i])
                  : Character.isUnicodeIdentifierPart(points[i])
                      && !Character.isIdentifierIgnorable(points[i]));
      if (!fits) {
        return false;
      }
    }
    return points.length > 0;
  }

  static String stripTrailing(String text) {
    int end = text.length();
    while (end > 0 && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  /** Whether the text has characters and all are so. */
  static boolean all(Text text, IntPredicate so) {
    for (int i = 0; i < text.length(); i++) {
      if (!so.test(text.at(i))) {
        return false;
      }
    }
    return !text.isEmpty();
  }

  private static boolean in(int point, int from, int to) {
    return point >= from && point <= to;
  }
}
