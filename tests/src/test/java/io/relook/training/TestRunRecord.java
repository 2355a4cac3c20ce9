package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TestRunRecord {
  private static final Path PRESETS = Path.of("..", "conf", "presets");

  @TempDir private Path folder;
  private Lakehouse lakehouse;
  private RunRecord record;

  @BeforeEach
  void open() {
    lakehouse = Lakehouse.open(TestSession.spark(), folder.toString());
    record = new RunRecord(lakehouse, "run");
  }

  private static Preset preset(String... overrides) {
    return PresetReader.read(PRESETS, "demo", overrides);
  }

  @Test
  void theSameSettingsAreRecordedOnce() {
    assertEquals(List.of(), record.begin(preset(), false));
    assertEquals(List.of(), record.begin(preset(), false));
    assertEquals(1, lakehouse.read(Table.RUNS).count());
  }

  @Test
  void otherSettingsAreToldAndRefusedUnlessAskedFor() {
    record.begin(preset(), false);
    Preset other = preset("grpo.steps=40", "grpo.objective={clipHigh: 0.3}");
    RelookException error = assertThrows(RelookException.class, () -> record.begin(other, false));
    assertTrue(error.getMessage().contains("grpo.steps: 20, now 40"), error.getMessage());
    assertTrue(error.getMessage().contains("grpo.objective.clipHigh"), error.getMessage());
    assertEquals(1, lakehouse.read(Table.RUNS).count());

    Instant between = Instant.now();
    assertEquals(2, record.begin(other, true).size());
    assertEquals(PresetReader.yaml(preset()), record.at(between).orElseThrow().preset());
    assertEquals(PresetReader.yaml(other), record.at(Instant.MAX).orElseThrow().preset());
    assertEquals(List.of(), record.begin(other, false), "it goes on with what it has now");
  }

  @Test
  void aRecordThatCannotBeReadIsNoReasonToGoOnUnasked() {
    lakehouse.merge(
        Table.RUNS,
        List.of(Rows.RUN.toRow(new Rows.Run("run", "Preset[model=embedded]", Instant.EPOCH))));
    assertThrows(RelookException.class, () -> record.begin(preset(), false));
    assertEquals(1, record.begin(preset(), true).size());
  }
}
