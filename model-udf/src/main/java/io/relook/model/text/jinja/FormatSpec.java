package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Python's format specifications: {@code [[fill]align][sign][#][0][width][,][.precision][type]}.
 */
record FormatSpec(
    Text fill,
    char align,
    char sign,
    boolean alternate,
    int width,
    char group,
    int precision,
    char type) {
  private static final Pattern FORM =
      Pattern.compile(
          "(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\\d+)?([,_])?(?:\\.(\\d+))?([a-zA-Z%])?",
          Pattern.DOTALL);

  static Text apply(Object value, String spec) {
    if (spec.isEmpty()) {
      return Values.text(value);
    }
    Matcher form = FORM.matcher(spec);
    if (!form.matches()) {
      throw TemplateErrors.value("Invalid format specifier '%s'", spec);
    }
    boolean zero = form.group(5) != null;
    String fill = form.group(1) != null ? form.group(1) : zero ? "0" : " ";
    boolean text = value instanceof Text;
    char align =
        form.group(2) != null ? form.group(2).charAt(0) : zero && !text ? '=' : text ? '<' : '>';
    return new FormatSpec(
            Text.of(fill),
            align,
            character(form.group(3)),
            form.group(4) != null,
            number(form.group(6)),
            character(form.group(7)),
            form.group(8) == null ? -1 : number(form.group(8)),
            character(form.group(9)))
        .of(value);
  }

  private static char character(String group) {
    return group == null ? 0 : group.charAt(0);
  }

  private static int number(String digits) {
    return digits == null ? 0 : digits.length() > 8 ? Integer.MAX_VALUE : Integer.parseInt(digits);
  }

  private Text of(Object value) {
    if (value instanceof Text text) {
      if (type != 0 && type != 's' || align == '=' || sign != 0 || group != 0 || alternate) {
        throw TemplateErrors.value("Invalid format specifier for object of type 'str'");
      }
      return padded(precision >= 0 ? text.part(0, Math.min(precision, text.length())) : text);
    }
    if (!Values.isNumber(value)) {
      throw TemplateErrors.type(
          "unsupported format string passed to %s.__format__", Values.type(value));
    }
    if (alternate && (type == 0 || type == 'c' || type == 'n')) {
      throw TemplateErrors.unsupported("the format flag '#' here");
    }
    if (Math.max(precision, width) > Text.LONGEST) {
      throw TemplateErrors.bound("characters", Text.LONGEST);
    }
    boolean integral = type != 0 && "bcoxXn".indexOf(type) >= 0;
    if (integral && group != 0 && (group == ',' || type == 'c' || type == 'n')) {
      throw TemplateErrors.value("Cannot specify '%s' with '%s'.", group, type);
    }
    boolean whole = !(value instanceof Double);
    boolean asWhole = whole && (type == 0 || "bcdoxXn".indexOf(type) >= 0);
    String digits = asWhole ? whole(value) : floating(value, whole);
    boolean negative = digits.startsWith("-");
    String unsigned = negative ? digits.substring(1) : digits;
    String front = negative ? "-" : sign == '+' || sign == ' ' ? String.valueOf(sign) : "";
    if (asWhole && alternate && type != 'd') {
      front += "0" + type;
    }
    if (group != 0) {
      int size = asWhole && "xXob".indexOf(type) >= 0 && type != 0 ? 4 : 3;
      int end = integerEnd(unsigned);
      int room = width - front.length() - (unsigned.length() - end);
      int wanted = Math.max(end, room - room / (size + 1));
      wanted += wanted + (wanted - 1) / size < room ? 1 : 0;
      boolean filled = align == '=' && fill.at(0) == '0';
      unsigned = grouped("0".repeat(filled ? wanted - end : 0) + unsigned, size);
    }
    if (align != '=') {
      return padded(Text.of(front + unsigned));
    }
    int pad = Math.max(0, width - front.length() - unsigned.length());
    return Text.builder().add(front).repeat(fill, pad).add(unsigned).build();
  }

  private String whole(Object value) {
    BigInteger number = Values.whole(value);
    if (precision >= 0) {
      throw TemplateErrors.value("Precision not allowed in integer format specifier");
    }
    return switch (type) {
      case 'b' -> number.toString(2);
      case 'o' -> number.toString(8);
      case 'x' -> number.toString(16);
      case 'X' -> number.toString(16).toUpperCase(Locale.ROOT);
      case 'c' -> character(number);
      default ->
          type == 0 && value instanceof Boolean && width == 0 && sign == 0 && group == 0
              ? Values.text(value).toString()
              : Numbers.text(number);
    };
  }

  private String character(BigInteger number) {
    int point = Values.index(number);
    if (!Character.isValidCodePoint(point) || sign != 0) {
      throw TemplateErrors.overflow("%%c arg not in range(0x110000)");
    }
    return Character.toString(point);
  }

  private String floating(Object value, boolean whole) {
    double number = Numbers.floating(value);
    int digits = precision < 0 ? 6 : precision;
    return switch (type) {
      case 'f', 'F' -> cased(NumberText.fixed(number, digits));
      case 'e', 'E' -> cased(NumberText.scientific(number, digits));
      case 'g', 'G', 'n' -> cased(NumberText.general(number, digits, alternate));
      case '%' -> NumberText.pointed(NumberText.fixed(number * 100, digits), alternate) + "%";
      case 0 -> precision < 0 ? Numbers.text(number) : shortest(number);
      default ->
          throw TemplateErrors.value(
              "Unknown format code '%s' for object of type '%s'", type, whole ? "int" : "float");
    };
  }

  /** As {@code g}, with a decimal at least. */
  private String shortest(double number) {
    String text = NumberText.general(number, precision, false);
    return text.matches("-?\\d+") ? withPoint(number, text) : text;
  }

  private String withPoint(double number, String text) {
    return text.replace("-", "").length() < Math.max(1, precision)
        ? text + ".0"
        : NumberText.scientific(number, Math.max(0, precision - 1)).replaceAll("\\.?0*e", "e");
  }

  private String cased(String number) {
    String shown = NumberText.pointed(number, alternate);
    return Character.isUpperCase(type) ? shown.toUpperCase(Locale.ROOT) : shown;
  }

  private String grouped(String number, int size) {
    int end = integerEnd(number);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < end; i++) {
      out.append(i > 0 && (end - i) % size == 0 ? String.valueOf(group) : "");
      out.append(number.charAt(i));
    }
    return out.append(number.substring(end)).toString();
  }

  private static int integerEnd(String number) {
    int end = 0;
    while (end < number.length() && Character.digit(number.charAt(end), 16) >= 0) {
      end++;
    }
    return end;
  }

  private Text padded(Text text) {
    int pad = Math.max(0, width - text.length());
    int left = align == '<' ? 0 : align == '^' ? pad / 2 : pad;
    return Text.builder().repeat(fill, left).add(text).repeat(fill, pad - left).build();
  }
}
