package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Attributes and items as Jinja's immutable sandbox gives them. */
final class Attributes {
  private static final Object NONE = new Object();

  /** Methods that change a value: the sandbox keeps them away. */
  private static final Map<String, Set<String>> UNSAFE =
      Map.of(
          "list", Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"),
          "dict", Set.of("clear", "pop", "popitem", "setdefault", "update"));

  /** What Python has and we have not, by type. */
  private static final Map<String, Set<String>> LEFT_OUT =
      Map.of(
          "str", Set.of("encode", "maketrans", "translate"),
          "int", Set.of("from_bytes", "to_bytes"),
          "float", Set.of("fromhex", "hex"),
          "dict_keys", Set.of("mapping"),
          "dict_values", Set.of("mapping"),
          "dict_items", Set.of("mapping"),
          "generator",
              Set.of(
                  "send",
                  "throw",
                  "close",
                  "gi_frame",
                  "gi_code",
                  "gi_running",
                  "gi_yieldfrom",
                  "gi_suspended"));

  private Attributes() {}

  /** {@code value.name}: the attribute, else the item. */
  static Object attribute(Object value, String name) {
    Object attribute = own(value, name);
    if (attribute != NONE) {
      return attribute;
    }
    Object item = itemOrNone(value, Text.of(name));
    return item != NONE ? item : Undefined.member(value, Text.of(name));
  }

  /** {@code value[key]}: the item, else the attribute. */
  static Object item(Object value, Object key) {
    Operators.refuseUndefined(value, value);
    Object item = itemOrNone(value, key);
    if (item != NONE) {
      return item;
    }
    Object attribute = key instanceof Text name ? own(value, name.toString()) : NONE;
    return attribute != NONE ? attribute : Undefined.member(value, key);
  }

  /** The attribute alone, as the filter {@code attr} takes it. */
  static Object alone(Object value, String name) {
    Object attribute = own(value, name);
    return attribute != NONE ? attribute : Undefined.member(value, Text.of(name));
  }

  private static Object itemOrNone(Object value, Object key) {
    if (value instanceof Dict dict) {
      if (key instanceof List && !(key instanceof Range) || key instanceof Dict) {
        return NONE;
      }
      Dict.Entry entry = dict.find(key);
      return entry == null ? NONE : entry.value();
    }
    if (value instanceof Block.TemplateReference self) {
      Function block = self.member(key);
      return block == null ? NONE : block;
    }
    boolean indexed = value instanceof List || value instanceof Tuple || value instanceof Text;
    if (!indexed || !(key instanceof BigInteger) && !(key instanceof Boolean)) {
      return NONE;
    }
    int size = Values.length(value);
    int index = Values.index(key);
    index = index < 0 ? index + size : index;
    if (index < 0 || index >= size) {
      return NONE;
    }
    return value instanceof Text text
        ? text.part(index, index + 1)
        : Values.sized(value).get(index);
  }

  private static Object own(Object value, String name) {
    String type = Values.type(value);
    boolean internal = name.startsWith("__") && name.endsWith("__") && name.length() > 4;
    if (value instanceof Undefined undefined && !name.equals("__class__")) {
      throw TemplateErrors.undefined(undefined);
    }
    if (internal || UNSAFE.getOrDefault(type, Set.of()).contains(name)) {
      return Undefined.unsafe(value, name);
    }
    String numeric = value instanceof Boolean ? "int" : type;
    if (LEFT_OUT.getOrDefault(numeric, Set.of()).contains(name)) {
      throw TemplateErrors.unsupported("'%s' of a %s".formatted(name, type));
    }
    if (value instanceof Text text) {
      return method(name, TextMethods.find(text, name));
    }
    if (Values.isNumber(value)) {
      return Numbers.attribute(value, name, NONE);
    }
    if (value instanceof Dict dict) {
      return method(name, dictMethod(dict, name));
    }
    if (value instanceof View view && !view.kind().equals("dict_values")) {
      return name.equals("isdisjoint") ? method(name, disjoint(view)) : NONE;
    }
    if (value instanceof Range range) {
      return switch (name) {
        case "start" -> range.start;
        case "stop" -> range.stop;
        case "step" -> range.step;
        default -> method(name, listMethod(range, name));
      };
    }
    if (value instanceof Tuple tuple) {
      int named = tuple.names().indexOf(name);
      return named >= 0
          ? tuple.items().get(named)
          : name.equals("copy") ? NONE : method(name, listMethod(tuple.items(), name));
    }
    if (value instanceof List) {
      return method(name, listMethod(Values.sized(value), name));
    }
    if (value instanceof Namespace namespace) {
      Dict.Entry entry = namespace.attributes().find(Text.of(name));
      return entry == null ? NONE : entry.value();
    }
    if (value instanceof Loop loop) {
      Object attribute = loop.attribute(name);
      return Loop.has(attribute) ? attribute : NONE;
    }
    if (value instanceof Globals.Cycler cycler) {
      return cycler.attribute(name, NONE);
    }
    if (value instanceof Macro.Value macro) {
      return macroAttribute(macro, name);
    }
    if (value instanceof Globals.Joiner joiner) {
      return joiner.attribute(name, NONE);
    }
    if (value instanceof Function.Named function && function.name().equals("dict")) {
      return method(name, dictMethod(new Dict(), name.equals("fromkeys") ? name : ""));
    }
    return NONE;
  }

