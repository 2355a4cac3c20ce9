package io.relook.rewards;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number as answers write it in plain characters ({@link Typography}), exact: {@code 2}, {@code
 * 2.0}, {@code -1/2}, {@code 50 %} (a half), {@code $1,000.}, {@code 3e-2}, {@code 3.0 x 10^8},
 * {@code 5 million}. Commas only between thousands, or between lakhs and crores. At most {@value
 * #LONGEST} characters and exponents of three digits, so that every operation is small.
 */
record Quantity(Scalar value, boolean decimal) {
  static final int LONGEST = 64;

  private static final String DECIMAL =
      "(?:[1-9]\\d{0,2}(?:,\\d{3})+|[1-9]\\d?(?:,\\d{2})+,\\d{3}|\\d+)(?:\\.\\d*)?|\\.\\d+";

  private static final Map<String, Integer> SCALES =
      Map.ofEntries(
          Map.entry("hundred", 2),
          Map.entry("thousand", 3),
          Map.entry("million", 6),
          Map.entry("billion", 9),
          Map.entry("trillion", 12),
          Map.entry("mn", 6),
          Map.entry("bn", 9),
          Map.entry("lakh", 5),
          Map.entry("crore", 7),
          Map.entry("百", 2),
          Map.entry("千", 3),
          Map.entry("万", 4),
          Map.entry("萬", 4),
          Map.entry("亿", 8),
          Map.entry("億", 8));

  private static final String TIMES = " ?(?:[x×·⋅*✕]|\\\\(?:times|cdot)(?![a-zA-Z])) ?";
  private static final String TEN = "10 ?(?:\\^|\\*\\*) ?\\{?\\(?([+-]?\\d{1,3})\\)?}?";

  private static final Pattern FORM =
      Pattern.compile(
          ("\\$?([+-]?) ?\\$?(%1$s)(?:[eE]([+-]?\\d{1,3})|%2$s%3$s)?(?: ?/ ?(%1$s))?"
                  + "(?: ?(%4$s))? ?(\\\\?%%|‰|(?i:percent|per cent|pct))?\\$?\\.?")
              .formatted(DECIMAL, TIMES, TEN, String.join("|", SCALES.keySet())));

  /** What parts thousands in LaTeX: {@code 1{,}000}, {@code 1\,000}. */
  private static final Pattern GROUPED =
      Pattern.compile("(?<=\\d)(?:\\{\\\\?,\\}|,\\\\!|\\\\[,;: ])(?=\\d{3}(?!\\d))");

  private static final Pattern ENDLESS =
      Pattern.compile(
          "([+-]?)(\\d*)\\.?(\\d*)(?:[eE]|%s10 ?\\^ ?\\{?)([+-]?\\d{4,})}?".formatted(TIMES));

  static Optional<Quantity> parse(String text) {
    String stripped = GROUPED.matcher(text.strip()).replaceAll(",");
    if (stripped.length() > LONGEST) {
      return Optional.empty();
    }
    Matcher form = FORM.matcher(stripped);
    if (!form.matches()) {
      return Optional.empty();
    }
    BigDecimal numerator = decimal(form.group(2));
    String exponent = form.group(3) == null ? form.group(4) : form.group(3);
    if (exponent != null) {
      numerator = numerator.scaleByPowerOfTen(Integer.parseInt(exponent));
    }
    if (form.group(6) != null && numerator.signum() == 0) {
      return Optional.empty();
    }
    if (form.group(6) != null) {
      numerator = numerator.scaleByPowerOfTen(SCALES.get(form.group(6)));
    }
    if (form.group(7) != null) {
      numerator = numerator.movePointLeft(form.group(7).equals("‰") ? 3 : 2);
    }
    BigDecimal denominator = form.group(5) == null ? BigDecimal.ONE : decimal(form.group(5));
    Fraction above = Fraction.of(form.group(1).equals("-") ? numerator.negate() : numerator);
    boolean decimal = exponent != null || form.group(0).indexOf('.') >= 0;
    return Fraction.of(denominator)
        .reciprocal()
        .flatMap(above::times)
        .map(value -> new Quantity(Scalar.of(value), decimal));
  }

  /**
   * Sign, digits and exponent of a number like {@code 1e999999999}, which is never written out: it
   * is equal to its own digits alone. Empty where the exponent has three digits or fewer.
   */
  static Optional<String> endless(String text) {
    Matcher form = ENDLESS.matcher(text);
    if (!form.matches() || form.group(2).isEmpty() && form.group(3).isEmpty()) {
      return Optional.empty();
    }
    String digits = (form.group(2) + form.group(3)).replaceFirst("^0+", "");
    String short_ = digits.replaceFirst("0+$", "");
    BigInteger exponent =
        new BigInteger(form.group(4))
            .subtract(BigInteger.valueOf(form.group(3).length()))
            .add(BigInteger.valueOf(digits.length() - short_.length()));
    String sign = form.group(1).equals("-") ? "-" : "";
    return Optional.of(short_.isEmpty() ? "0" : sign + short_ + "e" + exponent);
  }

  /**
   * Equal, or within six digits where one of the two is a decimal and one is not whole: one is the
   * other, rounded to its last place.
   */
  boolean isNearly(Quantity other) {
    return value.isNear(other.value, decimal || other.decimal)
        && (!decimal || !other.decimal || isRounded(other));
  }

  private boolean isRounded(Quantity other) {
    BigDecimal ours = terminating();
    BigDecimal theirs = other.terminating();
    if (ours == null || theirs == null) {
      return true;
    }
    int places = Math.max(0, Math.min(ours.scale(), theirs.scale()));
    return ours.setScale(places, RoundingMode.HALF_UP)
            .compareTo(theirs.setScale(places, RoundingMode.HALF_UP))
        == 0;
  }

  /** Exactly, in the fewest places; null where it has no end, or no exact value. */
  private BigDecimal terminating() {
    if (value.exact() == null) {
      return null;
    }
    try {
      return new BigDecimal(value.exact().numerator())
          .divide(new BigDecimal(value.exact().denominator()))
          .stripTrailingZeros();
    } catch (ArithmeticException e) {
      return null;
    }
  }

  boolean isOne() {
    return Fraction.ONE.equals(value.exact());
  }

  Quantity times(Fraction factor) {
    return new Quantity(value.times(Scalar.of(factor)), decimal);
  }

  private static BigDecimal decimal(String text) {
    return new BigDecimal(text.replace(",", ""));
  }
}
