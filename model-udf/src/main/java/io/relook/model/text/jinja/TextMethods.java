package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The methods of Python's {@code str}. */
final class TextMethods {
  /** Those that markupsafe's Markup has as they are. */
  private static final Set<String> OF_MARKUP =
      Set.of(
          "capitalize",
          "title",
          "lower",
          "upper",
          "swapcase",
          "strip",
          "lstrip",
          "rstrip",
          "split",
          "rsplit",
          "splitlines",
          "removeprefix",
          "removesuffix",
          "startswith",
          "endswith",
          "find",
          "rfind",
          "index",
          "rindex",
          "count",
          "zfill",
          "casefold",
          "expandtabs",
          "format",
          "format_map",
          "partition",
          "rpartition",
          "join",
          "replace",
          "center",
          "ljust",
          "rjust");

  /** And of these the argument whose text Markup escapes. */
  private static final Map<String, Integer> ESCAPED =
      Map.of("join", 0, "replace", 1, "center", 1, "ljust", 1, "rjust", 1);

  private TextMethods() {}

  /** A method of a text by its name, or null. */
  static Function find(Text text, String name) {
    Function method = of(text, name);
    boolean plain = name.startsWith("is") || name.equals("striptags") || name.equals("unescape");
    if (method == null || !text.markup() || plain) {
      return method;
    }
    if (!OF_MARKUP.contains(name)) {
      throw TemplateErrors.unsupported("'%s' of an escaped text".formatted(name));
    }
    int at = ESCAPED.getOrDefault(name, -1);
    return (rendering, given) -> marked(method.call(rendering, escaped(given, at)));
  }

  private static Arguments escaped(Arguments given, int at) {
    if (at < 0 || at >= given.positional().size()) {
      return given;
    }
    List<Object> places = new ArrayList<>(given.positional());
    places.set(at, escaped(places.get(at), at == 0));
    return new Arguments(places, given.named());
  }

  private static Object escaped(Object value, boolean each) {
    return each
        ? Values.list(value).stream().map(item -> escaped(item, false)).toList()
        : Operators.escaped(Filters.soft(value));
  }

  private static Object marked(Object value) {
    return value instanceof Text part
        ? part.asMarkup(true)
        : value instanceof List<?> parts
            ? parts.stream().map(TextMethods::marked).toList()
            : value instanceof Tuple parts
                ? Tuple.of(parts.items().stream().map(TextMethods::marked).toArray())
                : value;
  }

  private static Function of(Text text, String name) {
    return switch (name) {
      case "capitalize" -> made(name, () -> Casing.capitalized(text));
      case "casefold" -> made(name, () -> Casing.folded(text));
      case "lower" -> made(name, () -> Casing.lower(text));
      case "swapcase" -> made(name, () -> Casing.swapped(text));
      case "title" -> made(name, () -> Casing.title(text));
      case "upper" -> made(name, () -> Casing.upper(text));
      case "isalnum" -> is(name, text, c -> Characters.isAlphabetic(c) || Characters.isNumeric(c));
      case "isalpha" -> is(name, text, Characters::isAlphabetic);
      case "isascii" -> made(name, () -> text.isEmpty() || Characters.all(text, c -> c < 0x80));
      case "isdecimal" -> is(name, text, Characters::isDecimal);
      case "isdigit" -> is(name, text, Characters::isDigit);
      case "isidentifier" -> made(name, () -> Characters.isIdentifier(text.toString()));
      case "islower" -> made(name, () -> Casing.isLower(text));
      case "isnumeric" -> is(name, text, Characters::isNumeric);
      case "isprintable" ->
          made(name, () -> text.isEmpty() || Characters.all(text, Characters::isPrintable));
      case "isspace" -> is(name, text, Characters::isSpace);
      case "istitle" -> made(name, () -> Casing.isTitle(text));
      case "isupper" -> made(name, () -> Casing.isUpper(text));
      case "center", "ljust", "rjust" -> (r, given) -> justified(text, name, given);
      case "zfill" -> (r, given) -> filled(text, given.places(name, "width").number(0));
      case "expandtabs" -> (r, given) -> expanded(text, given.bind(name, "tabsize?").number(0, 8));
      case "strip", "lstrip", "rstrip" ->
          (r, given) -> {
            Arguments.Bound bound = given.places(name, "chars?");
            Text characters = bound.get(0, null) == null ? null : bound.text(0);
            return TextParts.stripped(
                text, characters, !name.equals("rstrip"), !name.equals("lstrip"));
          };
      case "split", "rsplit" ->
          (r, given) -> {
            Arguments.Bound bound = given.bind(name, "sep?", "maxsplit?");
            Text separator = bound.get(0, null) == null ? null : bound.text(0);
            int most = bound.number(1, -1);
            return name.equals("split")
                ? TextParts.split(text, separator, most)
                : TextParts.splitFromRight(text, separator, most);
          };
      case "splitlines" ->
          (r, given) -> TextParts.lines(text, given.bind(name, "keepends?").truth(0, false));
      case "partition", "rpartition" ->
          (r, given) ->
              TextParts.partition(
                  text, given.places(name, "sep").text(0), name.equals("rpartition"));
      case "removeprefix" ->
          (r, given) -> {
            Text prefix = given.places(name, "prefix").text(0);
            return text.startsWith(prefix, 0) ? text.part(prefix.length(), text.length()) : text;
          };
      case "removesuffix" ->
          (r, given) -> {
            Text suffix = given.places(name, "suffix").text(0);
            int at = text.length() - suffix.length();
            return at >= 0 && text.startsWith(suffix, at) ? text.part(0, at) : text;
          };
      case "startswith", "endswith" ->
          (r, given) ->
              TextParts.atEnd(
                  text, given.places(name, "affix", "start?", "end?"), name.equals("startswith"));
      case "find", "index", "rfind", "rindex", "count" ->
          (r, given) -> searched(text, name, given.places(name, "sub", "start?", "end?"));
      case "replace" ->
          (r, given) -> {
            Arguments.Bound bound = given.places(name, "old", "new", "count?");
            return TextParts.replaced(text, bound.text(0), bound.text(1), bound.number(2, -1));
          };
      case "join" ->
          (r, given) -> {
            List<Text> parts = new ArrayList<>();
            for (Object part : Values.list(given.places(name, "iterable").get(0))) {
              if (!(part instanceof Text piece)) {
                throw TemplateErrors.type(
                    "sequence item %d: expected str instance, %s found",
                    parts.size(), Values.type(part));
              }
              parts.add(piece);
            }
            return Text.join(text, parts);
          };
      case "striptags" -> text.markup() ? made(name, () -> Html.stripped(text)) : null;
      case "unescape" -> text.markup() ? made(name, () -> Html.unescaped(text)) : null;
      case "format" -> (r, given) -> BraceFormat.apply(text, given);
      case "format_map" ->
          (r, given) ->
              BraceFormat.apply(text, Arguments.ofNames(given.places(name, "mapping").get(0)));
      default -> null;
    };
  }

