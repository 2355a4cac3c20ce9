package io.relook.rewards;

import java.math.BigInteger;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;

/**
 * What an expression is worth at a point: a rational number, exact, or a complex number in double
 * precision where a root, a function or sheer length leaves the rationals. NaN is no value and
 * equals nothing.
 *
 * @param exact null where the value is only {@code re + i im}
 */
record Scalar(Fraction exact, double re, double im) {
  static final Scalar NOTHING = new Scalar(null, Double.NaN, Double.NaN);
  static final Scalar I = new Scalar(null, 0, 1);

  /** Relative difference of two ways to compute one value in double precision. */
  private static final double ROUNDING = 1e-11;

  /** What is left of a sum of doubles that is zero. */
  private static final double VANISHING = 1e-13;

  /** Relative difference that a number may have that was written as a decimal: six digits. */
  private static final double TOLERANCE = 1e-6;

  private static final Fraction EXACT_TOLERANCE =
      new Fraction(BigInteger.ONE, BigInteger.valueOf(1_000_000));

  static Scalar of(Fraction exact) {
    return new Scalar(exact, exact.toDouble(), 0);
  }

  static Scalar of(double re) {
    return new Scalar(null, re, 0);
  }

  boolean isNothing() {
    return Double.isNaN(re) || Double.isNaN(im);
  }

  boolean isZero() {
    return exact == null ? re == 0 && im == 0 : exact.equals(Fraction.ZERO);
  }

  /**
   * Whether the two are one value.
   *
   * @param rounded whether one of them was written as a decimal, and may be off by the tolerance,
   *     unless both are whole
   */
  boolean isNear(Scalar other, boolean rounded) {
    if (exact != null && other.exact != null) {
      return exact.equals(other.exact)
          || rounded && !(exact.isWhole() && other.exact.isWhole()) && isClose(exact, other.exact);
    }
    if (isOutside() || other.isOutside()) {
      return false;
    }
    if (re == other.re && im == other.im) {
      return true;
    }
    double difference = Math.hypot(re - other.re, im - other.im);
    double larger = Math.max(Math.hypot(re, im), Math.hypot(other.re, other.im));
    return Double.isFinite(larger)
        && (difference <= (rounded ? TOLERANCE : ROUNDING) * larger
            || larger < VANISHING && (isZero() || other.isZero()));
  }

  /** An exact value that no double holds: only another exact one can be compared with it. */
  private boolean isOutside() {
    return exact != null && (Double.isInfinite(re) || re == 0 && !isZero());
  }

  private boolean isInfinite() {
    return exact == null && (Double.isInfinite(re) || Double.isInfinite(im));
  }

  /** What an operation made: nothing where it left the doubles, for then its value is not known. */
  Scalar orNothingAbove(Scalar one, Scalar other) {
    return isInfinite() && !one.isInfinite() && !other.isInfinite() ? NOTHING : this;
  }

  /** What a product or a power made: nothing where it is 0 only because doubles end. */
  Scalar orNothingBelow(Scalar one, Scalar other) {
    boolean zero = exact == null && re == 0 && im == 0;
    boolean known = one.isZero() || other.isZero() || one.isInfinite() || other.isInfinite();
    return zero && !known ? NOTHING : this;
  }

  Scalar plus(Scalar other) {
    return both(other)
        .flatMap(o -> exact.plus(o))
        .map(Scalar::of)
        .orElseGet(() -> new Scalar(null, re + other.re, im + other.im));
  }

  Scalar minus(Scalar other) {
    return plus(other.negate());
  }

  Scalar negate() {
    return exact == null ? new Scalar(null, -re, -im) : of(exact.negate());
  }

  Scalar times(Scalar other) {
    return both(other).flatMap(o -> exact.times(o)).map(Scalar::of).orElseGet(() -> product(other));
  }

  Scalar over(Scalar other) {
    if (other.isZero()) {
      return NOTHING;
    }
    return both(other)
        .flatMap(Fraction::reciprocal)
        .flatMap(r -> exact.times(r))
        .map(Scalar::of)
        .orElseGet(() -> quotient(other));
  }

  /** The principal value; a rational base keeps a rational power where it has one. */
  Scalar power(Scalar exponent) {
    Optional<Fraction> rational = both(exponent).flatMap(this::rational);
    if (rational.isPresent()) {
      return of(rational.get());
    }
    if (isZero()) {
      return exponent.re > 0 ? of(Fraction.ZERO) : NOTHING;
    }
    if (im == 0 && exponent.im == 0 && (re > 0 || exponent.re == Math.rint(exponent.re))) {
      return of(Math.pow(re, exponent.re));
    }
    return log().times(exponent).exp();
  }

  /** The real root of a negative number where its degree is odd, else the principal one. */
  Scalar root(Scalar degree) {
    boolean odd =
        degree.exact != null && degree.exact.isWhole() && degree.exact.numerator().testBit(0);
    return odd && im == 0 && re < 0
        ? negate().power(of(Fraction.ONE).over(degree)).negate()
        : power(of(Fraction.ONE).over(degree));
  }

  Scalar abs() {
    return exact == null ? of(Math.hypot(re, im)) : of(exact.abs());
  }

  Scalar exp() {
    double size = Math.exp(re);
    return im == 0 ? of(size) : new Scalar(null, size * Math.cos(im), size * Math.sin(im));
  }

  Scalar log() {
    return isZero() ? NOTHING : new Scalar(null, Math.log(Math.hypot(re, im)), Math.atan2(im, re));
  }

  Scalar sin() {
    return new Scalar(null, Math.sin(re) * Math.cosh(im), Math.cos(re) * Math.sinh(im));
  }

  Scalar cos() {
    return new Scalar(null, Math.cos(re) * Math.cosh(im), -Math.sin(re) * Math.sinh(im));
  }

  /** A function of real numbers alone. */
  Scalar real(DoubleUnaryOperator function) {
    return im == 0 ? of(function.applyAsDouble(re)) : NOTHING;
  }

  private Optional<Fraction> rational(Fraction exponent) {
    if (exponent.numerator().bitLength() > 15 || exponent.denominator().bitLength() > 6) {
      return Optional.empty();
    }
    int power = exponent.numerator().intValue();
    return exponent.isWhole()
        ? exact.power(power)
        : exact.root(exponent.denominator().intValue()).flatMap(r -> r.power(power));
  }

  private Scalar product(Scalar other) {
    return im == 0 && other.im == 0
        ? of(re * other.re)
        : new Scalar(null, re * other.re - im * other.im, re * other.im + im * other.re);
  }

  private Scalar quotient(Scalar other) {
    if (im == 0 && other.im == 0) {
      return of(re / other.re);
    }
    double size = other.re * other.re + other.im * other.im;
    return product(new Scalar(null, other.re / size, -other.im / size));
  }

  /** The other's exact value, where both have one. */
  private Optional<Fraction> both(Scalar other) {
    return Optional.ofNullable(exact == null ? null : other.exact);
  }

  private static boolean isClose(Fraction one, Fraction two) {
    Fraction larger = one.abs().compareTo(two.abs()) >= 0 ? one.abs() : two.abs();
    Optional<Fraction> difference = one.plus(two.negate());
    Optional<Fraction> allowed = larger.times(EXACT_TOLERANCE);
    return difference.isPresent()
        && allowed.isPresent()
        && difference.get().abs().compareTo(allowed.get()) <= 0;
  }
}
