package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Hand-worked groups. */
final class TestAdvantages {
  @Test
  void aGroupIsCentredAndDividedByItsSampleDeviation() {
    // mean 2.5; squares 2.25 + 0.25 + 0.25 + 2.25 = 5; deviation sqrt(5 / 3) = 1.2909944
    double[] advantages = Advantages.of(new double[] {1, 2, 3, 4});
    double scale = Math.sqrt(5.0 / 3) + 1e-4;
    assertArrayEquals(
        new double[] {-1.5 / scale, -0.5 / scale, 0.5 / scale, 1.5 / scale}, advantages, 1e-12);
    assertEquals(-1.1618050, advantages[0], 1e-6);
  }

  @Test
  void oneRightOfFourIsWorthAsMuchAsTheThreeWrongTogether() {
    // mean 0.25; deviation sqrt((0.5625 + 3 * 0.0625) / 3) = 0.5
    double[] advantages = Advantages.of(new double[] {0, 1, 0, 0});
    assertEquals(0.75 / 0.5001, advantages[1], 1e-12);
    assertEquals(-0.25 / 0.5001, advantages[0], 1e-12);
    assertEquals(0, Arrays.stream(advantages).sum(), 1e-12);
  }

  @Test
  void equalRewardsTeachNothing() {
    for (double reward : new double[] {0, 0.1, 1.4}) {
      double[] group = new double[8];
      Arrays.fill(group, reward);
      // The trainer takes less than 1e-9 for nothing: the rounding of the mean must stay below.
      for (double advantage : Advantages.of(group)) {
        assertEquals(0, advantage, 1e-9);
      }
    }
  }

  @Test
  void aSampleWithoutRewardIsOutOfTheStatisticsAndGetsNothing() {
    double[] with = Advantages.of(new double[] {1, Double.NaN, 0});
    double[] without = Advantages.of(new double[] {1, 0});
    assertEquals(0, with[1]);
    assertEquals(without[0], with[0]);
    assertEquals(without[1], with[2]);
    // mean 0.5, deviation sqrt(0.5)
    assertEquals(0.5 / (Math.sqrt(0.5) + 1e-4), with[0], 1e-12);
  }

  @Test
  void aSingleSampleAndAGroupWithoutAnyRewardGetNothing() {
    assertArrayEquals(new double[] {0}, Advantages.of(new double[] {1}));
    assertArrayEquals(new double[] {0, 0}, Advantages.of(new double[] {Double.NaN, Double.NaN}));
    assertArrayEquals(new double[] {0, 0}, Advantages.of(new double[] {0.7, Double.NaN}));
    assertArrayEquals(new double[0], Advantages.of(new double[0]));
  }
}
