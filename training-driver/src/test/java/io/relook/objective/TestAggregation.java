package io.relook.objective;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.objective.Aggregation.Mode;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Rows of 3, 1 and 0 counted tokens. */
final class TestAggregation {
  private static final double[][] MASK = {{1, 1, 1, 0}, {0, 1, 0, 0}, {0, 0, 0, 0}};

  private static void weights(Aggregation aggregation, double first, double second) {
    double[][] weights = aggregation.weights(MASK);
    assertArrayEquals(new double[] {first, first, first, 0}, weights[0], 1e-12);
    assertArrayEquals(new double[] {0, second, 0, 0}, weights[1], 1e-12);
    assertArrayEquals(new double[4], weights[2], 1e-12);
  }

  @Test
  void aLossIsDividedAsItsNameSays() {
    weights(Aggregation.local(Mode.TOKEN_MEAN, 0), 0.25, 0.25);
    weights(Aggregation.local(Mode.TOKEN_SUM, 0), 1, 1);
    weights(Aggregation.local(Mode.SEQUENCE_MEAN, 0), 1.0 / 9, 1.0 / 3);
    weights(Aggregation.local(Mode.SEQUENCE_SUM, 0), 1.0 / 3, 1.0 / 3);
    weights(Aggregation.local(Mode.SEQUENCE_CONSTANT, 10), 1.0 / 30, 1.0 / 30);
  }

  @Test
  void emptyRowsCountOrNot() {
    weights(new Aggregation(Mode.SEQUENCE_MEAN, null, null, 0, false, 0, 1), 1.0 / 6, 1.0 / 2);
  }

  @Test
  void theWholeStepsDivisorsMakePartsAddUp() {
    for (Mode mode : Mode.values()) {
      Aggregation step = new Aggregation(mode, 4.0, 3.0, 7, true, 1, 1);
      double[][] whole = Aggregation.local(mode, 7).weights(MASK);
      for (int i = 0; i < MASK.length; i++) {
        assertArrayEquals(whole[i], step.weights(new double[][] {MASK[i]})[0], 1e-12);
      }
    }
  }

  @Test
  void theScaleTimesEverything() {
    weights(new Aggregation(Mode.TOKEN_MEAN, 8.0, null, 0, true, 1, 2), 0.25, 0.25);
  }

  @Test
  void nothingToCountIsNothingOrUndefinedAsChosen() {
    double[][] none = {{0, 0}};
    assertArrayEquals(new double[2], Aggregation.local(Mode.TOKEN_MEAN, 0).weights(none)[0], 0);
    double[] undefined =
        new Aggregation(Mode.TOKEN_MEAN, null, null, 0, false, 0, 1).weights(none)[0];
    assertTrue(Arrays.stream(undefined).allMatch(Double::isNaN));
  }

  @Test
  void rowsMayDifferInLength() {
    double[][] weights =
        Aggregation.local(Mode.TOKEN_MEAN, 0).weights(new double[][] {{1}, {1, 1, 1}});
    assertEquals(0.25, weights[0][0]);
    assertEquals(3, weights[1].length);
  }
}
