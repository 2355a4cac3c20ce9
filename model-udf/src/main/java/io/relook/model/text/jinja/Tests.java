package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.HashMap;
import java.util.Map;

/** Jinja2's built-in tests by name. */
final class Tests {
  private interface Check {
    Object holds(Object value, Arguments given);
  }

  private static final Map<String, Check> ALL = new HashMap<>();
  private static final Map<String, String> COMPARISONS = new HashMap<>();

  static {
    ALL.put("defined", plain(value -> !(value instanceof Undefined)));
    ALL.put("undefined", plain(Undefined.class::isInstance));
    ALL.put("none", plain(value -> value == null));
    ALL.put("boolean", plain(Boolean.class::isInstance));
    ALL.put("true", plain(Boolean.TRUE::equals));
    ALL.put("false", plain(Boolean.FALSE::equals));
    ALL.put("integer", plain(BigInteger.class::isInstance));
    ALL.put("float", plain(Double.class::isInstance));
    ALL.put("number", plain(Values::isNumber));
    ALL.put("string", plain(Text.class::isInstance));
    ALL.put("mapping", plain(Dict.class::isInstance));
    ALL.put("iterable", plain(Values::isIterable));
    ALL.put("sequence", plain(Tests::isSequence));
    ALL.put("callable", plain(value -> value instanceof Function || value instanceof Undefined));
    ALL.put("escaped", plain(value -> value instanceof Text text && text.markup()));
    ALL.put("lower", plain(value -> Casing.isLower(Values.text(value))));
    ALL.put("upper", plain(value -> Casing.isUpper(Values.text(value))));
    ALL.put("odd", plain(value -> remains(value, BigInteger.TWO, BigInteger.ONE)));
    ALL.put("even", plain(value -> remains(value, BigInteger.TWO, BigInteger.ZERO)));
    ALL.put(
        "divisibleby",
        (value, given) -> remains(value, given.bind("divisibleby", "num").get(0), BigInteger.ZERO));
    ALL.put("filter", plain(value -> hashed(value) && Filters.known(value.toString())));
    ALL.put("test", plain(value -> hashed(value) && has(value.toString())));
    ALL.put("sameas", (value, given) -> same(value, given.bind("sameas", "other").get(0)));
    for (String[] names :
        new String[][] {
          {"==", "eq", "equalto"},
          {"!=", "ne"},
          {">", "gt", "greaterthan"},
          {">=", "ge"},
          {"<", "lt", "lessthan"},
          {"<=", "le"},
          {"in", "in"}
        }) {
      for (String name : names) {
        COMPARISONS.put(name, names[0]);
      }
    }
    COMPARISONS.forEach(
        (name, operator) ->
            ALL.put(
                name,
                (value, given) ->
                    Expression.Compare.holds(value, operator, given.bind(name, "other").get(0))));
  }

  private Tests() {}

  static boolean has(String name) {
    return ALL.containsKey(name);
  }

  static Object holds(String name, Object value, Arguments given) {
    Check check = ALL.get(name);
    if (check == null) {
      throw new TemplateException(
          "TemplateRuntimeError", "No test named '%s' found.".formatted(name), 0);
    }
    return check.holds(value, given);
  }

  private static Check plain(java.util.function.Predicate<Object> check) {
    return (value, given) -> {
      given.bind("test");
      return check.test(value);
    };
  }

  private static boolean hashed(Object name) {
    return Values.hashed(name) instanceof Text;
  }

  private static boolean remains(Object value, Object divisor, Object rest) {
    return Comparison.equal(Operators.apply(value, "%", divisor), rest);
  }

  private static boolean isSequence(Object value) {
    return !(value instanceof View) && !(value instanceof Loop) && Values.lengthOrNone(value) >= 0;
  }

  /**
   * Identity. CPython has each small whole number and each text of one Latin-1 character once; of
   * other equal numbers and texts it is chance.
   */
  private static boolean same(Object value, Object other) {
    boolean equal = Comparison.equal(value, other);
    boolean once =
        value instanceof BigInteger number
            ? number.bitLength() < 9 && Values.index(number) >= -5 && Values.index(number) <= 256
            : value instanceof Text text
                && !text.markup()
                && (text.isEmpty() || text.length() == 1 && text.at(0) < 0x100);
    if (equal && once && other != null && value.getClass() == other.getClass()) {
      return true;
    }
    boolean chance =
        equal
            && value != other
            && value != null
            && value.getClass() == other.getClass()
            && (value instanceof Text || value instanceof BigInteger || value instanceof Double);
    if (chance) {
      throw TemplateErrors.unsupported("'sameas' between equal numbers or texts");
    }
    return value == other || value instanceof Boolean && value.equals(other);
  }
}
