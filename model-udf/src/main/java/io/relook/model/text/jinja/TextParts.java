package io.relook.model.text.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntPredicate;

/** Parts of texts as Python's {@code str} finds them. */
final class TextParts {
  private TextParts() {}

  /** Without the characters at its ends; null stands for white space. */
  static Text stripped(Text text, Text characters, boolean left, boolean right) {
    IntPredicate strip =
        characters == null
            ? Characters::isSpace
            : point -> characters.find(new Text(new int[] {point}, false), 0) >= 0;
    int from = 0;
    int to = text.length();
    while (left && from < to && strip.test(text.at(from))) {
      from++;
    }
    while (right && to > from && strip.test(text.at(to - 1))) {
      to--;
    }
    return text.part(from, to);
  }

  /** A separator of null stands for runs of white space; most below 0 for all. */
  static List<Object> split(Text text, Text separator, int most) {
    List<Object> parts = new ArrayList<>();
    if (separator == null) {
      int at = 0;
      while (true) {
        while (at < text.length() && Characters.isSpace(text.at(at))) {
          at++;
        }
        if (at == text.length()) {
          return parts;
        }
        if (parts.size() == most) {
          parts.add(text.part(at, text.length()));
          return parts;
        }
        int from = at;
        while (at < text.length() && !Characters.isSpace(text.at(at))) {
          at++;
        }
        parts.add(text.part(from, at));
      }
    }
    checkSeparator(separator);
    int at = 0;
    while (parts.size() != most) {
      int found = text.find(separator, at);
      if (found < 0) {
        break;
      }
      parts.add(text.part(at, found));
      at = found + separator.length();
    }
    parts.add(text.part(at, text.length()));
    return parts;
  }

  static List<Object> splitFromRight(Text text, Text separator, int most) {
    if (most < 0 && separator == null) {
      return split(text, null, most);
    }
    List<Object> parts =
        split(text.reversed(), separator == null ? null : separator.reversed(), most);
    Collections.reverse(parts);
    parts.replaceAll(part -> ((Text) part).reversed());
    return parts;
  }

  static Tuple partition(Text text, Text separator, boolean last) {
    checkSeparator(separator);
    int found = last ? text.findLast(separator) : text.find(separator, 0);
    if (found < 0) {
      return last ? Tuple.of(Text.EMPTY, Text.EMPTY, text) : Tuple.of(text, Text.EMPTY, Text.EMPTY);
    }
    int end = found + separator.length();
    return Tuple.of(text.part(0, found), text.part(found, end), text.part(end, text.length()));
  }

  static List<Object> lines(Text text, boolean keepEnds) {
    List<Object> lines = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      if (Characters.isLineEnd(text.at(i))) {
        int end = i;
        if (text.at(i) == '\r' && i + 1 < text.length() && text.at(i + 1) == '\n') {
          i++;
        }
        lines.add(text.part(from, keepEnds ? i + 1 : end));
        from = i + 1;
      }
    }
    if (from < text.length()) {
      lines.add(text.part(from, text.length()));
    }
    return lines;
  }

  static boolean atEnd(Text text, Arguments.Bound bound, boolean start) {
    int size = text.length();
    int first = bound.numberOrNone(1, 0);
    int from = Attributes.within(first, size);
    int to = Attributes.within(bound.numberOrNone(2, size), size);
    List<Object> affixes =
        bound.get(0) instanceof Tuple several ? several.items() : List.of(bound.text(0));
    for (Object affix : affixes) {
      if (!(affix instanceof Text part)) {
        throw TemplateErrors.type("tuple for startswith must only contain str");
      }
      int at = start ? from : to - part.length();
      if (first <= size
          && from <= to
          && at >= from
          && at + part.length() <= to
          && text.startsWith(part, at)) {
        return true;
      }
    }
    return false;
  }

  static int count(Text text, Text part) {
    if (part.isEmpty()) {
      return text.length() + 1;
    }
    int count = 0;
    for (int at = text.find(part, 0); at >= 0; at = text.find(part, at + part.length())) {
      count++;
    }
    return count;
  }

  static Text replaced(Text text, Text old, Text by, int most) {
    Text.Builder out = Text.builder();
    int left = most < 0 ? Integer.MAX_VALUE : most;
    if (old.isEmpty()) {
      for (int i = 0; i <= text.length(); i++) {
        if (left-- > 0) {
          out.add(by);
        }
        out.add(text.part(i, Math.min(i + 1, text.length())));
      }
      return out.build();
    }
    int at = 0;
    for (int found = text.find(old, 0); found >= 0 && left-- > 0; found = text.find(old, at)) {
      out.add(text.part(at, found)).add(by);
      at = found + old.length();
    }
    return out.add(text.part(at, text.length())).build();
  }

  private static void checkSeparator(Text separator) {
    if (separator.isEmpty()) {
      throw TemplateErrors.value("empty separator");
    }
  }
}
