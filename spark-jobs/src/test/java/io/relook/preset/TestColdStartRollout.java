package io.relook.preset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The cold-start policy is rolled out where GRPO's choice of questions or hard prompts read it. */
final class TestColdStartRollout {
  @ParameterizedTest
  @CsvSource({
    "true, 1, 1, true",
    "false, 1, 1, false",
    "false, 2, 1, true",
    "false, 2, 2, false",
    "true, 2, 2, true"
  })
  void isLeftOutWhereNobodyReadsIt(
      boolean unstableOnly, int iterations, int iteration, boolean samples) {
    Preset preset = demo("difficulty.rlUnstable=" + unstableOnly, "iterations=" + iterations);
    assertEquals(samples, preset.samplesColdStart(iteration));
  }

  @Test
  void isLeftOutWithoutSftOrGrpo() {
    assertFalse(demo("sft.epochs=0", "sft.steps=0").samplesColdStart(1));
    assertFalse(demo("grpo.steps=0").samplesColdStart(1));
  }

  private static Preset demo(String... overrides) {
    return PresetReader.read(
        Path.of(System.getProperty("relook.root"), "conf", "presets"), "demo", overrides);
  }
}
