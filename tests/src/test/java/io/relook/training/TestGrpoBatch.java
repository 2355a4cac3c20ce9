package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.preset.ObjectiveValues;
import io.relook.preset.PresetReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;

/** Groups of every kind, by each filter. */
final class TestGrpoBatch {
  private static final Path PRESETS =
      Path.of(System.getProperty("relook.root", "..")).resolve("conf/presets");

  /** What a sample earned in all, and whether it is right; null where that is not known. */
  private record Earned(Double total, Double accuracy) {}

  private static final Map<String, List<Earned>> GROUPS = new LinkedHashMap<>();

  static {
    GROUPS.put("right", group(1.5, 1.0, 1.0, 1.0));
    GROUPS.put("wrong", group(0.2, 0.0, 0.0, 0.0));
    GROUPS.put("mixed", group(2.0, 1.0, 0.0, 0.0, null, 1.0));
    GROUPS.put("equal", group(1.0, 1.0, 1.0, 0.0));
    GROUPS.put("alone", group(1.0, 1.0));
    GROUPS.put("failed", group(null, 1.0, null, 0.0));
    GROUPS.put("unknown", group(1.0, null, 0.0, null));
    GROUPS.put("late", group(1.0, 1.0, 0.0, 0.0));
  }

  /** Totals and accuracies in turn. */
  private static List<Earned> group(Double... values) {
    List<Earned> group = new ArrayList<>();
    for (int i = 0; i < values.length; i += 2) {
      group.add(new Earned(values[i], values[i + 1]));
    }
    return group;
  }

  private static GrpoBatch batch(int most, String... objective) {
    List<Row> trajectories = new ArrayList<>();
    List<Row> rewards = new ArrayList<>();
    GROUPS.forEach(
        (query, group) -> {
          for (int k = 0; k < group.size(); k++) {
            String id = query + k;
            trajectories.add(Rows.TRAJECTORY.toRow(sample(id, query, k)));
            Earned earned = group.get(k);
            rewards.add(
                Rows.REWARD.toRow(
                    new Rows.Reward(
                        id, "v", 1.0, earned.accuracy, 0.0, earned.total, null, null, own(id))));
          }
        });
    trajectories.add(Rows.TRAJECTORY.toRow(sample("stray", "not-asked", 0)));
    rewards.add(
        Rows.REWARD.toRow(new Rows.Reward("stray", "v", 1.0, 1.0, 1.0, 9.0, null, null, null)));
    ObjectiveValues values = PresetReader.read(PRESETS, "demo", objective).grpo().objective();
    return GrpoBatch.read(
        rows(Table.TRAJECTORIES, trajectories),
        rows(Table.REWARDS, rewards),
        new GrpoBatch.Place("run", 1, 2, "v"),
        new GrpoBatch.Wanted(List.copyOf(GROUPS.keySet()), most),
        new PolicyStep(values, 8),
        samples -> new double[samples.size()]);
  }

  /**
   * A user's reward with the name of one of ours: 3 of one sample, unknown of another, of no other
   * sample at all.
   */
  private static Map<String, Rows.CustomReward> own(String id) {
    return switch (id) {
      case "equal0" -> Map.of("accuracy", new Rows.CustomReward("1", 3.0, null));
      case "equal1" -> Map.of("accuracy", new Rows.CustomReward("1", null, "failed: x"));
      default -> null;
    };
  }

  private static Dataset<Row> rows(Table table, List<Row> rows) {
    return TestSession.spark().createDataFrame(rows, table.schema());
  }

  private static Rows.Trajectory sample(String id, String query, int sample) {
    return new Rows.Trajectory(
        id,
        "run",
        1,
        Phase.RL.word(),
        2,
        query,
        sample,
        "p",
        null,
        List.of(1),
        List.of(2, 3),
        List.of(-1f, -1f),
        "",
        "stop",
        null,
        1.0,
        8,
        List.of(),
        "f");
  }

  private static Map<String, String> reasons(GrpoBatch batch) {
    return batch.filtered().stream()
        .collect(Collectors.toMap(Rows.GroupFiltered::queryId, Rows.GroupFiltered::reason));
  }

