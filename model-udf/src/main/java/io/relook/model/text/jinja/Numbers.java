package io.relook.model.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/** Python's numbers: whole ones without bound (here of some digits), and doubles. */
final class Numbers {
  /** As many as CPython writes of a whole number. */
  static final int MOST_DIGITS = 4300;

  private static final int MOST_BITS = 1 << 16;

  private Numbers() {}

  static boolean isNan(Object value) {
    return value instanceof Double number && number.isNaN();
  }

  static int compare(Object left, Object right) {
    if (left instanceof Double a && right instanceof Double b) {
      return a < b ? -1 : a > b ? 1 : 0;
    }
    if (!(left instanceof Double) && !(right instanceof Double)) {
      return Values.whole(left).compareTo(Values.whole(right));
    }
    if (right instanceof Double) {
      return -compare(right, left);
    }
    double number = (Double) left;
    return Double.isInfinite(number) || Double.isNaN(number)
        ? (number > 0 ? 1 : -1)
        : new BigDecimal(number).compareTo(new BigDecimal(Values.whole(right)));
  }

  /** Equal for equal numbers. */
  static Object key(Object number) {
    if (number instanceof Double value) {
      return value == Math.rint(value) && !Double.isInfinite(value)
          ? new BigDecimal(value).toBigInteger()
          : number;
    }
    return Values.whole(number);
  }

  static double floating(Object value) {
    if (value instanceof Double number) {
      return number;
    }
    double number = Values.whole(value).doubleValue();
    if (Double.isInfinite(number)) {
      throw TemplateErrors.overflow("int too large to convert to float");
    }
    return number;
  }

  static BigInteger bounded(BigInteger number) {
    if (number.bitLength() > MOST_BITS) {
      throw TemplateErrors.bound("bits of a number", MOST_BITS);
    }
    return number;
  }

  static Object arithmetic(Object left, String operator, Object right) {
    boolean whole = !(left instanceof Double) && !(right instanceof Double);
    return whole
        ? whole(Values.whole(left), operator, Values.whole(right))
        : (Object) floating(floating(left), operator, floating(right));
  }

  private static Object whole(BigInteger left, String operator, BigInteger right) {
    boolean divides = operator.equals("/") || operator.equals("//") || operator.equals("%");
    if (divides && right.signum() == 0) {
      throw zero();
    }
    switch (operator) {
      case "+":
        return bounded(left.add(right));
      case "-":
        return bounded(left.subtract(right));
      case "*":
        return bounded(left.multiply(right));
      case "/":
        return quotient(left, right);
      case "//":
        return floorDivide(left, right);
      case "%":
        return left.subtract(right.multiply(floorDivide(left, right)));
      default:
        if (right.signum() < 0) {
          return floating(floating(left), "**", floating(right));
        }
        int bits = left.abs().bitLength();
        if (bits < 2) {
          boolean odd = right.testBit(0);
          return right.signum() == 0 ? BigInteger.ONE : odd ? left : left.multiply(left);
        }
        if (right.bitLength() > 16 || right.intValue() * (long) bits > MOST_BITS) {
          throw TemplateErrors.bound("bits of a number", MOST_BITS);
        }
        return left.pow(right.intValue());
    }
  }

  private static double quotient(BigInteger left, BigInteger right) {
    if (left.signum() == 0) {
      return right.signum() < 0 ? -0.0 : 0.0;
    }
    BigDecimal exact =
        new BigDecimal(left).divide(new BigDecimal(right), new MathContext(800, RoundingMode.DOWN));
    double value = exact.doubleValue();
    if (Double.isInfinite(value)) {
      throw TemplateErrors.overflow("integer division result too large for a float");
    }
    return value;
  }

  private static BigInteger floorDivide(BigInteger left, BigInteger right) {
    BigInteger[] parts = left.divideAndRemainder(right);
    return parts[1].signum() != 0 && parts[1].signum() != right.signum()
        ? parts[0].subtract(BigInteger.ONE)
        : parts[0];
  }

  private static double floating(double left, String operator, double right) {
    boolean divides = operator.equals("/") || operator.equals("//") || operator.equals("%");
    if (divides && right == 0) {
      throw zero();
    }
    switch (operator) {
      case "+":
        return left + right;
      case "-":
        return left - right;
      case "*":
        return left * right;
      case "/":
        return left / right;
      case "//":
        return floorDivide(left, right);
      case "%":
        return modulo(left, right);
      default:
        if (left == 0 && right < 0) {
          throw new TemplateException(
              "ZeroDivisionError", "0.0 cannot be raised to a negative power", 0);
        }
        double power = left == 1 || right == 0 ? 1 : Math.pow(left, right);
        if (Double.isNaN(power) && !Double.isNaN(left) && !Double.isNaN(right)) {
          throw TemplateErrors.unsupported("a complex number");
        }
        if (Double.isInfinite(power) && !Double.isInfinite(left) && !Double.isInfinite(right)) {
          throw TemplateErrors.overflow("(34, 'Numerical result out of range')");
        }
        return power;
    }
  }

