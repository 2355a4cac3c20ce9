package io.relook.model.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
    List<Text> chunks = chunks(line);
    List<Text> lines = new ArrayList<>();
    int next = 0;
    while (next < chunks.size()) {
      next += !lines.isEmpty() && isSpace(chunks.get(next)) ? 1 : 0;
      List<Text> taken = new ArrayList<>();
      int length = 0;
      while (next < chunks.size() && length + chunks.get(next).length() <= width) {
        length += chunks.get(next).length();
        taken.add(chunks.get(next++));
      }
      boolean tooLong = next < chunks.size() && chunks.get(next).length() > width;
      if (tooLong && (breaksWords || taken.isEmpty())) {
        Text word = chunks.get(next);
        int cut = breaksWords ? cut(word, width - length) : word.length();
        taken.add(word.part(0, cut));
        chunks.set(next, word.part(cut, word.length()));
        next += cut == word.length() ? 1 : 0;
      }
      if (!taken.isEmpty() && isSpace(taken.get(taken.size() - 1))) {
        taken.remove(taken.size() - 1);
      }
      if (!taken.isEmpty()) {
        lines.add(Text.join(Text.EMPTY, taken));
      }
    }
    return lines;
  }

  /** Where a word is cut that is longer than the room: after its last hyphen in it, or there. */
  private int cut(Text word, int room) {
    if (breaksHyphens && word.length() > room) {
      int hyphen = word.part(0, room).findLast(Text.of("-"));
      if (hyphen > 0 && !Characters.all(word.part(0, hyphen), point -> point == '-')) {
        return hyphen + 1;
      }
    }
    return Math.min(room, word.length());
  }

  private static boolean isSpace(Text text) {
    return TextParts.stripped(text, null, true, true).isEmpty();
  }

  private List<Text> chunks(Text line) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < line.length(); i++) {
      int point = line.at(i);
      // One unit for each code point; beyond the first plane only its class matters.
      plain.append(point < 0x10000 ? (char) point : Character.isLetter(point) ? 'a' : '\u2603');
    }
    Matcher chunk = (breaksHyphens ? CHUNK : SIMPLE_CHUNK).matcher(plain);
    List<Text> chunks = new ArrayList<>();
    int at = 0;
    while (chunk.find()) {
      if (chunk.start() > at) {
        chunks.add(line.part(at, chunk.start()));
      }
      chunks.add(line.part(chunk.start(), chunk.end()));
      at = chunk.end();
    }
    if (at < line.length()) {
      chunks.add(line.part(at, line.length()));
    }
    return chunks;
  }
}