  @Test
  void byAccuracyWhatElseIsRewardedLetsNoGroupThrough() {
    GrpoBatch batch = batch(99, "grpo.objective=dapo");
    assertEquals(
        Map.of(
            "right", "all answers are right",
            "wrong", "all answers are wrong",
            "alone", "all answers are right",
            "failed", "no rewards",
            "unknown", "no right answer is known"),
        reasons(batch));
    assertEquals(8, batch.groups());
    assertEquals(3, batch.used());
    assertEquals(
        List.of("equal0", "equal1", "late0", "late1", "mixed0", "mixed1"), batch.trajectoryIds());
  }

  /** Of two rewards 2 and 0: the sample without one counts nowhere. */
  @Test
  void aRewardThatIsMissingIsInNoStatistics() {
    GrpoBatch batch = batch(99, "grpo.objective=dapo");
    double deviation = Math.sqrt(2);
    assertEquals(1 / (deviation + 1e-4), batch.advantages().get(4), 1e-12);
    assertEquals(-1 / (deviation + 1e-4), batch.advantages().get(5), 1e-12);
    assertEquals(0, batch.advantages().get(0));
  }

  @Test
  void byRewardGroupsWhoseRewardsDifferStay() {
    GrpoBatch batch = batch(99, "grpo.objective=vre");
    assertEquals(
        Map.of(
            "equal", "all rewards are equal",
            "alone", "all rewards are equal",
            "failed", "no rewards"),
        reasons(batch));
    assertEquals(5, batch.used());
  }

  @Test
  void withoutAFilterOnlyWhatHasNoRewardIsLeftOut() {
    GrpoBatch batch = batch(99, "grpo.objective=trl");
    assertEquals(Map.of("failed", "no rewards"), reasons(batch));
    int alone = batch.trajectoryIds().indexOf("alone0");
    assertEquals(0, batch.advantages().get(alone));
  }

  @Test
  void theFirstGroupsAskedForAreTaken() {
    GrpoBatch batch = batch(2, "grpo.objective=dapo");
    assertEquals(2, batch.used());
    assertEquals("the step has its groups", reasons(batch).get("late"));
    assertTrue(batch.trajectoryIds().contains("mixed0"));
  }

  /** What is left out has no part in the deviation of the batch. */
  @Test
  void theBatchsDeviationIsOfTheGroupsThatStay() {
    GrpoBatch batch = batch(1, "grpo.objective={preset: dapo, scale: batch}");
    assertEquals(List.of("mixed0", "mixed1"), batch.trajectoryIds());
    assertEquals(1 / (Math.sqrt(2) + 1e-4), batch.advantages().get(0), 1e-12);
    // Over all that was sampled.
    assertEquals(9.7 / 13, batch.mean(), 1e-12);
  }

  /** Right are 8 of the 14 answers whose truth is known; of 7 groups with rewards 2 agree. */
  @Test
  void eachRewardHasItsMeanAndSpreadOverAllThatWasSampled() {
    GrpoBatch batch = batch(1, "grpo.objective=dapo");
    Map<String, Double> means = batch.means();
    assertEquals(Set.of("format", "accuracy", "reflection", "custom.accuracy"), means.keySet());
    assertEquals(8.0 / 14, means.get("accuracy"), 1e-12);
    assertEquals(3, means.get("custom.accuracy"));
    Map<String, Double> spreads = batch.spreads();
    assertEquals(Math.sqrt(8 * 6 / 14.0 / 13), spreads.get("rewards/accuracy/std"), 1e-12);
    assertEquals(0, spreads.get("rewards/format/std"));
    assertFalse(spreads.containsKey("rewards/custom.accuracy/std"), "one value has no deviation");
    assertEquals(2.0 / 7, spreads.get("frac_reward_zero_std"), 1e-12);
  }

  @Test
  void aStepThatTakesNoGroupHasNoSamplesByAnyScale() {
    for (String scale : List.of("group", "batch", "none")) {
      GrpoBatch batch = batch(0, "grpo.objective={preset: dapo, scale: " + scale + "}");
      assertEquals(List.of(), batch.samples());
      assertEquals(GROUPS.size(), batch.filtered().size());
      assertEquals(9.7 / 13, batch.mean(), 1e-12);
    }
  }
}
