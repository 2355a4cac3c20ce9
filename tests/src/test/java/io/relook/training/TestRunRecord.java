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
import java.time.temporal.ChronoUnit;
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

  /** The second machine's clock is an hour behind the first's. */
  @Test
  void theSettingsTakenLastHoldWhateverTheClocksSay() {
    Instant ahead = Instant.now().plusSeconds(3600).truncatedTo(ChronoUnit.MICROS);
    lakehouse.merge(
        Table.RUNS,
        List.of(Rows.RUN.toRow(new Rows.Run("run", PresetReader.yaml(preset()), ahead))));
    Preset other = preset("grpo.steps=40");
    record.begin(other, true);
    assertEquals(PresetReader.yaml(other), record.last().orElseThrow().preset());
    Policies policies = new Policies(lakehouse, "run", other.train(), other.keep());
    Instant committed = policies.base("file:/nowhere").committedAt();
    assertTrue(committed.isAfter(ahead), "a version is no older than its settings");
    assertEquals(PresetReader.yaml(other), record.at(committed).orElseThrow().preset());
    record.begin(preset("grpo.steps=41"), true);
    assertEquals(PresetReader.yaml(other), record.at(committed).orElseThrow().preset());
  }

  @Test
  void aRecordThatCannotBeReadIsNoReasonToGoOnUnasked() {
    lakehouse.merge(
        Table.RUNS,
        List.of(Rows.RUN.toRow(new Rows.Run("run", "Preset[model=embedded]", Instant.EPOCH))));
    assertThrows(RelookException.class, () -> record.begin(preset(), false));
    assertEquals(1, record.begin(preset(), true).size());
  }

  @Test
  void ratesOfAnotherRunAreTakenOnlyWhereTheyWereMadeAlike() {
    RatedRun rated = new RatedRun(lakehouse, "run");
    assertTrue(refusal(rated, preset()).contains("has no pass rates"));
    record.begin(preset("iterations=0"), false);
    assertTrue(refusal(rated, preset()).contains("has no pass rates"), "the run rated nothing yet");
    Rows.Difficulty rate =
        new Rows.Difficulty("run", 1, "q", "run/base", 8, 4, 0.5, 0.2, 0.8, "unstable", true);
    lakehouse.merge(Table.DIFFICULTY, List.of(Rows.DIFFICULTY.toRow(rate)));
    rated.require(preset("grpo.steps=3"));
    String other = refusal(rated, preset("rollout.temperature=0.5", "model=/models/other"));
    assertTrue(other.contains("temperature=0.5") && other.contains("/models/other"), other);
  }

  private static String refusal(RatedRun rated, Preset preset) {
    RelookException error = assertThrows(RelookException.class, () -> rated.require(preset));
    assertEquals(RelookException.Category.CONFIG, error.category());
    return error.getMessage();
  }
}