  private static Object macroAttribute(Macro.Value macro, String name) {
    return switch (name) {
      case "name" -> macro.name() == null ? null : Text.of(macro.name());
      case "arguments" -> Tuple.of(macro.signature().names().stream().map(Text::of).toArray());
      case "catch_kwargs" -> macro.signature().takes("kwargs");
      case "catch_varargs" -> macro.signature().takes("varargs");
      case "caller" -> macro.signature().special().contains("caller");
      case "explicit_caller" -> macro.signature().names().contains("caller");
      default -> NONE;
    };
  }

  private static Object method(String name, Function method) {
    return method == null ? NONE : new Function.Named(name, method);
  }

  private static Function dictMethod(Dict dict, String name) {
    return switch (name) {
      case "keys" -> (r, given) -> new View("dict_keys", none(given, name, dict.keys()));
      case "values" -> (r, given) -> new View("dict_values", none(given, name, dict.values()));
      case "items" -> (r, given) -> new View("dict_items", none(given, name, dict.items()));
      case "get" ->
          (r, given) -> {
            Arguments.Bound bound = given.places("get", "key", "default?");
            Dict.Entry entry = dict.find(bound.get(0));
            return entry == null ? bound.get(1, null) : entry.value();
          };
      case "fromkeys" ->
          (r, given) -> {
            Arguments.Bound bound = given.places(name, "iterable", "value?");
            Dict made = new Dict();
            Values.list(bound.get(0)).forEach(key -> made.put(key, bound.get(1, null)));
            return made;
          };
      case "copy" ->
          (r, given) -> {
            Dict copy = new Dict();
            copy.putAll(none(given, name, dict));
            return copy;
          };
      default -> null;
    };
  }

  private static Function disjoint(View view) {
    return (r, given) -> {
      List<Object> others = Values.list(given.places("isdisjoint", "other").get(0));
      return others.stream().noneMatch(other -> Values.contains(view, other));
    };
  }

  private static Function listMethod(List<Object> list, String name) {
    return switch (name) {
      case "count" ->
          (r, given) -> {
            Object item = given.places(name, "value").get(0);
            return BigInteger.valueOf(list.stream().filter(i -> Comparison.equal(i, item)).count());
          };
      case "index" ->
          (r, given) -> {
            Arguments.Bound bound = given.places(name, "value", "start?", "stop?");
            int from = within(bound.number(1, 0), list.size());
            int to = within(bound.number(2, list.size()), list.size());
            for (int i = from; i < to; i++) {
              if (Comparison.equal(list.get(i), bound.get(0))) {
                return BigInteger.valueOf(i);
              }
            }
            throw TemplateErrors.value("%s is not in list", Values.repr(bound.get(0)));
          };
      case "copy" ->
          list instanceof Range
              ? null
              : (r, given) -> new java.util.ArrayList<>(none(given, name, list));
      default -> null;
    };
  }

  /** An index from the end made one from the start, within the size. */
  static int within(int index, int size) {
    return Math.min(index < 0 ? Math.max(0, index + size) : index, size);
  }

  private static <T> T none(Arguments given, String name, T value) {
    given.places(name);
    return value;
  }
}
