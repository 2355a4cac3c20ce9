package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.AbstractList;

/** Python's range, of at most the sandbox's 100,000 numbers. */
final class Range extends AbstractList<Object> {
  static final int LONGEST = 100_000;

  final BigInteger start;
  final BigInteger stop;
  final BigInteger step;
  private final int length;

  Range(BigInteger start, BigInteger stop, BigInteger step) {
    if (step.signum() == 0) {
      throw TemplateErrors.value("range() arg 3 must not be zero");
    }
    this.start = start;
    this.stop = stop;
    this.step = step;
    BigInteger span = step.signum() > 0 ? stop.subtract(start) : start.subtract(stop);
    BigInteger abs = step.abs();
    BigInteger count = span.add(abs).subtract(BigInteger.ONE).divide(abs).max(BigInteger.ZERO);
    if (span.signum() <= 0) {
      count = BigInteger.ZERO;
    }
    if (count.compareTo(BigInteger.valueOf(LONGEST)) > 0) {
      throw TemplateErrors.overflow(
          "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).", LONGEST);
    }
    this.length = count.intValue();
  }

  @Override
  public Object get(int index) {
    return start.add(step.multiply(BigInteger.valueOf(index)));
  }

  @Override
  public int size() {
    return length;
  }

  /** As Python prints it. */
  String shown() {
    return step.equals(BigInteger.ONE)
        ? "range(%s, %s)".formatted(start, stop)
        : "range(%s, %s, %s)".formatted(start, stop, step);
  }
}
