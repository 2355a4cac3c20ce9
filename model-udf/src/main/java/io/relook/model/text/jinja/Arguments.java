package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a call gives, by place and by name. */
record Arguments(List<Object> positional, Map<String, Object> named) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  /** Stands for a parameter that was not given. */
  static final Object ABSENT = new Object();

  /**
   * The arguments in the order of the parameters.
   *
   * @param parameters their names; those that may be absent end with {@code ?}
   */
  Bound bind(String function, String... parameters) {
    if (positional.size() > parameters.length) {
      throw TemplateErrors.type(
          "%s() takes at most %d arguments (%d given)",
          function, parameters.length, positional.size());
    }
    Map<String, Object> rest = new LinkedHashMap<>(named);
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < parameters.length; i++) {
      boolean optional = parameters[i].endsWith("?");
      String name = parameters[i].replace("?", "");
      if (i < positional.size()) {
        values.add(positional.get(i));
      } else if (rest.containsKey(name)) {
        values.add(rest.remove(name));
      } else if (optional) {
        values.add(ABSENT);
      } else {
        throw TemplateErrors.type("%s() missing the argument '%s'", function, name);
      }
    }
    if (!rest.isEmpty()) {
      throw TemplateErrors.type(
          "%s() got an unexpected keyword argument '%s'",
          function, rest.keySet().iterator().next());
    }
    return new Bound(function, values);
  }

  /** As {@link #bind}, of a function that takes nothing by name. */
  Bound places(String function, String... parameters) {
    if (!named.isEmpty()) {
      throw TemplateErrors.type("%s() takes no keyword arguments", function);
    }
    return bind(function, parameters);
  }

  /** A mapping's entries as arguments by name. */
  static Arguments ofNames(Object mapping) {
    Map<String, Object> names = new LinkedHashMap<>();
    if (!(mapping instanceof Dict dict)) {
      throw TemplateErrors.type("'%s' is no mapping", Values.type(mapping));
    }
    dict.entries().forEach(entry -> names.put(Values.text(entry.key()).toString(), entry.value()));
    return new Arguments(List.of(), names);
  }

  Arguments without(int first) {
    return new Arguments(positional.subList(first, positional.size()), named);
  }

  /** Arguments in their places. */
  record Bound(String function, List<Object> values) {
    boolean has(int index) {
      return values.get(index) != ABSENT;
    }

    Object get(int index) {
      return values.get(index);
    }

    Object get(int index, Object absent) {
      return has(index) ? get(index) : absent;
    }

    boolean truth(int index, boolean absent) {
      return has(index) ? Values.truth(get(index)) : absent;
    }

    Text text(int index) {
      if (get(index) instanceof Text text) {
        return text;
      }
      throw TemplateErrors.type(
          "%s() argument %d must be str, not %s", function, index + 1, Values.type(get(index)));
    }

    /** A whole number, at the ends of int where it lies beyond. */
    int number(int index) {
      return Values.index(get(index));
    }

    int number(int index, int absent) {
      return has(index) ? number(index) : absent;
    }

    /** As {@link #number(int, int)}, where None also stands for the absent. */
    int numberOrNone(int index, int absent) {
      return has(index) && get(index) != null ? number(index) : absent;
    }

    BigInteger whole(int index) {
      return Values.whole(get(index));
    }
  }
}
