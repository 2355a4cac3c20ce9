package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Python's {@code str.format} as the sandbox runs it. */
final class BraceFormat {
  private final Arguments given;
  private final boolean escapes;
  private int next;
  private boolean numbered;

  private BraceFormat(Arguments given, boolean escapes) {
    this.given = given;
    this.escapes = escapes;
  }

  /** An escaped text escapes what is put in. */
  static Text apply(Text format, Arguments given) {
    return new BraceFormat(given, format.markup()).formatted(format, 2).asMarkup(format.markup());
  }

  private Text formatted(Text format, int depth) {
    if (depth < 0) {
      throw TemplateErrors.value("Max string recursion exceeded");
    }
    Text.Builder out = Text.builder();
    for (int i = 0; i < format.length(); i++) {
      int point = format.at(i);
      boolean twice = i + 1 < format.length() && format.at(i + 1) == point;
      if (point == '{' && !twice) {
        int end = end(format, i + 1);
        out.add(field(format.part(i + 1, end), depth));
        i = end;
      } else if (point == '}' && !twice) {
        throw TemplateErrors.value("Single '}' encountered in format string");
      } else {
        out.add(format.points()[i]);
        i += point == '{' || point == '}' ? 1 : 0;
      }
    }
    return out.build();
  }

  private static int end(Text format, int from) {
    int open = 1;
    for (int i = from; i < format.length(); i++) {
      open += format.at(i) == '{' ? 1 : format.at(i) == '}' ? -1 : 0;
      if (open == 0) {
        return i;
      }
    }
    throw TemplateErrors.value("expected '}' before end of string");
  }

  private Text field(Text field, int depth) {
    int cut = 0;
    boolean bracket = false;
    while (cut < field.length() && (bracket || field.at(cut) != ':' && field.at(cut) != '!')) {
      bracket = field.at(cut) == '[' || bracket && field.at(cut) != ']';
      cut++;
    }
    Object value = value(field.part(0, cut).toString());
    int conversion = 0;
    if (cut < field.length() && field.at(cut) == '!') {
      conversion = cut + 1 < field.length() ? field.at(cut + 1) : 0;
      cut += 2;
      if (cut < field.length() && field.at(cut) != ':') {
        throw TemplateErrors.value("expected ':' after conversion specifier");
      }
    }
    Text spec = cut < field.length() ? field.part(cut + 1, field.length()) : Text.EMPTY;
    Object converted =
        switch (conversion) {
          case 0 -> value;
          case 's' -> Values.text(value);
          case 'r' -> Values.repr(value);
          case 'a' -> Shown.ascii(value);
          default -> throw TemplateErrors.value("Unknown conversion specifier '%c'", conversion);
        };
    String form = formatted(spec, depth - 1).toString();
    if (!escapes) {
      return FormatSpec.apply(converted, form);
    }
    if (converted instanceof Text text && text.markup()) {
      if (!form.isEmpty()) {
        throw TemplateErrors.value("Unsupported format specification for Markup.");
      }
      return text;
    }
    return Operators.escaped(FormatSpec.apply(converted, form));
  }

  private Object value(String name) {
    List<String> parts = new ArrayList<>();
    for (String part : name.split("(?=[.\\[])", -1)) {
      parts.add(part);
    }
    String first = parts.get(0);
    Object value;
    if (first.isEmpty() || first.matches("\\d+")) {
      if (first.isEmpty() ? numbered : next > 0) {
        throw TemplateErrors.value(
            "cannot mix automatic field numbering and manual field specification");
      }
      numbered |= !first.isEmpty();
      int index = first.isEmpty() ? next++ : Integer.parseInt(first);
      if (index >= given.positional().size()) {
        throw TemplateErrors.index(
            "Replacement index %d out of range for positional args tuple", index);
      }
      value = given.positional().get(index);
    } else if (given.named().containsKey(first)) {
      value = given.named().get(first);
    } else {
      throw TemplateErrors.index("KeyError: '%s'", first);
    }
    for (String part : parts.subList(1, parts.size())) {
      if (part.startsWith(".")) {
        value = Attributes.attribute(value, part.substring(1));
      } else if (part.endsWith("]")) {
        String key = part.substring(1, part.length() - 1);
        value = Attributes.item(value, key.matches("\\d+") ? new BigInteger(key) : Text.of(key));
      } else {
        throw TemplateErrors.value("Missing ']' in format string");
      }
    }
    return value;
  }
}
