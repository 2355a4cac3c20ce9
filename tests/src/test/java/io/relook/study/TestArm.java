package io.relook.study;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.relook.preset.PresetReader;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class TestArm {
  private static final Path PRESETS = Path.of(System.getProperty("relook.root"), "conf", "presets");

  /** Rates under other rewards are refused, so GRPO alone makes its own. */
  @Test
  void anArmWithTheBasesRewardsBeginsWithItsRates() {
    Study.Config config = new Study.Config(PRESETS, "lake", null, Arm.TRAINED, "test", 2, 1);
    for (Arm arm : Arm.TRAINED) {
      String expected = arm == Arm.GRPO ? "null" : "base-s2";
      assertEquals(expected, Study.rated(config, arm, 2), arm.name());
    }
  }

  @Test
  void everyArmMakesAsManyUpdates() {
    for (Arm arm : Arm.TRAINED) {
      var preset = PresetReader.read(PRESETS, arm.preset());
      int updates = preset.iterations() * (preset.sft().steps() + preset.grpo().steps());
      assertEquals(24, updates, arm.name());
    }
  }
}
