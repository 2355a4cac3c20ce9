package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.List;

/** transformers' {@code tojson}: Python's {@code json.dumps} with {@code ensure_ascii=False}. */
final class Json {
  private static final int DEEPEST = 200;

  private final Text.Builder out = Text.builder();
  private final boolean ascii;
  private final Text indent;
  private final Text comma;
  private final Text colon;
  private final boolean sorts;

  private Json(boolean ascii, Text indent, Text comma, Text colon, boolean sorts) {
    this.ascii = ascii;
    this.indent = indent;
    this.comma = comma;
    this.colon = colon;
    this.sorts = sorts;
  }

  static Text of(Object value, Arguments given) {
    Arguments.Bound bound =
        given.bind("tojson", "ensure_ascii?", "indent?", "separators?", "sort_keys?");
    Object wide = bound.get(1, null);
    Text indent =
        wide == null
            ? null
            : wide instanceof Text text
                ? text
                : Text.builder().repeat(Text.of(" "), Values.index(wide)).build();
    Text comma = Text.of(indent == null ? ", " : ",");
    Text colon = Text.of(": ");
    if (bound.get(2, null) != null) {
      List<Object> separators = Values.list(bound.get(2));
      if (separators.size() != 2
          || !(separators.get(0) instanceof Text first)
          || !(separators.get(1) instanceof Text second)) {
        throw TemplateErrors.value("separators must be two strings");
      }
      comma = first;
      colon = second;
    }
    Json json = new Json(bound.truth(0, false), indent, comma, colon, bound.truth(3, false));
    json.add(value, 0);
    return json.out.build();
  }

  private void add(Object value, int depth) {
    if (depth > DEEPEST) {
      throw TemplateErrors.bound("levels of a value", DEEPEST);
    }
    if (value == null) {
      out.add("null");
    } else if (value instanceof Boolean flag) {
      out.add(flag ? "true" : "false");
    } else if (value instanceof BigInteger number) {
      out.add(Numbers.text(number));
    } else if (value instanceof Double number) {
      out.add(number(number));
    } else if (value instanceof Text text) {
      quoted(text);
    } else if (value instanceof Dict dict) {
      object(dict, depth);
    } else if (value instanceof Tuple || value instanceof List && !(value instanceof Range)) {
      array(Values.sized(value), depth);
    } else {
      throw TemplateErrors.type("Object of type %s is not JSON serializable", Values.type(value));
    }
  }

  private static String number(double number) {
    return Double.isNaN(number)
        ? "NaN"
        : Double.isInfinite(number)
            ? (number > 0 ? "Infinity" : "-Infinity")
            : Numbers.text(number);
  }

  private void array(List<Object> items, int depth) {
    out.add("[");
    for (int i = 0; i < items.size(); i++) {
      out.add(i == 0 ? Text.EMPTY : comma);
      newLine(depth + 1);
      add(items.get(i), depth + 1);
    }
    if (!items.isEmpty()) {
      newLine(depth);
    }
    out.add("]");
  }

  private void object(Dict dict, int depth) {
    out.add("{");
    List<Object> items = dict.items();
    if (sorts) {
      items = SequenceFilters.sorted(items, Keys.one(BigInteger.ZERO, false, null), false);
    }
    boolean first = true;
    for (Object item : items) {
      Tuple pair = (Tuple) item;
      out.add(first ? Text.EMPTY : comma);
      first = false;
      newLine(depth + 1);
      quoted(key(pair.items().get(0)));
      out.add(colon);
      add(pair.items().get(1), depth + 1);
    }
    if (!first) {
      newLine(depth);
    }
    out.add("}");
  }

  private static Text key(Object key) {
    if (key instanceof Text text) {
      return text;
    }
    if (key == null || key instanceof Boolean) {
      return Text.of(String.valueOf(key));
    }
    if (Values.isNumber(key)) {
      return Text.of(key instanceof Double number ? number(number) : key.toString());
    }
    throw TemplateErrors.type(
        "keys must be str, int, float, bool or None, not %s", Values.type(key));
  }

  private void newLine(int depth) {
    if (indent != null) {
      out.add("\n").repeat(indent, depth);
    }
  }

  private void quoted(Text text) {
    out.add('"');
    for (int i = 0; i < text.length(); i++) {
      int point = text.at(i);
      int user = text.points()[i] & Text.USER;
      int named = "\"\\\n\r\t\f\b".indexOf(point);
      if (named >= 0) {
        out.add('\\' | user).add("\"\\nrtfb".charAt(named) | user);
      } else if (point >= 0x20 && (!ascii || point <= 0x7F)) {
        out.add(text.points()[i]);
      } else {
        for (char unit : Character.toChars(point)) {
          "\\u%04x".formatted((int) unit).chars().forEach(c -> out.add(c | user));
        }
      }
    }
    out.add('"');
  }
}
