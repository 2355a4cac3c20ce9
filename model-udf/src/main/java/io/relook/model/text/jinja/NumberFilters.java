package io.relook.model.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Filters that make numbers, or choose by size. */
final class NumberFilters {
  static final Map<String, Filters.Filter> ALL = new HashMap<>();

  static {
    ALL.put("abs", (r, value, given) -> TextFilters.none(given, absolute(value)));
    ALL.put("int", (r, value, given) -> whole(value, given));
    ALL.put("float", (r, value, given) -> floating(value, given));
    ALL.put("round", (r, value, given) -> rounded(value, given));
    ALL.put("sum", (r, value, given) -> summed(value, given));
    ALL.put("min", (r, value, given) -> extreme(value, given, "<"));
    ALL.put("max", (r, value, given) -> extreme(value, given, ">"));
    ALL.put("filesizeformat", (r, value, given) -> sized(value, given));
  }

  private NumberFilters() {}

  private static Object absolute(Object value) {
    if (value instanceof Double number) {
      return Math.abs(number);
    }
    if (Values.isNumber(value)) {
      return Values.whole(value).abs();
    }
    throw TemplateErrors.type("bad operand type for abs(): '%s'", Values.type(value));
  }

  private static Object whole(Object value, Arguments given) {
    Arguments.Bound bound = given.bind("int", "default?", "base?");
    Object absent = bound.get(0, BigInteger.ZERO);
    Operators.refuseUndefined(value, value);
    if (value instanceof Text text) {
      BigInteger number = NumberText.whole(text.toString(), bound.number(1, 10));
      if (number != null) {
        return number;
      }
    } else if (Values.isNumber(value) && !(value instanceof Double)) {
      return Values.whole(value);
    }
    Double number =
        value instanceof Text text
            ? NumberText.floating(text.toString())
            : value instanceof Double own ? own : null;
    if (number == null || number.isNaN() || number.isInfinite()) {
      if (value instanceof Double own && own.isInfinite()) {
        throw TemplateErrors.overflow("cannot convert float infinity to integer");
      }
      return absent;
    }
    return new BigDecimal(number).toBigInteger();
  }

  private static Object floating(Object value, Arguments given) {
    Object absent = given.bind("float", "default?").get(0, 0.0);
    Operators.refuseUndefined(value, value);
    if (value instanceof Text text) {
      Double number = NumberText.floating(text.toString());
      return number == null ? absent : number;
    }
    return Values.isNumber(value) ? (Object) Numbers.floating(value) : absent;
  }

  private static Object rounded(Object value, Arguments given) {
    Arguments.Bound bound = given.bind("round", "precision?", "method?");
    Object precision = bound.get(0, BigInteger.ZERO);
    String method = Values.text(bound.get(1, Text.of("common"))).toString();
    if (!List.of("common", "ceil", "floor").contains(method)) {
      throw TemplateErrors.type("method must be common, ceil or floor");
    }
    Operators.refuseUndefined(value, value);
    if (!Values.isNumber(value)) {
      throw TemplateErrors.type("type %s doesn't define __round__ method", Values.type(value));
    }
    if (method.equals("common")) {
      return precision == null
          ? Values.whole(toWhole(Numbers.round(value, 0)))
          : Numbers.round(value, Values.index(precision));
    }
    Object scale = Operators.apply(BigInteger.TEN, "**", precision);
    Object scaled = Operators.apply(value, "*", scale);
    Object cut =
        scaled instanceof Double number
            ? toWhole(method.equals("ceil") ? Math.ceil(number) : Math.floor(number))
            : scaled;
    return Operators.apply(cut, "/", scale);
  }

  private static BigInteger toWhole(Object number) {
    if (number instanceof Double value) {
      if (value.isNaN() || value.isInfinite()) {
        throw TemplateErrors.overflow("cannot convert float %s to integer", Numbers.text(value));
      }
      return new BigDecimal(value).toBigInteger();
    }
    return Values.whole(number);
  }

  private static Object summed(Object value, Arguments given) {
    Arguments.Bound bound = given.bind("sum", "attribute?", "start?");
    Keys key = Keys.one(bound.get(0, null), false, null);
    Object sum = bound.get(1, BigInteger.ZERO);
    if (sum instanceof Text) {
      throw TemplateErrors.type("sum() can't sum strings [use ''.join(seq) instead]");
    }
    for (Iterator<Object> items = Values.iterate(value); items.hasNext(); ) {
      sum = Operators.apply(sum, "+", key.of(items.next()));
    }
    return sum;
  }

  private static Object extreme(Object value, Arguments given, String operator) {
    String name = operator.equals("<") ? "min" : "max";
    Arguments.Bound bound = given.bind(name, "case_sensitive?", "attribute?");
    Keys key = Keys.one(bound.get(1, null), !bound.truth(0, false), null);
    Iterator<Object> items = Values.iterate(value);
    if (!items.hasNext()) {
      return Undefined.of("No aggregated item, sequence was empty.");
    }
    Object best = items.next();
    Object bestKey = key.of(best);
    while (items.hasNext()) {
      Object item = items.next();
      Object itemKey = key.of(item);
      if (Comparison.ordered(itemKey, operator, bestKey)) {
        best = item;
        bestKey = itemKey;
      }
    }
    return best;
  }

  private static Text sized(Object value, Arguments given) {
    boolean binary = given.bind("filesizeformat", "binary?").truth(0, false);
    Operators.refuseUndefined(value, value);
    Double parsed =
        value instanceof Text text
            ? NumberText.floating(text.toString())
            : Values.isNumber(value) ? (Double) Numbers.floating(value) : null;
    if (parsed == null) {
      throw TemplateErrors.value("could not convert to float: %s", Values.repr(value));
    }
    double bytes = parsed;
    int base = binary ? 1024 : 1000;
    if (bytes == 1) {
      return Text.of("1 Byte");
    }
    if (bytes < base) {
      return Text.of(toWhole(bytes) + " Bytes");
    }
    String prefixes = "kMGTPEZY";
    int power = 0;
    double unit = Math.pow(base, 2);
    while (bytes >= unit && power < prefixes.length() - 1) {
      unit *= base;
      power++;
    }
    String prefix = prefixes.substring(power, power + 1);
    String shown = NumberText.fixed(base * bytes / unit, 1);
    return Text.of(
        shown + " " + (binary ? prefix.toUpperCase(java.util.Locale.ROOT) + "iB" : prefix + "B"));
  }
}
