package io.relook.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Intervals whose ends follow from the binomial distribution of few values. */
class TestBootstrap {
  @Test
  void twoValuesSpanTheInterval() {
    assertEquals(new Bootstrap(0, 1), Bootstrap.of(new double[] {0, 1}), "each end has 1 in 4");
  }

  @Test
  void anEndIsTheValueThatTheTailReaches() {
    // Of the means of four draws from {0, 0, 0, 1}: 0 has 81/256, 3/4 or more 13/256, 1 has 1/256.
    assertEquals(new Bootstrap(0, 0.75), Bootstrap.of(new double[] {0, 0, 1, 0}));
  }

  @Test
  void equalValuesLeaveNoInterval() {
    assertEquals(new Bootstrap(0.25, 0.25), Bootstrap.of(new double[] {0.25, 0.25, 0.25}));
  }

  @Test
  void theSameValuesGiveTheSameInterval() {
    double[] values = {0.1, 0.7, 0.4, 0.2, 0.9};
    assertEquals(Bootstrap.of(values), Bootstrap.of(values));
  }
}
