package io.relook.model.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers read from texts and written with a given precision, as Python does. */
final class NumberText {
  private static final Pattern FLOATING =
      Pattern.compile(
          "[+-]?(?:(?:\\d+(?:_\\d+)*\\.?(?:\\d+(?:_\\d+)*)?|\\.\\d+(?:_\\d+)*)(?:e[+-]?\\d+(?:_\\d+)*)?|inf(?:inity)?|nan)");
  private static final Pattern WHOLE =
      Pattern.compile("([+-]?)(0[xob]_?)?([0-9a-z]+(?:_[0-9a-z]+)*)");

  private NumberText() {}

  /** {@code int(text, base)}, or null. */
  static BigInteger whole(String text, int base) {
    Matcher found = WHOLE.matcher(ascii(text));
    if (!found.matches() || base != 0 && (base < 2 || base > 36)) {
      return null;
    }
    String prefix = found.group(2) == null ? "" : found.group(2).replace("_", "");
    int prefixed = prefix.isEmpty() ? 0 : prefix.equals("0x") ? 16 : prefix.equals("0o") ? 8 : 2;
    String digits = found.group(3).replace("_", "");
    if (!prefix.isEmpty() && prefixed != base && base != 0) {
      digits = prefix + digits;
    } else if (base == 0 && prefix.isEmpty() && digits.startsWith("0") && !digits.matches("0+")) {
      return null;
    }
    int radix = base != 0 ? base : prefixed != 0 ? prefixed : 10;
    if (digits.length() > Numbers.MOST_DIGITS && Integer.bitCount(radix) != 1) {
      return null;
    }
    try {
      return new BigInteger(found.group(1) + digits, radix);
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** {@code float(text)}, or null. */
  static Double floating(String text) {
    String plain = ascii(text);
    if (!FLOATING.matcher(plain).matches()) {
      return null;
    }
    if (plain.endsWith("nan")) {
      return Double.NaN;
    }
    if (plain.contains("inf")) {
      return plain.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    return Double.valueOf(plain.replace("_", ""));
  }

  /** Without white space around, in lower case, other scripts' digits as ours. */
  private static String ascii(String text) {
    StringBuilder plain = new StringBuilder();
    TextParts.stripped(Text.of(text), null, true, true)
        .toString()
        .codePoints()
        .map(c -> Characters.isDecimal(c) ? '0' + Character.digit(c, 10) : c)
        .forEach(plain::appendCodePoint);
    return plain.toString().toLowerCase(Locale.ROOT);
  }

  /** With so many decimals. */
  static String fixed(double number, int decimals) {
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      return Numbers.text(number);
    }
    String text =
        new BigDecimal(number).setScale(decimals, RoundingMode.HALF_EVEN).abs().toPlainString();
    return (negative(number) ? "-" : "") + text;
  }

  /** One digit, so many decimals, and the exponent. */
  static String scientific(double number, int decimals) {
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      return Numbers.text(number);
    }
    BigDecimal rounded =
        new BigDecimal(number).abs().round(new MathContext(decimals + 1, RoundingMode.HALF_EVEN));
    String digits = rounded.unscaledValue().toString();
    int exponent = number == 0 ? 0 : digits.length() - 1 - rounded.scale();
    digits = (digits + "0".repeat(decimals + 1)).substring(0, decimals + 1);
    return "%s%c%s%se%s%02d"
        .formatted(
            negative(number) ? "-" : "",
            digits.charAt(0),
            decimals > 0 ? "." : "",
            digits.substring(1),
            exponent < 0 ? "-" : "+",
            Math.abs(exponent));
  }

  /** The shorter of both, of so many digits, without zeros at its end unless asked for. */
  static String general(double number, int precision, boolean zeros) {
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      return Numbers.text(number);
    }
    int digits = Math.max(1, precision);
    String scientific = scientific(number, digits - 1);
    int at = scientific.indexOf('e');
    int exponent = Integer.parseInt(scientific.substring(at + 1));
    if (exponent < -4 || exponent >= digits) {
      String mantissa = scientific.substring(0, at);
      return (zeros ? mantissa : withoutZeros(mantissa)) + scientific.substring(at);
    }
    String fixed = fixed(number, digits - 1 - exponent);
    return zeros ? fixed : withoutZeros(fixed);
  }

  /** With a point where the flag {@code #} wants one. */
  static String pointed(String number, boolean wanted) {
    return !wanted || number.contains(".") || !number.matches("-?\\d+(e.*)?")
        ? number
        : number.replaceFirst("^-?\\d+", "$0.");
  }

  private static String withoutZeros(String number) {
    return number.contains(".") ? number.replaceAll("\\.?0+$", "") : number;
  }

  private static boolean negative(double number) {
    return number < 0 || number == 0 && 1 / number < 0;
  }
}
