package io.relook.rewards;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Optional;

/**
 * A rational number in lowest terms, the sign above. Operations that could make it longer than
 * {@value #LONGEST} bits answer empty, so that each is small.
 */
record Fraction(BigInteger numerator, BigInteger denominator) implements Comparable<Fraction> {
  static final int LONGEST = 8192;
  static final Fraction ZERO = of(0);
  static final Fraction ONE = of(1);

  Fraction {
    if (denominator.signum() == 0) {
      throw new IllegalArgumentException("nothing is divided by zero");
    }
    BigInteger divisor = numerator.gcd(denominator);
    if (denominator.signum() < 0) {
      divisor = divisor.negate();
    }
    numerator = numerator.divide(divisor);
    denominator = denominator.divide(divisor);
  }

  static Fraction of(long whole) {
    return new Fraction(BigInteger.valueOf(whole), BigInteger.ONE);
  }

  static Fraction of(BigDecimal decimal) {
    return decimal.scale() > 0
        ? new Fraction(decimal.unscaledValue(), BigInteger.TEN.pow(decimal.scale()))
        : new Fraction(decimal.toBigIntegerExact(), BigInteger.ONE);
  }

  boolean isWhole() {
    return denominator.equals(BigInteger.ONE);
  }

  Fraction negate() {
    return new Fraction(numerator.negate(), denominator);
  }

  Fraction abs() {
    return new Fraction(numerator.abs(), denominator);
  }

  Optional<Fraction> plus(Fraction other) {
    return bits() + other.bits() > LONGEST
        ? Optional.empty()
        : Optional.of(
            new Fraction(
                numerator.multiply(other.denominator).add(other.numerator.multiply(denominator)),
                denominator.multiply(other.denominator)));
  }

  Optional<Fraction> times(Fraction other) {
    return bits() + other.bits() > LONGEST
        ? Optional.empty()
        : Optional.of(
            new Fraction(
                numerator.multiply(other.numerator), denominator.multiply(other.denominator)));
  }

  Optional<Fraction> reciprocal() {
    return numerator.signum() == 0
        ? Optional.empty()
        : Optional.of(new Fraction(denominator, numerator));
  }

  /** To a whole power; zero has no negative one. */
  Optional<Fraction> power(int exponent) {
    if ((long) bits() * Math.abs((long) exponent) > LONGEST) {
      return Optional.empty();
    }
    if (exponent < 0) {
      return reciprocal().flatMap(r -> r.power(-exponent));
    }
    return Optional.of(new Fraction(numerator.pow(exponent), denominator.pow(exponent)));
  }

  /** The rational root of a number that is not negative, where there is one. */
  Optional<Fraction> root(int degree) {
    Optional<BigInteger> above = root(numerator, degree);
    Optional<BigInteger> below = root(denominator, degree);
    return above.isPresent() && below.isPresent()
        ? Optional.of(new Fraction(above.get(), below.get()))
        : Optional.empty();
  }

  /** As near as a double comes; infinite or zero where it does not come near. */
  double toDouble() {
    int shift = Math.max(0, Math.max(numerator.bitLength(), denominator.bitLength()) - 1000);
    if (shift == 0) {
      return numerator.doubleValue() / denominator.doubleValue();
    }
    return numerator.shiftRight(shift).doubleValue() / denominator.shiftRight(shift).doubleValue();
  }

  @Override
  public int compareTo(Fraction other) {
    return numerator.multiply(other.denominator).compareTo(other.numerator.multiply(denominator));
  }

  private int bits() {
    return numerator.bitLength() + denominator.bitLength();
  }

  private static Optional<BigInteger> root(BigInteger whole, int degree) {
    if (whole.signum() < 0 || degree < 2 || degree > 64) {
      return Optional.empty();
    }
    BigInteger guess =
        degree == 2
            ? whole.sqrt()
            : BigInteger.valueOf(Math.round(Math.pow(whole.doubleValue(), 1.0 / degree)));
    return guess.pow(degree).equals(whole) ? Optional.of(guess) : Optional.empty();
  }
}
