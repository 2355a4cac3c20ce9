package io.relook.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class TestPairedBootstrap {
  @Test
  void differencesThatAreAllAlikeLeaveNoDoubt() {
    PairedBootstrap.Interval interval = PairedBootstrap.of(new double[][] {{1, 1}, {1, 1}});
    assertEquals(new PairedBootstrap.Interval(1, 1, 1), interval);
  }

  /** Of n paired coins the mean's standard error is known; the interval is 1.96 of it each way. */
  @Test
  void questionsAloneGiveTheNormalInterval() {
    int n = 2000;
    double[][] differences = new double[1][n];
    SplittableRandom random = new SplittableRandom(5);
    for (int q = 0; q < n; q++) {
      differences[0][q] = random.nextInt(3) - 1;
    }
    double mean = 0;
    double square = 0;
    for (double d : differences[0]) {
      mean += d / n;
      square += d * d / n;
    }
    double half = 1.96 * Math.sqrt((square - mean * mean) / n);
    PairedBootstrap.Interval interval = PairedBootstrap.of(differences);
    assertEquals(mean, interval.mean(), 1e-12);
    assertEquals(mean - half, interval.low(), 0.15 * half);
    assertEquals(mean + half, interval.high(), 0.15 * half);
  }

  /** Three seeds that differ as wholes: all three drawn alike has probability 1/27 each. */
  @Test
  void seedsThatDifferWidenTheInterval() {
    double[][] differences = {new double[50], new double[50], new double[50]};
    java.util.Arrays.fill(differences[0], -1);
    java.util.Arrays.fill(differences[2], 1);
    PairedBootstrap.Interval interval = PairedBootstrap.of(differences);
    assertEquals(0, interval.mean());
    assertEquals(-1, interval.low(), "the lowest 1/27 = 3.7 % are -1");
    assertEquals(1, interval.high());
    assertTrue(interval.low() < interval.high());
  }
}