  private static double modulo(double left, double right) {
    double rest = left % right;
    if (rest == 0) {
      return Math.copySign(0.0, right);
    }
    return right < 0 != rest < 0 ? rest + right : rest;
  }

  /** As CPython's float_floor_div. */
  private static double floorDivide(double left, double right) {
    double rest = left % right;
    double quotient = (left - rest) / right;
    if (rest != 0 && right < 0 != rest < 0) {
      quotient -= 1;
    }
    if (quotient == 0) {
      return Math.copySign(0.0, left / right);
    }
    double floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  }

  private static TemplateException zero() {
    return new TemplateException("ZeroDivisionError", "division by zero", 0);
  }

  static String text(BigInteger number) {
    if (number.bitLength() > 14_000 && number.abs().toString().length() > MOST_DIGITS) {
      throw TemplateErrors.value(
          "Exceeds the limit (%d digits) for integer string conversion", MOST_DIGITS);
    }
    return number.toString();
  }

  /** The shortest digits that read back as the number, nearest to it, as Python writes them. */
  static String text(double number) {
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      return Double.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
    }
    if (number == 0) {
      return 1 / number < 0 ? "-0.0" : "0.0";
    }
    BigDecimal shortest = shortest(number);
    String digits = shortest.unscaledValue().abs().toString();
    int exponent = digits.length() - 1 - shortest.scale();
    digits = digits.replaceAll("0+$", "");
    String sign = number < 0 ? "-" : "";
    if (exponent < -4 || exponent >= 16) {
      String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
      return "%s%c%se%s%02d"
          .formatted(
              sign, digits.charAt(0), fraction, exponent < 0 ? "-" : "+", Math.abs(exponent));
    }
    if (exponent < 0) {
      return sign + "0." + "0".repeat(-exponent - 1) + digits;
    }
    String padded = digits + "0".repeat(Math.max(0, exponent + 2 - digits.length()));
    return sign + padded.substring(0, exponent + 1) + "." + padded.substring(exponent + 1);
  }

  private static BigDecimal shortest(double number) {
    BigDecimal exact = new BigDecimal(number);
    for (int digits = 1; digits < 17; digits++) {
      BigDecimal rounded = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
      if (rounded.doubleValue() == number) {
        return rounded;
      }
    }
    return exact.round(new MathContext(17, RoundingMode.HALF_EVEN));
  }

  /** To so many decimals, halves to the even one, as Python's {@code round} with decimals. */
  static Object round(Object number, int decimals) {
    if (number instanceof Double value) {
      if (Double.isNaN(value) || Double.isInfinite(value) || decimals > 400) {
        return value;
      }
      double rounded =
          new BigDecimal(value)
              .setScale(Math.max(decimals, -400), RoundingMode.HALF_EVEN)
              .doubleValue();
      return rounded == 0 ? Math.copySign(0.0, value) : rounded;
    }
    return new BigDecimal(Values.whole(number))
        .setScale(Math.min(0, Math.max(decimals, -5000)), RoundingMode.HALF_EVEN)
        .toBigInteger();
  }

  /** Attributes and methods of int and float. */
  static Object attribute(Object value, String name, Object absent) {
    boolean real = value instanceof Double;
    Object self = real ? value : Values.whole(value);
    return switch (name) {
      case "real" -> self;
      case "imag" -> real ? (Object) 0.0 : BigInteger.ZERO;
      case "numerator" -> real ? absent : self;
      case "denominator" -> real ? absent : BigInteger.ONE;
      case "conjugate" -> method(name, () -> self);
      case "as_integer_ratio" -> method(name, () -> ratio(self));
      case "is_integer" ->
          real
              ? method(name, () -> Double.isFinite((Double) self) && (Double) self % 1 == 0)
              : absent;
      case "bit_length" ->
          real
              ? absent
              : method(name, () -> BigInteger.valueOf(((BigInteger) self).abs().bitLength()));
      case "bit_count" ->
          real
              ? absent
              : method(name, () -> BigInteger.valueOf(((BigInteger) self).abs().bitCount()));
      default -> absent;
    };
  }

  private static Function method(String name, java.util.function.Supplier<Object> value) {
    return new Function.Named(
        name,
        (rendering, given) -> {
          given.places(name);
          return value.get();
        });
  }

  private static Tuple ratio(Object value) {
    if (value instanceof BigInteger whole) {
      return Tuple.of(whole, BigInteger.ONE);
    }
    double number = (Double) value;
    if (!Double.isFinite(number)) {
      throw TemplateErrors.overflow("cannot convert %s to integer ratio", text(number));
    }
    java.math.BigDecimal exact = new java.math.BigDecimal(number).stripTrailingZeros();
    BigInteger below = exact.scale() > 0 ? BigInteger.TEN.pow(exact.scale()) : BigInteger.ONE;
    BigInteger above = exact.multiply(new java.math.BigDecimal(below)).toBigIntegerExact();
    BigInteger shared = above.gcd(below);
    return Tuple.of(above.divide(shared), below.divide(shared));
  }
}
