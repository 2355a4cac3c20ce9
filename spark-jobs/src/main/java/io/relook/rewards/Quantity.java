package io.relook.rewards;

import java.math.BigDecimal;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number as answers write it, exact: {@code 2}, {@code 2.0}, {@code -1/2}, {@code 50 %} (a half),
 * {@code $1,000.}, {@code 3e-2}. Digits of any script and the typographic minus count; commas only
 * between thousands. At most {@value #LONGEST} characters and exponents of three digits, so that
 * every operation is small.
 */
record Quantity(Scalar value, boolean decimal) {
  static final int LONGEST = 64;

  private static final String DECIMAL = "(?:[1-9]\\d{0,2}(?:,\\d{3})+|\\d+)(?:\\.\\d*)?|\\.\\d+";
  private static final Pattern FORM =
      Pattern.compile(
          "\\$?([+-]?)\\$?(%s)(?:[eE]([+-]?\\d{1,3}))?(?: ?/ ?(%s))? ?(%%?)\\$?\\.?"
              .formatted(DECIMAL, DECIMAL));

  static Optional<Quantity> parse(String text) {
    String stripped = text.strip();
    if (stripped.length() > LONGEST) {
      return Optional.empty();
    }
    Matcher form = FORM.matcher(plain(stripped));
    if (!form.matches()) {
      return Optional.empty();
    }
    BigDecimal numerator = decimal(form.group(2));
    if (form.group(3) != null) {
      numerator = numerator.scaleByPowerOfTen(Integer.parseInt(form.group(3)));
    }
    if (!form.group(5).isEmpty()) {
      numerator = numerator.movePointLeft(2);
    }
    BigDecimal denominator = form.group(4) == null ? BigDecimal.ONE : decimal(form.group(4));
    Fraction above = Fraction.of(form.group(1).equals("-") ? numerator.negate() : numerator);
    boolean decimal = form.group(3) != null || form.group(0).indexOf('.') >= 0;
    return Fraction.of(denominator)
        .reciprocal()
        .flatMap(above::times)
        .map(value -> new Quantity(Scalar.of(value), decimal));
  }

  /** Equal, or within six digits where one of the two is a decimal and one is not whole. */
  boolean isNearly(Quantity other) {
    return value.isNear(other.value, decimal || other.decimal);
  }

  private static BigDecimal decimal(String text) {
    return new BigDecimal(text.replace(",", ""));
  }

  /** ASCII digits, minus, slash, percent and space for what other scripts and typography write. */
  private static String plain(String text) {
    StringBuilder plain = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (Character.isDigit(c)) {
                plain.append(Character.digit(c, 10));
              } else if (c == 0x2212 || c == 0x2013 || c == 0xFF0D) {
                plain.append('-');
              } else if (c == 0x2044) {
                plain.append('/');
              } else if (c == 0xFF05) {
                plain.append('%');
              } else {
                plain.appendCodePoint(Character.isSpaceChar(c) ? ' ' : c);
              }
            });
    return plain.toString();
  }
}
