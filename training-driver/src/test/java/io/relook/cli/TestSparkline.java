package io.relook.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class TestSparkline {
  private static final Sparkline LINE = new Sparkline("01234567", 4);

  @Test
  void theLeastIsTheLowestBarAndTheGreatestTheHighest() {
    assertEquals("0724", LINE.of(new double[] {-1, 6, 1, 3}));
  }

  @Test
  void moreValuesThanTheWidthAreMeans() {
    assertEquals("0257", LINE.of(IntStream.range(0, 400).asDoubleStream().toArray()));
  }

  @Test
  void whatIsNoNumberIsLeftOut() {
    assertEquals("0 7", LINE.of(new double[] {1, Double.NaN, 2}));
    assertEquals("0 7", LINE.of(new double[] {1, Double.POSITIVE_INFINITY, 2}));
    assertEquals("", LINE.of(new double[0]));
  }

  @Test
  void equalValuesAreALowLine() {
    assertEquals("000", LINE.of(new double[] {5, 5, 5}));
  }
}
