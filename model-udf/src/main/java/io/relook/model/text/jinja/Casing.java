package io.relook.model.text.jinja;

import java.util.Locale;

/** Upper and lower case as Python's {@code str} has them (Unicode's full mappings). */
final class Casing {
  private static final int SIGMA = 'Σ';

  private Casing() {}

  static Text upper(Text text) {
    return mapped(text, point -> string(point).toUpperCase(Locale.ROOT));
  }

  static Text lower(Text text) {
    Text.Builder out = Text.builder();
    for (int i = 0; i < text.length(); i++) {
      lower(text, i, out);
    }
    return out.build();
  }

  static Text folded(Text text) {
    return mapped(text, Casing::folded);
  }

  /** Unicode's full folding: lower of upper case, but for dotless i and Cherokee. */
  private static String folded(int point) {
    String upper = string(point).toUpperCase(Locale.ROOT);
    boolean cherokee = point >= 0x13A0 && point <= 0x13FD || point >= 0xAB70 && point <= 0xABBF;
    if (point == 'ı' || cherokee) {
      return cherokee ? upper : string(point);
    }
    StringBuilder folded = new StringBuilder();
    upper.codePoints().forEach(p -> folded.append(string(p).toLowerCase(Locale.ROOT)));
    return folded.toString();
  }

  static Text capitalized(Text text) {
    Text.Builder out = Text.builder();
    for (int i = 0; i < text.length(); i++) {
      if (i == 0) {
        add(out, text, 0, titled(text.at(0)));
      } else {
        lower(text, i, out);
      }
    }
    return out.build();
  }

  static Text title(Text text) {
    Text.Builder out = Text.builder();
    boolean inside = false;
    for (int i = 0; i < text.length(); i++) {
      if (inside) {
        lower(text, i, out);
      } else {
        add(out, text, i, titled(text.at(i)));
      }
      inside = Characters.isCased(text.at(i));
    }
    return out.build();
  }

  static Text swapped(Text text) {
    Text.Builder out = Text.builder();
    for (int i = 0; i < text.length(); i++) {
      int point = text.at(i);
      if (Character.isUpperCase(point)) {
        lower(text, i, out);
      } else {
        add(
            out,
            text,
            i,
            Character.isLowerCase(point) ? string(point).toUpperCase(Locale.ROOT) : string(point));
      }
    }
    return out.build();
  }

  static boolean isLower(Text text) {
    return has(text, true) && !has(text, false);
  }

  static boolean isUpper(Text text) {
    return has(text, false) && !has(text, true) && !Characters.all(text, Character::isTitleCase);
  }

  static boolean isTitle(Text text) {
    boolean inside = false;
    boolean any = false;
    for (int i = 0; i < text.length(); i++) {
      int point = text.at(i);
      boolean upper = Character.isUpperCase(point) || Character.isTitleCase(point);
      if (upper == inside && Characters.isCased(point)) {
        return false;
      }
      inside = Characters.isCased(point);
      any |= inside;
    }
    return any;
  }

  private static boolean has(Text text, boolean lower) {
    for (int i = 0; i < text.length(); i++) {
      int point = text.at(i);
      if (lower
          ? Character.isLowerCase(point)
          : Character.isUpperCase(point) || Character.isTitleCase(point)) {
        return true;
      }
    }
    return false;
  }

  /** A sigma at the end of a word has a form of its own. */
  private static void lower(Text text, int at, Text.Builder out) {
    String lower =
        text.at(at) != SIGMA
            ? string(text.at(at)).toLowerCase(Locale.ROOT)
            : casedNear(text, at, -1) && !casedNear(text, at, 1) ? "ς" : "σ";
    add(out, text, at, lower);
  }

  private static boolean casedNear(Text text, int at, int step) {
    int i = at + step;
    while (i >= 0 && i < text.length() && ignorable(text.at(i))) {
      i += step;
    }
    return i >= 0 && i < text.length() && Characters.isCased(text.at(i));
  }

  private static boolean ignorable(int point) {
    int type = Character.getType(point);
    return "'.:^`\u00A8\u00AD\u00AF\u00B4\u00B7\u00B8\u2019".indexOf(point) >= 0
        || type == Character.NON_SPACING_MARK
        || type == Character.ENCLOSING_MARK
        || type == Character.FORMAT
        || type == Character.MODIFIER_LETTER
        || type == Character.MODIFIER_SYMBOL;
  }

  private static String titled(int point) {
    if (point == 'ß') {
      return "Ss";
    }
    if (point == 'ŉ') {
      return "ʼN";
    }
    int title = Character.toTitleCase(point);
    String upper = string(point).toUpperCase(Locale.ROOT);
    return title == point && upper.codePointCount(0, upper.length()) > 1
        ? upper.substring(0, upper.offsetByCodePoints(0, 1))
            + upper.substring(upper.offsetByCodePoints(0, 1)).toLowerCase(Locale.ROOT)
        : string(title);
  }

  private static Text mapped(Text text, java.util.function.IntFunction<String> map) {
    Text.Builder out = Text.builder();
    for (int i = 0; i < text.length(); i++) {
      add(out, text, i, map.apply(text.at(i)));
    }
    return out.build();
  }

  private static void add(Text.Builder out, Text source, int at, String mapped) {
    int user = source.points()[at] & Text.USER;
    mapped.codePoints().forEach(point -> out.add(point | user));
  }

  private static String string(int point) {
    return Character.toString(point);
  }
}
