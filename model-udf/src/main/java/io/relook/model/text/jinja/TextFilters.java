package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Filters that make texts. */
final class TextFilters {
  static final Map<String, Filters.Filter> ALL = new HashMap<>();

  static {
    ALL.put("string", (r, value, given) -> none(given, Filters.soft(value)));
    ALL.put("upper", (r, value, given) -> method(r, value, "upper", given));
    ALL.put("lower", (r, value, given) -> method(r, value, "lower", given));
    ALL.put("capitalize", (r, value, given) -> method(r, value, "capitalize", given));
    ALL.put("trim", (r, value, given) -> trimmed(Filters.soft(value), given));
    ALL.put("title", (r, value, given) -> none(given, title(Filters.soft(value))));
    ALL.put("center", (r, value, given) -> centered(Filters.soft(value), given));
    ALL.put("replace", (r, value, given) -> replaced(value, given));
    ALL.put("indent", (r, value, given) -> indented(value, given));
    ALL.put("truncate", (r, value, given) -> truncated(value, given));
    ALL.put("wordcount", (r, value, given) -> none(given, words(Filters.soft(value))));
    ALL.put("format", (r, value, given) -> formatted(Filters.soft(value), given));
    ALL.put("urlencode", (r, value, given) -> none(given, encoded(value)));
    ALL.put("safe", (r, value, given) -> none(given, Filters.soft(value).asMarkup(true)));
    ALL.put("escape", (r, value, given) -> none(given, Operators.escaped(Filters.soft(value))));
    ALL.put("e", ALL.get("escape"));
    ALL.put("forceescape", (r, value, given) -> none(given, Operators.escaped(Values.text(value))));
    ALL.put("striptags", (r, value, given) -> none(given, Html.stripped(Filters.soft(value))));
    ALL.put("xmlattr", (r, value, given) -> Html.attributes(value, given));
    ALL.put("wordwrap", (r, value, given) -> Wrapping.of(value, given));
    ALL.put("pprint", (r, value, given) -> none(given, Pretty.of(value)));
    ALL.put("tojson", (r, value, given) -> Json.of(value, given));
  }

  private TextFilters() {}

  static <T> T none(Arguments given, T value) {
    given.bind("filter");
    return value;
  }

  private static Object method(Rendering rendering, Object value, String name, Arguments given) {
    return none(given, TextMethods.find(Filters.soft(value), name).call(rendering, given));
  }

  private static Text trimmed(Text text, Arguments given) {
    Arguments.Bound bound = given.bind("trim", "chars?");
    Text characters = bound.get(0, null) == null ? null : bound.text(0);
    return TextParts.stripped(text, characters, true, true);
  }

  /** Jinja's own: words begin after white space, hyphens and opening brackets. */
  private static Text title(Text text) {
    Text.Builder out = Text.builder();
    int from = 0;
    for (int i = 0; i <= text.length(); i++) {
      if (i == text.length() || beginsWord(text.at(i))) {
        Text word = text.part(from, i);
        int first = Math.min(1, word.length());
        out.add(Casing.upper(word.part(0, first)));
        out.add(Casing.lower(word.part(first, word.length())));
        out.add(text.part(i, Math.min(i + 1, text.length())));
        from = Math.min(i + 1, text.length());
      }
    }
    return out.build();
  }

  private static boolean beginsWord(int point) {
    return Characters.isSpace(point) || "-({[<".indexOf(point) >= 0;
  }

  private static Object centered(Text text, Arguments given) {
    int width = given.bind("center", "width?").number(0, 80);
    int pad = Math.max(0, width - text.length());
    int left = TextMethods.centered(pad, width);
    Text space = Text.of(" ");
    return Text.builder().repeat(space, left).add(text).repeat(space, pad - left).build();
  }

  private static Text replaced(Object value, Arguments given) {
    Arguments.Bound bound = given.bind("replace", "old", "new", "count?");
    return TextParts.replaced(
        Values.text(value),
        Values.text(bound.get(0)),
        Values.text(bound.get(1)),
        bound.numberOrNone(2, -1));
  }

