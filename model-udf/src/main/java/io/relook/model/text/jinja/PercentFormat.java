package io.relook.model.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code format % values}. */
final class PercentFormat {
  private static final Pattern FIELD =
      Pattern.compile(
          "%(?:\\(([^)]*)\\))?([-+ #0]*)(\\*|\\d+)?(?:\\.(\\*|\\d+)?)?[hlL]?(.)", Pattern.DOTALL);

  private final Object given;
  private final boolean escapes;
  private final List<Object> places;
  private int next;

  private PercentFormat(Object given, boolean escapes) {
    this.given = given;
    this.escapes = escapes;
    this.places = given instanceof Tuple tuple ? tuple.items() : java.util.Arrays.asList(given);
  }

  /** An escaped text escapes what is put in. */
  static Text apply(Text format, Object given) {
    return new PercentFormat(given, format.markup()).formatted(format).asMarkup(format.markup());
  }

  private Text formatted(Text format) {
    Text.Builder out = Text.builder();
    String plain = format.toString();
    Matcher field = FIELD.matcher(plain);
    int at = 0;
    boolean named = false;
    for (int i = 0; i < format.length(); ) {
      if (format.at(i) != '%') {
        out.add(format.points()[i]);
        at += Character.charCount(format.at(i++));
        continue;
      }
      field.region(at, plain.length());
      if (!field.lookingAt()) {
        throw TemplateErrors.value("incomplete format");
      }
      named |= field.group(1) != null;
      out.add(field(field));
      i += field.group().codePointCount(0, field.group().length());
      at = field.end();
    }
    // What has __getitem__ may leave itself unused, as a mapping.
    boolean mapping = given instanceof Dict || given instanceof List || given instanceof Undefined;
    if (next < places.size() && !mapping && !named) {
      throw TemplateErrors.type("not all arguments converted during string formatting");
    }
    return out.build();
  }

  private Object value(String name) {
    if (name != null) {
      if (!(given instanceof Dict dict)) {
        throw TemplateErrors.type("format requires a mapping");
      }
      Dict.Entry entry = dict.find(Text.of(name));
      if (entry == null) {
        throw TemplateErrors.index("KeyError: '%s'", name);
      }
      return entry.value();
    }
    if (next == places.size()) {
      throw TemplateErrors.type("not enough arguments for format string");
    }
    return places.get(next++);
  }

  private Text field(Matcher field) {
    String flags = field.group(2);
    boolean left = flags.contains("-");
    int width = size(field.group(3), 0);
    if (width < 0) {
      left = true;
      width = -width;
    }
    boolean precise = field.group().contains(".") && field.group(0).indexOf('.') > nameEnd(field);
    int precision = precise ? Math.max(0, size(field.group(4), 0)) : -1;
    char type = field.group(5).charAt(0);
    if (type == '%') {
      return Text.of("%");
    }
    Object value = value(field.group(1));
    if (type == 's' || type == 'r' || type == 'a') {
      Text shown = type == 's' ? Filters.soft(value) : Values.repr(value);
      Text text = escapes ? Operators.escaped(shown) : shown;
      if (type == 'a') {
        text = escapes ? Operators.escaped(Shown.ascii(value)) : Shown.ascii(value);
      }
      return padded(
          precision >= 0 ? text.part(0, Math.min(precision, text.length())) : text, width, left);
    }
    if (type == 'c') {
      return padded(character(value), width, left);
    }
    String digits = digits(value, type, precision, flags.contains("#"));
    boolean negative = digits.startsWith("-");
    String front = negative ? "-" : flags.contains("+") ? "+" : flags.contains(" ") ? " " : "";
    String unsigned = negative ? digits.substring(1) : digits;
    if (flags.contains("#") && "xXo".indexOf(type) >= 0) {
      front += "0" + type;
    }
    boolean finite = !unsigned.equalsIgnoreCase("inf") && !unsigned.equalsIgnoreCase("nan");
    if (flags.contains("0") && !left && finite) {
      int pad = Math.max(0, width - front.length() - unsigned.length());
      return Text.builder().add(front).repeat(Text.of("0"), pad).add(unsigned).build();
    }
    return padded(Text.of(front + unsigned), width, left);
  }

  private static int nameEnd(Matcher field) {
    return field.group(1) == null ? 0 : field.group(1).length() + 2;
  }

  private int size(String given, int absent) {
    if (given == null) {
      return absent;
    }
    return given.equals("*")
        ? Values.index(value(null))
        : given.length() > 8 ? Integer.MAX_VALUE : Integer.parseInt(given);
  }

  private static Text character(Object value) {
    if (value instanceof Text text && text.length() == 1) {
      return text;
    }
    if (value instanceof BigInteger && Character.isValidCodePoint(Values.index(value))) {
      return Text.of(Character.toString(Values.index(value)));
    }
    throw TemplateErrors.type("%%c requires int or char");
  }

  private static String digits(Object value, char type, int precision, boolean alternate) {
    Operators.refuseUndefined(value, value);
    if (!Values.isNumber(value)) {
      throw TemplateErrors.type(
          "%%%s format: a real number is required, not %s", type, Values.type(value));
    }
    if (precision > Text.LONGEST) {
      throw TemplateErrors.bound("characters", Text.LONGEST);
    }
    int decimals = precision < 0 ? 6 : precision;
    String text =
        switch (type) {
          case 'd', 'i', 'u' -> whole(value, precision, 10);
          case 'x', 'X' -> whole(strict(value, type), precision, 16);
          case 'o' -> whole(strict(value, type), precision, 8);
          case 'f', 'F' ->
              NumberText.pointed(NumberText.fixed(Numbers.floating(value), decimals), alternate);
          case 'e', 'E' ->
              NumberText.pointed(
                  NumberText.scientific(Numbers.floating(value), decimals), alternate);
          case 'g', 'G' ->
              NumberText.pointed(
                  NumberText.general(Numbers.floating(value), decimals, alternate), alternate);
          default -> throw TemplateErrors.value("unsupported format character '%s'", type);
        };
    return Character.isUpperCase(type) ? text.toUpperCase(Locale.ROOT) : text;
  }

  private static Object strict(Object value, char type) {
    if (value instanceof Double) {
      throw TemplateErrors.type("%%%s format: an integer is required, not float", type);
    }
    return value;
  }

  private static String whole(Object value, int precision, int radix) {
    if (value instanceof Double number && (number.isNaN() || number.isInfinite())) {
      throw TemplateErrors.overflow("cannot convert float %s to integer", Numbers.text(number));
    }
    BigInteger number =
        value instanceof Double real ? new BigDecimal(real).toBigInteger() : Values.whole(value);
    String digits = number.abs().toString(radix);
    String zeros = "0".repeat(Math.max(0, precision - digits.length()));
    return (number.signum() < 0 ? "-" : "") + zeros + digits;
  }

  private static Text padded(Text text, int width, boolean left) {
    int pad = Math.max(0, width - text.length());
    Text space = Text.of(" ");
    return left
        ? Text.builder().add(text).repeat(space, pad).build()
        : Text.builder().repeat(space, pad).add(text).build();
  }
}
