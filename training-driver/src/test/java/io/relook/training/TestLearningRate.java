package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.preset.Preset.Schedule;
import org.junit.jupiter.api.Test;

/** Hand-worked rates. */
final class TestLearningRate {
  @Test
  void theWarmUpClimbsInEqualStepsAndLosesNoStepToARateOfZero() {
    LearningRate rate = new LearningRate(0.8, Schedule.CONSTANT, 4, 10);
    assertEquals(0.2, rate.at(0), 1e-12);
    assertEquals(0.4, rate.at(1), 1e-12);
    assertEquals(0.6, rate.at(2), 1e-12);
    assertEquals(0.8, rate.at(3), 1e-12);
    assertEquals(0.8, rate.at(4), 1e-12);
    assertEquals(0.8, rate.at(1000), 1e-12);
  }

  @Test
  void linearFallsToZeroAtTheEndAndStaysThere() {
    LearningRate rate = new LearningRate(1, Schedule.LINEAR, 2, 10);
    assertEquals(1, rate.at(2), 1e-12);
    assertEquals(0.75, rate.at(4), 1e-12);
    assertEquals(0.125, rate.at(9), 1e-12);
    assertEquals(0, rate.at(10), 1e-12);
    assertEquals(0, rate.at(11), 1e-12);
  }

  @Test
  void cosineIsHalfWayDownInTheMiddle() {
    LearningRate rate = new LearningRate(2, Schedule.COSINE, 0, 8);
    assertEquals(2, rate.at(0), 1e-12);
    assertEquals(1 + Math.sqrt(0.5), rate.at(2), 1e-12);
    assertEquals(1, rate.at(4), 1e-12);
    assertEquals(0, rate.at(8), 1e-12);
  }

  @Test
  void aWarmUpAsLongAsTheRunDividesByNothing() {
    for (Schedule shape : Schedule.values()) {
      LearningRate rate = new LearningRate(1, shape, 5, 5);
      assertEquals(1, rate.at(4), 1e-12);
      assertTrue(rate.at(5) <= 1 && rate.at(5) >= 0);
    }
  }
}
