package io.relook.objective;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Hand-worked groups. */
final class TestOutcomeAdvantages {
  private static final OutcomeAdvantages TRL =
      new OutcomeAdvantages.Normalised(
          OutcomeAdvantages.Scale.GROUP, 1e-4, OutcomeAdvantages.Alone.ZERO);

  private static double[] ofOneGroup(double[] rewards) {
    return TRL.of(rewards, rewards, new long[rewards.length]);
  }

  @Test
  void aGroupIsCentredAndDividedByItsSampleDeviation() {
    // mean 2.5; squares 2.25 + 0.25 + 0.25 + 2.25 = 5; deviation sqrt(5 / 3) = 1.2909944
    double[] advantages = ofOneGroup(new double[] {1, 2, 3, 4});
    double scale = Math.sqrt(5.0 / 3) + 1e-4;
    assertArrayEquals(
        new double[] {-1.5 / scale, -0.5 / scale, 0.5 / scale, 1.5 / scale}, advantages, 1e-12);
    assertEquals(-1.1618050, advantages[0], 1e-6);
  }

  @Test
  void oneRightOfFourIsWorthAsMuchAsTheThreeWrongTogether() {
    // mean 0.25; deviation sqrt((0.5625 + 3 * 0.0625) / 3) = 0.5
    double[] advantages = ofOneGroup(new double[] {0, 1, 0, 0});
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
      for (double advantage : ofOneGroup(group)) {
        assertEquals(0, advantage, 1e-9);
      }
    }
  }

  @Test
  void aSampleWithoutRewardIsOutOfTheStatisticsAndGetsNothing() {
    double[] with = ofOneGroup(new double[] {1, Double.NaN, 0});
    double[] without = ofOneGroup(new double[] {1, 0});
    assertEquals(0, with[1]);
    assertEquals(without[0], with[0]);
    assertEquals(without[1], with[2]);
    // mean 0.5, deviation sqrt(0.5)
    assertEquals(0.5 / (Math.sqrt(0.5) + 1e-4), with[0], 1e-12);
  }

  @Test
  void aSingleSampleAndAGroupWithoutAnyRewardGetNothing() {
    assertArrayEquals(new double[] {0}, ofOneGroup(new double[] {1}));
    assertArrayEquals(new double[] {0, 0}, ofOneGroup(new double[] {Double.NaN, Double.NaN}));
    assertArrayEquals(new double[] {0, 0}, ofOneGroup(new double[] {0.7, Double.NaN}));
    assertArrayEquals(new double[0], ofOneGroup(new double[0]));
  }

  @Test
  void rowsOfAGroupMayLieApartAndWithoutScaleAreOnlyCentred() {
    OutcomeAdvantages centred =
        new OutcomeAdvantages.Normalised(
            OutcomeAdvantages.Scale.NONE, 0, OutcomeAdvantages.Alone.ITS_SCORE);
    double[] scores = {1, 10, 3, 20, 7};
    assertArrayEquals(
        new double[] {-1, -5, 1, 5, 7},
        centred.of(scores, scores, new long[] {4, 2, 4, 2, 9}),
        1e-12);
  }

  @Test
  void theBatchScaleDividesEveryGroupByOneDeviation() {
    // all: mean 3, squares 9 + 1 + 1 + 9 = 20, deviation sqrt(20 / 3)
    double[] scores = {0, 2, 4, 6};
    double[] advantages =
        new OutcomeAdvantages.Normalised(
                OutcomeAdvantages.Scale.BATCH, 0, OutcomeAdvantages.Alone.ZERO)
            .of(scores, scores, new long[] {0, 0, 1, 1});
    double unit = 1 / Math.sqrt(20.0 / 3);
    assertArrayEquals(new double[] {-unit, unit, -unit, unit}, advantages, 1e-12);
  }

  @Test
  void leaveOneOutComparesWithTheOthers() {
    double[] scores = {1, 0, 0, 5};
    long[] groups = {0, 0, 0, 1};
    // others' means: 0, 0.5, 0.5; a row alone keeps its score or gets nothing
    assertArrayEquals(
        new double[] {1, -0.5, -0.5, 5},
        new OutcomeAdvantages.LeaveOneOut(OutcomeAdvantages.Alone.ITS_SCORE)
            .of(scores, scores, groups),
        1e-12);
    assertEquals(
        0,
        new OutcomeAdvantages.LeaveOneOut(OutcomeAdvantages.Alone.ZERO)
            .of(scores, scores, groups)[3]);
  }

  @Test
  void onlyTheBestOfAGroupGainsOverTheSecond() {
    double[] scores = {0.2, 0.9, 0.5, 0.1};
    assertArrayEquals(
        new double[] {0, 0.4, 0, 0},
        new OutcomeAdvantages.BestAlone(false, 0).of(scores, scores, new long[4]),
        1e-12);
  }

  @Test
  void aLongRowWeighsMoreInTheLengthWeightedBaseline() {
    // (3 * 1 + 1 * 0) / 4 = 0.75
    assertArrayEquals(
        new double[] {0.25, -0.75},
        new OutcomeAdvantages.LengthWeighted()
            .of(new double[] {1, 0}, new double[] {3, 1}, new long[2]),
        1e-12);
  }

  @Test
  void sparseScoresWeighMore() {
    // mean 0.25, one of four is not 0: factor 4
    double[] scores = {1, 0, 0, 0};
    assertArrayEquals(
        new double[] {3, -1, -1, -1},
        new OutcomeAdvantages.SparseCentred().of(scores, scores, new long[4]),
        1e-12);
  }

  @Test
  void missingRewardsLeaveTheTotalAndRowsWithoutAnyHaveNone() {
    double none = Double.NaN;
    double[][] rewards = {{1, none}, {none, 2}, {none, none}};
    double[] totals = OutcomeAdvantages.totals(rewards, new double[] {1, 0.5});
    assertArrayEquals(new double[] {1, 1, none}, totals);
  }

  @Test
  void eachFunctionIsNormalisedBeforeTheSum() {
    // both functions: ±1 / (2 / sqrt(2)) by group; the sums of ±unit are then scaled to the batch
    double[][] rewards = {{0, 30}, {2, 10}};
    double unit = 1 / Math.sqrt(2);
    double[] sums =
        OutcomeAdvantages.normalisedSums(rewards, new double[] {1, 0.5}, new long[2], 0);
    assertArrayEquals(new double[] {-unit / 2, unit / 2}, sums, 1e-12);
    double[] advantages =
        OutcomeAdvantages.normalisedThenSummed(rewards, new double[] {1, 0.5}, new long[2], 0);
    assertArrayEquals(new double[] {-unit, unit}, advantages, 1e-12);
  }
}
