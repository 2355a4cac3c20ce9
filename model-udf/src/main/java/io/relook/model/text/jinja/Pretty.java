package io.relook.model.text.jinja;

import java.util.ArrayList;
import java.util.List;

/** The filter {@code pprint}: CPython 3.11's {@code pprint.pformat}, 80 characters wide. */
final class Pretty {
  private static final int WIDTH = 80;
  private static final int DEEPEST = 200;

  private final Text.Builder out = Text.builder();
  private long tried;

  private Pretty() {}

  static Text of(Object value) {
    Pretty pretty = new Pretty();
    pretty.add(value, 0, 0, 0);
    return pretty.out.build();
  }

  /** Values as pprint shows them: the keys of dictionaries in order. */
  private static Object sorted(Object value, int depth) {
    if (depth > DEEPEST) {
      throw TemplateErrors.bound("levels of a value", DEEPEST);
    }
    if (value instanceof Dict dict) {
      List<Dict.Entry> entries = new ArrayList<>(dict.entries());
      entries.sort((left, right) -> order(left.key(), right.key()));
      Dict ordered = new Dict();
      entries.forEach(entry -> ordered.put(entry.key(), sorted(entry.value(), depth + 1)));
      return ordered;
    }
    if (value instanceof Tuple tuple) {
      return Tuple.of(tuple.items().stream().map(item -> sorted(item, depth + 1)).toArray());
    }
    if (value instanceof List<?> list && !(value instanceof Range)) {
      List<Object> items = new ArrayList<>();
      list.forEach(item -> items.add(sorted(item, depth + 1)));
      return items;
    }
    return value;
  }

  private static int order(Object left, Object right) {
    try {
      return Comparison.ordered(left, "<", right) ? -1 : Comparison.equal(left, right) ? 0 : 1;
    } catch (TemplateException e) {
      return Values.type(left).compareTo(Values.type(right));
    }
  }

  private void add(Object value, int indent, int allowance, int level) {
    Object ordered = sorted(value, level);
    Text shown = Values.repr(ordered);
    tried += shown.length();
    if (tried > Text.LONGEST) {
      throw TemplateErrors.bound("characters", Text.LONGEST);
    }
    if (shown.length() <= WIDTH - indent - allowance) {
      out.add(shown);
    } else if (ordered instanceof Dict dict) {
      out.add("{");
      entries(dict.entries(), indent + 1, allowance + 1, level + 1);
      out.add("}");
    } else if (ordered instanceof Tuple tuple) {
      String end = tuple.items().size() == 1 ? ",)" : ")";
      out.add("(");
      items(tuple.items(), indent + 1, allowance + end.length(), level + 1);
      out.add(end);
    } else if (ordered instanceof List<?> list && !(ordered instanceof Range)) {
      out.add("[");
      items(list, indent + 1, allowance + 1, level + 1);
      out.add("]");
    } else if (ordered instanceof Text text && !text.markup()) {
      lines(text, indent, allowance, level == 0);
    } else {
      out.add(shown);
    }
  }

  private void entries(List<Dict.Entry> entries, int indent, int allowance, int level) {
    for (int i = 0; i < entries.size(); i++) {
      Text key = Values.repr(entries.get(i).key());
      boolean last = i == entries.size() - 1;
      out.add(key).add(": ");
      add(entries.get(i).value(), indent + key.length() + 2, last ? allowance : 1, level);
      out.add(last ? "" : ",\n" + " ".repeat(indent));
    }
  }

  private void items(List<?> items, int indent, int allowance, int level) {
    for (int i = 0; i < items.size(); i++) {
      boolean last = i == items.size() - 1;
      add(items.get(i), indent, last ? allowance : 1, level);
      out.add(last ? "" : ",\n" + " ".repeat(indent));
    }
  }

  /** A long text, in pieces that end at white space; a text alone stands in parentheses. */
  private void lines(Text text, int indent, int allowance, boolean alone) {
    int margin = alone ? indent + 1 : indent;
    int after = alone ? allowance + 1 : allowance;
    int room = WIDTH - margin;
    List<Text> pieces = new ArrayList<>();
    List<Object> lines = TextParts.lines(text, true);
    for (int i = 0; i < lines.size(); i++) {
      boolean last = i == lines.size() - 1;
      Text line = (Text) lines.get(i);
      Text whole = Values.repr(line);
      if (whole.length() <= room - (last ? after : 0)) {
        pieces.add(whole);
      } else {
        pieces(line, room, last ? after : 0, pieces);
      }
    }
    if (pieces.size() == 1) {
      out.add(Values.repr(lines.get(lines.size() - 1)));
      return;
    }
    out.add(alone ? "(" : "");
    for (int i = 0; i < pieces.size(); i++) {
      out.add(i == 0 ? "" : "\n" + " ".repeat(margin)).add(pieces.get(i));
    }
    out.add(alone ? ")" : "");
  }

  private static void pieces(Text line, int room, int after, List<Text> pieces) {
    int from = 0;
    int to = 0;
    while (to < line.length()) {
      int end = to;
      while (end < line.length() && !Characters.isSpace(line.at(end))) {
        end++;
      }
      while (end < line.length() && Characters.isSpace(line.at(end))) {
        end++;
      }
      int most = end == line.length() ? room - after : room;
      if (Values.repr(line.part(from, end)).length() > most) {
        if (to > from) {
          pieces.add(Values.repr(line.part(from, to)));
        }
        from = to;
      }
      to = end;
    }
    pieces.add(Values.repr(line.part(from, to)));
  }
}
