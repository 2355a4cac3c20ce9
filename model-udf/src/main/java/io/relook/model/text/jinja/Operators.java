package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Python's operators between values. */
final class Operators {
  private static final int MOST_ITEMS = 1 << 20;

  private Operators() {}

  /** {@code left operator right} for {@code + - * / // % **}. */
  static Object apply(Object left, String operator, Object right) {
    if (Values.isNumber(left) && Values.isNumber(right)) {
      return Numbers.arithmetic(left, operator, right);
    }
    if (operator.equals("%") && left instanceof Text format) {
      return PercentFormat.apply(format, right);
    }
    refuseUndefined(left, right);
    if (operator.equals("+")) {
      if (left instanceof Text a && right instanceof Text b) {
        return a.markup() || b.markup() ? escaped(a).plus(escaped(b)).asMarkup(true) : a.plus(b);
      }
      if (left instanceof Tuple a && right instanceof Tuple b) {
        return Tuple.of(joined(a.items(), b.items()));
      }
      if (isList(left) && isList(right)) {
        return joined(Values.sized(left), Values.sized(right));
      }
    }
    if (operator.equals("*")) {
      Object sequence = left instanceof BigInteger || left instanceof Boolean ? right : left;
      Object times = sequence == left ? right : left;
      if (times instanceof BigInteger || times instanceof Boolean) {
        if (sequence instanceof Text text) {
          return Text.builder().repeat(text, Values.index(times)).build().asMarkup(text.markup());
        }
        if (sequence instanceof Tuple tuple) {
          return Tuple.of(repeated(tuple.items(), Values.index(times)));
        }
        if (isList(sequence)) {
          return repeated(Values.sized(sequence), Values.index(times));
        }
      }
    }
    throw TemplateErrors.type(
        "unsupported operand type(s) for %s: '%s' and '%s'",
        operator, Values.type(left), Values.type(right));
  }

  static Object negated(Object value) {
    refuseUndefined(value, value);
    if (value instanceof Double number) {
      return -number;
    }
    if (Values.isNumber(value)) {
      return Values.whole(value).negate();
    }
    throw TemplateErrors.type("bad operand type for unary -: '%s'", Values.type(value));
  }

  static Object plus(Object value) {
    refuseUndefined(value, value);
    if (value instanceof Double) {
      return value;
    }
    if (Values.isNumber(value)) {
      return Values.whole(value);
    }
    throw TemplateErrors.type("bad operand type for unary +: '%s'", Values.type(value));
  }

  static void refuseUndefined(Object left, Object right) {
    if (left instanceof Undefined undefined) {
      throw TemplateErrors.undefined(undefined);
    }
    if (right instanceof Undefined undefined) {
      throw TemplateErrors.undefined(undefined);
    }
  }

  /** A text as markupsafe escapes it: markup stays. */
  static Text escaped(Text text) {
    if (text.markup()) {
      return text;
    }
    Text.Builder out = Text.builder();
    for (int i = 0; i < text.length(); i++) {
      int user = text.points()[i] & Text.USER;
      String escape =
          switch (text.at(i)) {
            case '&' -> "&amp;";
            case '<' -> "&lt;";
            case '>' -> "&gt;";
            case '\'' -> "&#39;";
            case '"' -> "&#34;";
            default -> null;
          };
      if (escape == null) {
        out.add(text.points()[i]);
      } else {
        escape.chars().forEach(c -> out.add(c | user));
      }
    }
    return out.build().asMarkup(true);
  }

  /** {@code value[from:to:step]}; null stands for what is left out. */
  static Object slice(Object value, Object from, Object to, Object step) {
    refuseUndefined(value, value);
    List<Object> items =
        value instanceof Dict || value instanceof View ? null : Values.sized(value);
    if (items == null) {
      throw TemplateErrors.type("'%s' object cannot be sliced", Values.type(value));
    }
    int by = step == null ? 1 : Values.index(step);
    if (by == 0) {
      throw TemplateErrors.value("slice step cannot be zero");
    }
    int size = items.size();
    int start = bound(from, by > 0 ? 0 : size - 1, size, by);
    int stop = bound(to, by > 0 ? size : -1, size, by);
    if (value instanceof Range range) {
      BigInteger wide = BigInteger.valueOf(by);
      return new Range(
          range.start.add(range.step.multiply(BigInteger.valueOf(start))),
          range.start.add(range.step.multiply(BigInteger.valueOf(stop))),
          range.step.multiply(wide));
    }
    if (value instanceof Text text) {
      Text.Builder out = Text.builder();
      for (long i = start; by > 0 ? i < stop : i > stop; i += by) {
        out.add(text.points()[(int) i]);
      }
      return out.build().asMarkup(text.markup());
    }
    List<Object> part = new ArrayList<>();
    for (long i = start; by > 0 ? i < stop : i > stop; i += by) {
      part.add(items.get((int) i));
    }
    return value instanceof Tuple ? Tuple.of(part) : part;
  }

  private static int bound(Object given, int absent, int size, int step) {
    if (given == null) {
      return absent;
    }
    int index = Values.index(given);
    int from = index < 0 ? Math.max(index + size, step > 0 ? 0 : -1) : index;
    return Math.min(from, step > 0 ? size : size - 1);
  }

  private static boolean isList(Object value) {
    return value instanceof List && !(value instanceof Range);
  }

  private static List<Object> joined(List<Object> left, List<Object> right) {
    checked((long) left.size() + right.size());
    List<Object> all = new ArrayList<>(left);
    all.addAll(right);
    return all;
  }

  private static List<Object> repeated(List<Object> items, int times) {
    checked(items.size() * (long) times);
    List<Object> all = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      all.addAll(items);
    }
    return all;
  }

  private static void checked(long items) {
    if (items > MOST_ITEMS) {
      throw TemplateErrors.bound("items of a list", MOST_ITEMS);
    }
  }
}
