package io.relook.model.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** The filter {@code wordwrap}: CPython 3.11's {@code textwrap.wrap} of each line. */
final class Wrapping {
  private static final String SPACE = "[\\t\\n\\x0B\\f\\r ]";
  private static final String WORD = "[\\p{L}\\p{N}_]";
  private static final String PUNCTUATED = "[\\p{L}\\p{N}_!\"'&.,?]";
  private static final String LETTER = "[\\p{L}\\p{Nl}\\p{No}_]";

  /** White space; dashes between words; words up to a hyphen, a dash or their end. */
  private static final Pattern CHUNK =
      Pattern.compile(
          ("%1$s+|(?<=%3$s)-{2,}(?=%2$s)|[^\\t\\n\\x0B\\f\\r ]+?"
                  + "(?:-(?:(?<=%4$s{2}-)|(?<=%4$s-%3$s-))(?=%4$s-?%4$s)|(?=%1$s|\\z)|(?<=%3$s)(?=-{2,}%2$s))")
              .formatted(SPACE, WORD, PUNCTUATED, LETTER));

  private static final Pattern SIMPLE_CHUNK = Pattern.compile(SPACE + "+|[^\\t\\n\\x0B\\f\\r ]+");

  private final int width;
  private final boolean breaksWords;
  private final boolean breaksHyphens;

  private Wrapping(int width, boolean breaksWords, boolean breaksHyphens) {
    this.width = width;
    this.breaksWords = breaksWords;
    this.breaksHyphens = breaksHyphens;
  }

  static Text of(Object value, Arguments given) {
    Arguments.Bound bound =
        given.bind("wordwrap", "width?", "break_long_words?", "wrapstring?", "break_on_hyphens?");
    Operators.refuseUndefined(value, value);
    if (!(value instanceof Text text)) {
      throw TemplateErrors.type("wordwrap takes a str, not %s", Values.type(value));
    }
    Wrapping wrapping =
        new Wrapping(bound.number(0, 79), bound.truth(1, true), bound.truth(3, true));
    Text between = bound.get(2, null) == null ? Text.of("\n") : bound.text(2);
    List<Text> lines = new ArrayList<>();
    for (Object line : TextParts.lines(text.asMarkup(false), false)) {
      lines.add(Text.join(between, wrapping.wrapped((Text) line)));
    }
    return Text.join(between, lines);
  }

  private List<Text> wrapped(Text line) {
    if (width <= 0) {
      throw TemplateErrors.value("invalid width %d (must be > 0)", width);
    }
    int[] bounds = bounds(line);
    int chunks = bounds.length - 1;
    List<Text> lines = new ArrayList<>();
    int next = 0;
    while (next < chunks) {
      next += !lines.isEmpty() && isSpace(line, bounds[next], bounds[next + 1]) ? 1 : 0;
      int from = bounds[next];
      int last = from;
      int to = from;
      while (next < chunks && bounds[next + 1] - from <= width) {
        last = to;
        to = bounds[++next];
      }
      boolean tooLong = next < chunks && bounds[next + 1] - to > width;
      if (tooLong && (breaksWords || to == from)) {
        last = to;
        to = breaksWords ? cut(line, to, from + width) : bounds[next + 1];
        next += to == bounds[next + 1] ? 1 : 0;
        bounds[next] = to;
      }
      to = isSpace(line, last, to) ? last : to;
      if (to > from) {
        lines.add(line.part(from, to));
      }
    }
    return lines;
  }

  /** Where a word is cut that goes beyond an end: after its last hyphen before it, or there. */
  private int cut(Text line, int from, int end) {
    Text fits = line.part(from, end);
    int hyphen = breaksHyphens ? fits.findLast(Text.of("-")) : -1;
    return hyphen > 0 && !Characters.all(fits.part(0, hyphen), point -> point == '-')
        ? from + hyphen + 1
        : end;
  }

  private static boolean isSpace(Text line, int from, int to) {
    for (int i = from; i < to; i++) {
      if (!Characters.isSpace(line.at(i))) {
        return false;
      }
    }
    return true;
  }

  /** Where the chunks begin, and the end of the last. */
  private int[] bounds(Text line) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < line.length(); i++) {
      int point = line.at(i);
      // One unit for each code point; beyond the first plane only its class matters.
      plain.append(point < 0x10000 ? (char) point : Character.isLetter(point) ? 'a' : '\u2603');
    }
    Matcher chunk = (breaksHyphens ? CHUNK : SIMPLE_CHUNK).matcher(plain);
    IntStream.Builder bounds = IntStream.builder();
    int at = 0;
    while (chunk.find()) {
      if (chunk.start() > at) {
        bounds.add(at);
      }
      bounds.add(chunk.start());
      at = chunk.end();
    }
    if (at < line.length()) {
      bounds.add(at);
    }
    return bounds.add(line.length()).build().toArray();
  }
}