  private static Function made(String name, java.util.function.Supplier<Object> value) {
    return (rendering, given) -> {
      given.places(name);
      return value.get();
    };
  }

  private static Function is(String name, Text text, java.util.function.IntPredicate so) {
    return made(name, () -> Characters.all(text, so));
  }

  private static Object searched(Text text, String name, Arguments.Bound bound) {
    Text part = bound.text(0);
    int size = text.length();
    int first = bound.numberOrNone(1, 0);
    int from = Attributes.within(first, size);
    int to = Attributes.within(bound.numberOrNone(2, size), size);
    Text inside = text.part(from, Math.max(from, to));
    boolean reachable = from <= to && first <= size;
    if (name.equals("count")) {
      return BigInteger.valueOf(reachable ? TextParts.count(inside, part) : 0);
    }
    int found = name.startsWith("r") ? inside.findLast(part) : inside.find(part, 0);
    if (!reachable || found < 0) {
      if (name.endsWith("index")) {
        throw TemplateErrors.value("substring not found");
      }
      return BigInteger.ONE.negate();
    }
    return BigInteger.valueOf(from + found);
  }

  private static Text justified(Text text, String name, Arguments given) {
    Arguments.Bound bound = given.places(name, "width", "fillchar?");
    Text fill = bound.has(1) ? bound.text(1) : Text.of(" ");
    if (fill.length() != 1) {
      throw TemplateErrors.type("The fill character must be exactly one character long");
    }
    int width = bound.number(0);
    int pad = Math.max(0, width - text.length());
    int left =
        switch (name) {
          case "center" -> centered(pad, width);
          case "rjust" -> pad;
          default -> 0;
        };
    return Text.builder().repeat(fill, left).add(text).repeat(fill, pad - left).build();
  }

  /** How much of the padding CPython's center puts in front. */
  static int centered(int pad, int width) {
    return pad / 2 + (pad & width & 1);
  }

  private static Text filled(Text text, int width) {
    boolean signed = !text.isEmpty() && (text.at(0) == '-' || text.at(0) == '+');
    int sign = signed ? 1 : 0;
    return Text.builder()
        .add(text.part(0, sign))
        .repeat(Text.of("0"), Math.max(0, width - text.length()))
        .add(text.part(sign, text.length()))
        .build();
  }

  private static Text expanded(Text text, int tab) {
    Text.Builder out = Text.builder();
    int column = 0;
    for (int i = 0; i < text.length(); i++) {
      int point = text.at(i);
      if (point == '\t') {
        int more = tab > 0 ? tab - column % tab : 0;
        out.repeat(Text.of(" "), more);
        column += more;
      } else {
        out.add(text.points()[i]);
        column = point == '\n' || point == '\r' ? 0 : column + 1;
      }
    }
    return out.build();
  }
}
