package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.List;

/** Python's {@code repr}. */
final class Shown {
  private static final int DEEPEST = 200;

  private final Text.Builder out = Text.builder();

  private Shown() {}

  static Text of(Object value) {
    Shown shown = new Shown();
    shown.add(value, 0);
    return shown.out.build();
  }

  /** Python's {@code ascii}: what is beyond ASCII is escaped. */
  static Text ascii(Object value) {
    Text text = of(value);
    Text.Builder out = Text.builder();
    for (int i = 0; i < text.length(); i++) {
      int user = text.points()[i] & Text.USER;
      if (text.at(i) < 0x80) {
        out.add(text.points()[i]);
      } else {
        escaped(text.at(i)).chars().forEach(c -> out.add(c | user));
      }
    }
    return out.build();
  }

  private static String escaped(int point) {
    return (point < 0x100 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x").formatted(point);
  }

  private void add(Object value, int depth) {
    if (depth > DEEPEST) {
      throw TemplateErrors.bound("levels of a value", DEEPEST);
    }
    if (value == null) {
      out.add("None");
    } else if (value instanceof Boolean flag) {
      out.add(flag ? "True" : "False");
    } else if (value instanceof BigInteger number) {
      out.add(Numbers.text(number));
    } else if (value instanceof Double number) {
      out.add(Numbers.text(number));
    } else if (value instanceof Text text) {
      quoted(text);
    } else if (value instanceof Range range) {
      out.add(range.shown());
    } else if (value instanceof List<?> list) {
      items("[", list, "]", depth);
    } else if (value instanceof Tuple tuple) {
      items("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")", depth);
    } else if (value instanceof Dict dict) {
      dict(dict, depth);
    } else if (value instanceof View view) {
      items(view.kind() + "([", view.items(), "])", depth);
    } else if (value instanceof Undefined) {
      out.add("Undefined");
    } else if (value instanceof Namespace namespace) {
      out.add("<Namespace ");
      dict(namespace.attributes(), depth);
      out.add(">");
    } else if (value instanceof Macro.Value macro) {
      out.add("<Macro %s>".formatted(macro.shownName()));
    } else if (value instanceof Block.TemplateReference) {
      out.add("<TemplateReference None>");
    } else if (value instanceof Loop loop) {
      out.add("<LoopContext %d/%d>".formatted(loop.index(), loop.length()));
    } else {
      throw TemplateErrors.unsupported(
          "the text of a %s, which Python writes with an address in memory,"
              .formatted(Values.type(value)));
    }
  }

  private void items(String open, List<?> items, String close, int depth) {
    out.add(open);
    for (int i = 0; i < items.size(); i++) {
      out.add(i == 0 ? "" : ", ");
      add(items.get(i), depth + 1);
    }
    out.add(close);
  }

  private void dict(Dict dict, int depth) {
    out.add("{");
    boolean first = true;
    for (Dict.Entry entry : dict.entries()) {
      out.add(first ? "" : ", ");
      add(entry.key(), depth + 1);
      out.add(": ");
      add(entry.value(), depth + 1);
      first = false;
    }
    out.add("}");
  }

  /** In single quotes, or in double ones where it holds single ones alone. */
  private void quoted(Text text) {
    boolean single = false;
    boolean twice = false;
    for (int i = 0; i < text.length(); i++) {
      single |= text.at(i) == '\'';
      twice |= text.at(i) == '"';
    }
    char quote = single && !twice ? '"' : '\'';
    out.add(text.markup() ? "Markup(" : "").add(quote);
    for (int i = 0; i < text.length(); i++) {
      int point = text.at(i);
      int user = text.points()[i] & Text.USER;
      String escape =
          point == '\\' || point == quote
              ? "\\" + (char) point
              : point == '\n'
                  ? "\\n"
                  : point == '\r'
                      ? "\\r"
                      : point == '\t'
                          ? "\\t"
                          : Characters.isPrintable(point) ? null : escaped(point);
      if (escape == null) {
        out.add(point | user);
      } else {
        escape.chars().forEach(c -> out.add(c | user));
      }
    }
    out.add(quote).add(text.markup() ? ")" : "");
  }
}