  private static Text indented(Object value, Arguments given) {
    Arguments.Bound bound = given.bind("indent", "width?", "first?", "blank?");
    Object width = bound.get(0, BigInteger.valueOf(4));
    Text space =
        width instanceof Text text
            ? text
            : Text.builder().repeat(Text.of(" "), Values.index(width)).build();
    Operators.refuseUndefined(value, value);
    if (!(value instanceof Text text)) {
      throw TemplateErrors.type("unsupported operand type(s) for +=: '%s'", Values.type(value));
    }
    List<Object> lines = TextParts.lines(text.plus(Text.of("\n")), false);
    Text.Builder out = Text.builder();
    for (int i = 0; i < lines.size(); i++) {
      Text line = (Text) lines.get(i);
      boolean indents = i == 0 ? bound.truth(1, false) : bound.truth(2, false) || !line.isEmpty();
      out.add(i == 0 ? "" : "\n").add(indents ? space : Text.EMPTY).add(line);
    }
    return out.build().asMarkup(text.markup());
  }

  private static Object truncated(Object value, Arguments given) {
    Arguments.Bound bound = given.bind("truncate", "length?", "killwords?", "end?", "leeway?");
    int length = bound.number(0, 255);
    Text end = bound.has(2) ? bound.text(2) : Text.of("...");
    int leeway = bound.numberOrNone(3, 5);
    if (length < end.length() || leeway < 0) {
      throw TemplateErrors.value("expected length >= %d, got %d", end.length(), length);
    }
    if (Values.length(value) <= (long) length + leeway) {
      return value;
    }
    if (!(value instanceof Text text)) {
      throw TemplateErrors.type("'%s' object cannot be truncated", Values.type(value));
    }
    Text kept = text.part(0, length - end.length());
    if (!bound.truth(1, false)) {
      kept = (Text) TextParts.splitFromRight(kept, Text.of(" "), 1).get(0);
    }
    return kept.plus(end);
  }

  private static BigInteger words(Text text) {
    int words = 0;
    boolean inside = false;
    for (int i = 0; i < text.length(); i++) {
      boolean word = Characters.isWord(text.at(i));
      words += word && !inside ? 1 : 0;
      inside = word;
    }
    return BigInteger.valueOf(words);
  }

  private static Object formatted(Text format, Arguments given) {
    if (!given.positional().isEmpty() && !given.named().isEmpty()) {
      throw TemplateErrors.type("can't handle positional and keyword arguments at the same time");
    }
    if (given.named().isEmpty()) {
      return PercentFormat.apply(format, Tuple.of(given.positional()));
    }
    Dict names = new Dict();
    given.named().forEach((key, value) -> names.put(Text.of(key), value));
    return PercentFormat.apply(format, names);
  }

  private static Text encoded(Object value) {
    if (value instanceof Text || !Values.isIterable(value)) {
      return quoted(Values.text(value), false);
    }
    List<Text> pairs = new ArrayList<>();
    Iterator<Object> items =
        value instanceof Dict dict ? dict.items().iterator() : Values.iterate(value);
    while (items.hasNext()) {
      List<Object> pair = Values.list(items.next());
      if (pair.size() != 2) {
        throw TemplateErrors.value("too many or not enough values to unpack (expected 2)");
      }
      pairs.add(
          quoted(Values.text(pair.get(0)), true)
              .plus(Text.of("="))
              .plus(quoted(Values.text(pair.get(1)), true)));
    }
    return Text.join(Text.of("&"), pairs);
  }

  /** As Jinja's url_quote: letters, digits and {@code _.-~/} stay, in queries without the slash. */
  private static Text quoted(Text text, boolean query) {
    Text.Builder out = Text.builder();
    for (int i = 0; i < text.length(); i++) {
      int point = text.at(i);
      int user = text.points()[i] & Text.USER;
      boolean plain =
          point < 0x80
              && (Character.isLetterOrDigit(point)
                  || "_.-~".indexOf(point) >= 0
                  || point == '/' && !query);
      if (plain) {
        out.add(text.points()[i]);
      } else if (query && point == ' ') {
        out.add('+' | user);
      } else {
        for (byte b : Character.toString(point).getBytes(StandardCharsets.UTF_8)) {
          "%%%02X".formatted(b).chars().forEach(c -> out.add(c | user));
        }
      }
    }
    return out.build();
  }
}
