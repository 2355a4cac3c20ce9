package io.relook.model.text.jinja;

import java.util.Arrays;
import java.util.List;

/**
 * A string as Python has it, of code points, each of which knows whether a user wrote it: whatever
 * a template makes of a user's text (parts, joins, other case) stays the user's. Equality and order
 * are those of the code points alone.
 *
 * @param points code points, with {@link #USER} added to a user's
 * @param markup whether Jinja's {@code safe} or {@code escape} made it
 */
public record Text(int[] points, boolean markup) implements Comparable<Text> {
  static final int USER = 1 << 30;
  static final Text EMPTY = new Text(new int[0], false);

  /** The most characters of a text. */
  static final int LONGEST = 16 << 20;

  /** What the template wrote. */
  static Text of(String text) {
    return new Text(text.codePoints().toArray(), false);
  }

  /** What a user wrote. */
  public static Text ofUser(String text) {
    return new Text(text.codePoints().map(point -> point | USER).toArray(), false);
  }

  int length() {
    return points.length;
  }

  boolean isEmpty() {
    return points.length == 0;
  }

  int at(int index) {
    return points[index] & ~USER;
  }

  Text part(int from, int to) {
    return new Text(Arrays.copyOfRange(points, from, Math.max(from, to)), markup);
  }

  Text asMarkup(boolean markup) {
    return markup == this.markup ? this : new Text(points, markup);
  }

  Text plus(Text other) {
    return builder().add(this).add(other).build();
  }

  boolean startsWith(Text prefix, int from) {
    if (from + prefix.length() > length()) {
      return false;
    }
    for (int i = 0; i < prefix.length(); i++) {
      if (at(from + i) != prefix.at(i)) {
        return false;
      }
    }
    return true;
  }

  /** Where the other text begins for the first time at or after an index, else -1; linear time. */
  int find(Text other, int from) {
    if (other.length() < 16) {
      for (int i = from; i + other.length() <= length(); i++) {
        if (startsWith(other, i)) {
          return i;
        }
      }
      return -1;
    }
    int[] borders = other.borders();
    int matched = 0;
    for (int i = from; i < length(); i++) {
      while (matched > 0 && at(i) != other.at(matched)) {
        matched = borders[matched - 1];
      }
      matched += at(i) == other.at(matched) ? 1 : 0;
      if (matched == other.length()) {
        return i + 1 - matched;
      }
    }
    return -1;
  }

  /** Where the other text begins for the last time, else -1. */
  int findLast(Text other) {
    int found = reversed().find(other.reversed(), 0);
    return found < 0 ? -1 : length() - found - other.length();
  }

  /**
   * Of each prefix: the length of its longest proper prefix that also ends it (Knuth, Morris,
   * Pratt).
   */
  private int[] borders() {
    int[] borders = new int[length()];
    for (int i = 1; i < length(); i++) {
      int border = borders[i - 1];
      while (border > 0 && at(i) != at(border)) {
        border = borders[border - 1];
      }
      borders[i] = border + (at(i) == at(border) ? 1 : 0);
    }
    return borders;
  }

  Text reversed() {
    int[] reversed = new int[length()];
    for (int i = 0; i < reversed.length; i++) {
      reversed[i] = points[reversed.length - 1 - i];
    }
    return new Text(reversed, markup);
  }

  static Text join(Text between, List<Text> parts) {
    Builder all = builder();
    for (int i = 0; i < parts.size(); i++) {
      all.add(i == 0 ? EMPTY : between).add(parts.get(i));
    }
    return all.build();
  }

  /** The text with each UTF-16 unit that a user wrote replaced; as long as {@link #toString}. */
  public String withUsersAs(char placeholder) {
    StringBuilder own = new StringBuilder(length());
    for (int point : points) {
      if ((point & USER) == 0) {
        own.appendCodePoint(point);
      } else {
        own.append(String.valueOf(placeholder).repeat(Character.charCount(point & ~USER)));
      }
    }
    return own.toString();
  }

  @Override
  public int compareTo(Text other) {
    int shared = Math.min(length(), other.length());
    for (int i = 0; i < shared; i++) {
      if (at(i) != other.at(i)) {
        return Integer.compare(at(i), other.at(i));
      }
    }
    return Integer.compare(length(), other.length());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Text text && text.length() == length() && startsWith(text, 0);
  }

  @Override
  public int hashCode() {
    int hash = 1;
    for (int i = 0; i < length(); i++) {
      hash = 31 * hash + at(i);
    }
    return hash;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(length());
    for (int i = 0; i < length(); i++) {
      text.appendCodePoint(at(i));
    }
    return text.toString();
  }

  static Builder builder() {
    return new Builder();
  }

  /** A text under way, of at most {@link #LONGEST} characters. */
  static final class Builder {
    private int[] points = new int[16];
    private int length;

    Builder add(Text text) {
      room(text.length());
      System.arraycopy(text.points, 0, points, length, text.length());
      length += text.length();
      return this;
    }

    Builder add(String text) {
      return add(Text.of(text));
    }

    /** A code point with its {@link #USER}. */
    Builder add(int point) {
      room(1);
      points[length++] = point;
      return this;
    }

    Builder repeat(Text text, long times) {
      if (text.length() * Math.max(times, 0) > LONGEST) {
        throw TemplateErrors.bound("characters", LONGEST);
      }
      for (long i = 0; i < times; i++) {
        add(text);
      }
      return this;
    }

    private void room(int more) {
      if (length + (long) more > LONGEST) {
        throw TemplateErrors.bound("characters", LONGEST);
      }
      if (length + more > points.length) {
        points = Arrays.copyOf(points, Math.max(length + more, 2 * points.length));
      }
    }

    int length() {
      return length;
    }

    Text build() {
      return new Text(Arrays.copyOf(points, length), false);
    }
  }
}
