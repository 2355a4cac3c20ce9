package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.lakehouse.Phase;
import io.relook.model.engine.Prompt;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** On a machine whose engine needs 1 ms a step of its slots and nothing for prompts. */
final class TestPlanStages {
  private static final Path PRESETS = Path.of(System.getProperty("relook.root"), "conf/presets");
  private static final Speed SPEED = new Speed(0.5, 0, 1e-3, 1e-4, 0.1, 0.2, new int[] {40});

  @Test
  void aRunAsLargeAsTheMeasuredOneTakesWhatWasMeasured() {
    Preset preset = preset("data.trainQuestions=16", "data.testQuestions=16", "grpo.steps=2");
    Map<String, PlanStages.Stage> stages = stages(preset, seen(preset));
    seen(preset)
        .seconds()
        .forEach((stage, seconds) -> assertEquals(seconds, at(stages, stage), 1e-9, stage));
  }

  @Test
  void moreRowsTakeWhatTheEngineNeedsForThem() {
    Preset few = preset("data.trainQuestions=16", "data.testQuestions=16", "grpo.steps=2");
    Preset many = preset("data.trainQuestions=200", "data.testQuestions=200", "grpo.steps=10");
    Map<String, PlanStages.Stage> stages = stages(many, seen(few));
    // 8 samples of 40 tokens fill a bank of 8, there are 4: 16 prompts 160 steps, 200 prompts
    // 2,000.
    assertEquals(7 + 1.84, at(stages, "roll out"), 1e-9);
    assertEquals(200 * 8 * 40, stages.get("roll out").sampled().value(), 1e-9);
    assertEquals(200 * 8 * 160, stages.get("roll out").most().value(), 1e-9);
    assertEquals(1, at(stages, "score"), 1e-9, "tables alone");
    // Two steps of 3 s each, and 2 s before them.
    assertEquals(2 + 10 * 3, at(stages, "grpo"), 1e-9);
    // 12 of 16 are kept, two examples each.
    assertEquals(300, stages.get("sft").rows().value(), 1e-9);
    assertTrue(stages.get("sft").rows().least() < 250 && stages.get("sft").rows().most() > 350);
    assertEquals(10, stages.get("sft").steps().value(), 1e-9);
  }

  @Test
  void withoutAMeasurementThereAreCountsAndBoundsAlone() {
    Map<String, PlanStages.Stage> stages = stages(preset(), null);
    assertEquals(512, stages.get("roll out").rows().value(), 1e-9);
    // One wrong and one right pre-reasoning a question, two reflections each.
    assertEquals(Figure.most(64 * 2 * 2), stages.get("reconstruct").rows());
    assertEquals(Figure.Source.MOST, stages.get("sft").steps().source());
    stages.values().forEach(stage -> assertNull(stage.seconds(), stage.name()));
  }

  private static double at(Map<String, PlanStages.Stage> stages, String name) {
    return stages.get(name).seconds().value();
  }

  private static Map<String, PlanStages.Stage> stages(Preset preset, Seen seen) {
    PlanData data =
        new PlanData(
            Figure.exact(preset.data().trainQuestions()),
            Figure.exact(preset.data().testQuestions()),
            List.of(new Prompt(new int[50], List.of())),
            6,
            0.01);
    Map<String, PlanStages.Stage> stages = new HashMap<>();
    new PlanStages(preset, data, seen == null ? null : SPEED, seen)
        .all()
        .forEach(stage -> stages.put(stage.name(), stage));
    return stages;
  }

  private static Seen seen(Preset preset) {
    Seen.Sampled sampled = new Seen.Sampled(16, 50, new int[] {40});
    return new Seen(
        preset,
        Map.of(
            "take in", 6.0,
            "evaluate base", 9.0,
            "roll out", 7.0,
            "score", 1.0,
            "partition", 2.0,
            "reconstruct", 6.0,
            "sft", 5.0,
            "evaluate sft", 4.0,
            "rejection sampling", 5.0,
            "grpo", 8.0),
        Map.of(
            Phase.DIFFICULTY.word(), sampled,
            Phase.RECONSTRUCTION.word(), sampled,
            Phase.REJECTION.word(), sampled,
            Phase.RL.word(), new Seen.Sampled(8, 50, new int[] {40}),
            Phase.EVALUATION.word(), sampled),
        16,
        16,
        12,
        java.util.Collections.nCopies(24, new int[] {50, 40}),
        3,
        1,
        null);
  }

  /** One epoch of SFT, and GRPO asks what is unstable for the cold-start policy. */
  private static Preset preset(String... overrides) {
    List<String> all = new ArrayList<>(List.of(overrides));
    all.addAll(List.of("sft.epochs=1", "sft.steps=0", "difficulty.rlUnstable=true"));
    return PresetReader.read(PRESETS, "demo-short", all.toArray(String[]::new));
  }
}
