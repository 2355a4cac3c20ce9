package io.relook.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import io.relook.report.RunReport.Setting;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class TestRecipeText {
  @Test
  void aPresetsTextIsItsValuesByTheirPaths() {
    Path presets = Path.of(System.getProperty("relook.root", ".."), "conf", "presets");
    Preset preset =
        PresetReader.read(
            presets,
            "demo-short",
            "grpo.steps=7",
            "reconstruct.instruction=Look [again], please {now}",
            "train.lora={rank: 16, alpha: 32}");
    List<Setting> settings = RecipeText.settings(PresetReader.yaml(preset));
    for (Setting expected :
        List.of(
            new Setting("model", "embedded"),
            new Setting("data.ingest", "null"),
            new Setting("reconstruct.instruction", "Look [again], please {now}"),
            new Setting("grpo.steps", "7"),
            new Setting("grpo.objective.clipLow", "" + preset.grpo().objective().clipLow()),
            new Setting("train.lora.targets", "all-linear"),
            new Setting("failureBudget", "0.05"))) {
      assertEquals(
          List.of(expected),
          settings.stream().filter(s -> s.key().equals(expected.key())).toList());
    }
  }

  @Test
  void whatIsNoMappingStaysWhole() {
    for (String text : List.of("", "Preset[model=embedded, data=null]", "model: [", "{}")) {
      assertEquals(List.of(new Setting("preset", text)), RecipeText.settings(text));
    }
  }
}
