package io.relook.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class TestWilson {
  @Test
  void fiftyOfAHundred() {
    // By hand: centre (0.5 + 1.9207/100) / (1 + 3.8415/100) = 0.5; half-width 0.0962.
    Wilson interval = Wilson.of(50, 100);
    assertEquals(0.4038, interval.low(), 1e-4);
    assertEquals(0.5962, interval.high(), 1e-4);
  }

  @Test
  void nothingKnownIsEverything() {
    assertEquals(new Wilson(0, 1), Wilson.of(0, 0));
    assertEquals(0, Wilson.of(0, 8).low(), 1e-12);
  }
}
