package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.relook.model.engine.Generator;
import org.junit.jupiter.api.Test;

final class TestSlotSchedule {
  /** Two banks of two slots, chunks of four tokens. */
  private static final Generator.Options SLOTS = new Generator.Options(4, 2, 4, 1 << 20);

  @Test
  void aPromptHoldsItsBankUntilItsLongestSampleEnds() {
    // 5 tokens are two chunks; the third prompt begins when the first bank is free, at 4.
    assertEquals(8, SlotSchedule.steps(SLOTS, 2, 2, new int[] {1, 2, 5, 3}));
    assertEquals(12, SlotSchedule.steps(SLOTS, 3, 2, new int[] {1, 2, 5, 3, 7, 1}));
  }

  @Test
  void samplesBeyondTheBankWaitForASlotOfIt() {
    assertEquals(8, SlotSchedule.steps(SLOTS, 1, 3, new int[] {8, 4, 4}));
    assertEquals(0, SlotSchedule.steps(SLOTS, 0, 3, new int[] {8, 4, 4}));
  }

  @Test
  void manyPromptsTakeInProportion() {
    assertEquals(1_000_000 / 2 * 4, SlotSchedule.steps(SLOTS, 1_000_000, 2, new int[] {4}));
  }
}
