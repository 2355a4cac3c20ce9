package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Python's values in Java: null is None; Boolean, BigInteger, Double, {@link Text}, List, {@link
 * Tuple}, {@link Dict}, {@link Range}, {@link View}, {@link Once}, {@link Namespace}, {@link
 * Undefined}, {@link Function} and {@link Loop} are what their names say.
 */
final class Values {
  /** Python's names of types; a range is a list in Java, and so comes first. */
  private static final Map<Class<?>, String> TYPES = new LinkedHashMap<>();

  static {
    TYPES.put(Boolean.class, "bool");
    TYPES.put(BigInteger.class, "int");
    TYPES.put(Double.class, "float");
    TYPES.put(Text.class, "str");
    TYPES.put(Range.class, "range");
    TYPES.put(List.class, "list");
    TYPES.put(Tuple.class, "tuple");
    TYPES.put(Dict.class, "dict");
    TYPES.put(Once.class, "generator");
    TYPES.put(Function.class, "function");
  }

  private Values() {}

  /** A value from outside; texts are of a user, or of the template's side. */
  static Object of(Object value, boolean user) {
    if (value == null || value instanceof Boolean || value instanceof BigInteger) {
      return value;
    }
    if (value instanceof Integer || value instanceof Long || value instanceof Short) {
      return BigInteger.valueOf(((Number) value).longValue());
    }
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    if (value instanceof Text text) {
      return text;
    }
    if (value instanceof CharSequence text) {
      return user ? Text.ofUser(text.toString()) : Text.of(text.toString());
    }
    if (value instanceof Collection<?> items) {
      List<Object> list = new ArrayList<>(items.size());
      items.forEach(item -> list.add(of(item, user)));
      return list;
    }
    if (value instanceof Map<?, ?> map) {
      Dict dict = new Dict();
      map.forEach((key, item) -> dict.put(of(key, user), of(item, user)));
      return dict;
    }
    throw new IllegalArgumentException("no template variable: " + value.getClass().getName());
  }

  /** Python's name of the value's type. */
  static String type(Object value) {
    if (value == null) {
      return "None";
    }
    if (value instanceof View view) {
      return view.kind();
    }
    for (Map.Entry<Class<?>, String> type : TYPES.entrySet()) {
      if (type.getKey().isInstance(value)) {
        return type.getValue();
      }
    }
    return value.getClass().getSimpleName();
  }

  static boolean truth(Object value) {
    if (value == null || value instanceof Undefined) {
      return false;
    }
    if (value instanceof Boolean flag) {
      return flag;
    }
    if (value instanceof BigInteger number) {
      return number.signum() != 0;
    }
    if (value instanceof Double number) {
      return number != 0;
    }
    int length = lengthOrNone(value);
    return length != 0;
  }

  static boolean isNumber(Object value) {
    return value instanceof Boolean || value instanceof BigInteger || value instanceof Double;
  }

  /** {@code len}, or -1 of what has none. */
  static int lengthOrNone(Object value) {
    if (value instanceof Text text) {
      return text.length();
    }
    if (value instanceof Dict dict) {
      return dict.size();
    }
    if (value instanceof Loop loop) {
      return loop.length();
    }
    List<Object> items = sized(value);
    return items == null ? -1 : items.size();
  }

  static int length(Object value) {
    int length = lengthOrNone(value);
    if (length < 0) {
      throw TemplateErrors.type("object of type '%s' has no len()", type(value));
    }
    return length;
  }

  /** The items of what has them at hand and in order, or null; of a dictionary its keys. */
  @SuppressWarnings("unchecked")
  static List<Object> sized(Object value) {
    if (value instanceof List) {
      return (List<Object>) value;
    }
    if (value instanceof Tuple tuple) {
      return tuple.items();
    }
    if (value instanceof Dict dict) {
      return dict.keys();
    }
    if (value instanceof View view) {
      return view.items();
    }
    if (value instanceof Undefined) {
      return List.of();
    }
    if (value instanceof Text text) {
      List<Object> characters = new ArrayList<>(text.length());
      for (int i = 0; i < text.length(); i++) {
        characters.add(text.part(i, i + 1).asMarkup(false));
      }
      return characters;
    }
    return null;
  }

  static boolean isIterable(Object value) {
    return value instanceof Once || value instanceof Loop || sized(value) != null;
  }

  static Iterator<Object> iterate(Object value) {
    if (value instanceof Once once) {
      return once.items();
    }
    List<Object> items = sized(value);
    if (items == null) {
      throw value instanceof Loop
          ? TemplateErrors.unsupported("iterating over 'loop'")
          : TemplateErrors.type("'%s' object is not iterable", type(value));
    }
    return items.iterator();
  }

  static List<Object> list(Object value) {
    List<Object> list = new ArrayList<>();
    iterate(value).forEachRemaining(list::add);
    return list;
  }

  static boolean contains(Object container, Object value) {
    if (container instanceof Text text) {
      if (!(value instanceof Text part)) {
        throw TemplateErrors.type(
            "'in <string>' requires string as left operand, not %s", type(value));
      }
      return text.find(part, 0) >= 0;
    }
    if (container instanceof Dict dict) {
      return dict.find(value) != null;
    }
    if (container instanceof View view && view.kind().equals("dict_keys")) {
      hashed(value);
    }
    for (Iterator<Object> items = iterate(container); items.hasNext(); ) {
      if (Comparison.equal(items.next(), value)) {
        return true;
      }
    }
    return false;
  }

  /** What stands for a value as a key: equal for equal keys; fails for what has no hash. */
  static Object hashed(Object key) {
    if (key instanceof List && !(key instanceof Range) || key instanceof Dict) {
      throw TemplateErrors.type("unhashable type: '%s'", type(key));
    }
    if (key instanceof Boolean || key instanceof Double) {
      return Numbers.key(key);
    }
    if (key instanceof Undefined) {
      return Undefined.class;
    }
    if (key instanceof Tuple tuple) {
      List<Object> items = new ArrayList<>();
      tuple.items().forEach(item -> items.add(hashed(item)));
      return Tuple.of(items);
    }
    return key;
  }

  /** {@code str}. */
  static Text text(Object value) {
    if (value instanceof Text text) {
      return text.asMarkup(false);
    }
    if (value instanceof Undefined) {
      return Text.EMPTY;
    }
    return Shown.of(value);
  }

  static Text repr(Object value) {
    return Shown.of(value);
  }

  static BigInteger whole(Object value) {
    if (value instanceof Boolean flag) {
      return flag ? BigInteger.ONE : BigInteger.ZERO;
    }
    if (value instanceof BigInteger number) {
      return number;
    }
    Operators.refuseUndefined(value, value);
    throw TemplateErrors.type("'%s' object cannot be interpreted as an integer", type(value));
  }

  /** A whole number, at the ends of int where it lies beyond. */
  static int index(Object value) {
    BigInteger bound = BigInteger.valueOf(Integer.MAX_VALUE);
    return whole(value).min(bound).max(bound.negate()).intValue();
  }
}
