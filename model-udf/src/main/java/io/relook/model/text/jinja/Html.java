package io.relook.model.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The filters {@code striptags} and {@code xmlattr}, by markupsafe and Jinja. */
final class Html {
  private static final Pattern REFERENCE = Pattern.compile("&(#\\d+;?|#[xX][0-9a-fA-F]+;?|\\w+;?)");
  private static final Map<String, String> NAMED =
      Map.of("amp", "&", "lt", "<", "gt", ">", "quot", "\"", "apos", "'", "nbsp", "\u00A0");

  private Html() {}

  /** Without tags and comments, white space as single spaces, references as characters. */
  static Text stripped(Text text) {
    Text.Builder kept = Text.builder();
    int at = 0;
    for (int open = text.find(Text.of("<"), 0); open >= 0; open = text.find(Text.of("<"), at)) {
      Text end = Text.of(text.startsWith(Text.of("<!--"), open) ? "-->" : ">");
      int close = text.find(end, end.length() > 1 ? open + 4 : open);
      if (close < 0) {
        break;
      }
      kept.add(text.part(at, open));
      at = close + end.length();
    }
    kept.add(text.part(at, text.length()));
    List<Text> words = new ArrayList<>();
    TextParts.split(kept.build(), null, -1).forEach(word -> words.add((Text) word));
    return unescaped(Text.join(Text.of(" "), words));
  }

  /** Character references, by number or one of the usual names; another name is refused. */
  static Text unescaped(Text text) {
    Text.Builder out = Text.builder();
    for (int i = 0; i < text.length(); i++) {
      int end = i + Math.min(text.length() - i, 40);
      Matcher found = REFERENCE.matcher(text.at(i) == '&' ? text.part(i, end).toString() : "");
      if (!found.lookingAt() || found.group(1).length() == 1) {
        out.add(text.points()[i]);
        continue;
      }
      int user = text.points()[i] & Text.USER;
      character(found.group(1)).codePoints().forEach(point -> out.add(point | user));
      i += found.end() - 1;
    }
    return out.build();
  }

  private static String character(String reference) {
    String name = reference.replace(";", "");
    String known = NAMED.get(name);
    if (known != null && (reference.endsWith(";") || !name.equals("apos"))) {
      return known;
    }
    boolean hex = name.startsWith("#x") || name.startsWith("#X");
    int point = 0;
    if (name.startsWith("#") && name.length() < 9) {
      point = hex ? Integer.parseInt(name.substring(2), 16) : Integer.parseInt(name.substring(1));
    }
    // Below lie HTML's own rules for controls, above what is no character.
    if (point < 0x20 && point != '\n' && point != '\t'
        || point >= 0x7F && point < 0xA0
        || !Character.isDefined(point)
        || point >= 0xD800 && point < 0xE000) {
      throw TemplateErrors.unsupported("the character reference '&%s'".formatted(reference));
    }
    return Character.toString(point);
  }

  static Text attributes(Object value, Arguments given) {
    boolean space = given.bind("xmlattr", "autospace?").truth(0, true);
    Operators.refuseUndefined(value, value);
    if (!(value instanceof Dict dict)) {
      throw TemplateErrors.type("xmlattr takes a dict, not %s", Values.type(value));
    }
    Text.Builder out = Text.builder();
    for (Dict.Entry entry : dict.entries()) {
      if (entry.value() == null || entry.value() instanceof Undefined) {
        continue;
      }
      if (!(entry.key() instanceof Text key)) {
        throw TemplateErrors.type("expected string or bytes-like object");
      }
      if (!Characters.all(key, c -> "\t\n\u000B\f\r />=".indexOf(c) < 0) && !key.isEmpty()) {
        throw TemplateErrors.value("Invalid character in attribute name: %s", Values.repr(key));
      }
      out.add(out.length() > 0 || space ? " " : "")
          .add(Operators.escaped(key))
          .add("=\"")
          .add(Operators.escaped(Filters.soft(entry.value())))
          .add("\"");
    }
    return out.build();
  }
}
