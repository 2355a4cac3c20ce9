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
record Quantity(BigDecimal numerator, BigDecimal denominator) {
  static final int LONGEST = 64;

  private static final String DECIMAL = "(?:[1-9]\\d{0,2}(?:,\\d{3})+|\\d+)(?:\\.\\d*)?|\\.\\d+";
  private static final Pattern FORM =
      Pattern.compile(
          "\\$?([+-]?)\\$?(%s)(?:[eE]([+-]?\\d{1,3}))?(?: ?/ ?(%s))? ?(%%?)\\$?\\.?"
              .formatted(DECIMAL, DECIMAL));

  /** Relative difference that two numbers may have of which one is not whole: six digits. */
  private static final BigDecimal TOLERANCE = new BigDecimal("1e-6");

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
    return denominator.signum() == 0
        ? Optional.empty()
        : Optional.of(
            new Quantity(form.group(1).equals("-") ? numerator.negate() : numerator, denominator));
  }

  /** Equal, or within the tolerance where one of the two is not whole. */
  boolean isNearly(Quantity other) {
    BigDecimal ours = numerator.multiply(other.denominator);
    BigDecimal theirs = other.numerator.multiply(denominator);
    if (ours.compareTo(theirs) == 0) {
      return true;
    }
    BigDecimal larger = ours.abs().max(theirs.abs());
    return !(isWhole() && other.isWhole())
        && ours.subtract(theirs).abs().compareTo(TOLERANCE.multiply(larger)) <= 0;
  }

  private boolean isWhole() {
    return numerator.remainder(denominator).signum() == 0;
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
