package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.model.engine.PolicyRow;
import io.relook.preset.ObjectiveValues;
import io.relook.preset.PresetReader;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Samples of 4, 1 and 2 tokens; the last one was cut. */
final class TestPolicyStep {
  private static final Path PRESETS =
      Path.of(System.getProperty("relook.root", "..")).resolve("conf/presets");

  private static final PolicyStep.Samples SAMPLES =
      new PolicyStep.Samples(
          new double[][] {{-1, -1, -1, -1}, {-2}, {-1, -1}},
          new double[] {1, -1, 0.5},
          new boolean[] {false, false, true});

  private static PolicyStep step(String... overrides) {
    ObjectiveValues values = PresetReader.read(PRESETS, "demo", overrides).grpo().objective();
    return new PolicyStep(values, 8);
  }

  @Test
  void theDemosObjectiveAveragesTokensThenSamplesAgainstTheSampler() {
    List<PolicyRow> rows = step().rows(SAMPLES, null, null);
    float quarter = 1f / 4 / 3;
    assertArrayEquals(new float[] {quarter, quarter, quarter, quarter}, rows.get(0).weights());
    assertArrayEquals(new float[] {1f / 3}, rows.get(1).weights());
    assertArrayEquals(new float[] {1f / 6, 1f / 6}, rows.get(2).weights());
    assertArrayEquals(new float[] {-2}, rows.get(1).old());
    assertArrayEquals(new float[] {0.5f, 0.5f}, rows.get(2).advantages());
    assertArrayEquals(new float[] {1, 1}, rows.get(2).mask());
  }

  @Test
  void dapoCountsAllTokensAlikeOnPolicy() {
    List<PolicyRow> rows = step("grpo.objective=dapo").rows(SAMPLES, null, null);
    assertArrayEquals(new float[] {1f / 7}, rows.get(1).weights());
    assertTrue(Float.isNaN(rows.get(1).old()[0]));
  }

  @Test
  void drGrpoDividesByTheBudgetAndNotByTheDeviation() {
    PolicyStep step = step("grpo.objective=dr_grpo");
    assertArrayEquals(new float[] {1f / 3 / 8}, step.rows(SAMPLES, null, null).get(1).weights());
    assertArrayEquals(
        new double[] {-2, 2}, step.advantages(new double[] {1, 5}, new double[2], new long[2]));
  }

  @Test
  void cutSamplesLeaveTheLossAndTheirDivisorAsTheLibraryHasIt() {
    List<PolicyRow> verl =
        step("grpo.objective={preset: verl, aggregation: sequence_sum, maskTruncated: true}")
            .rows(SAMPLES, null, null);
    assertArrayEquals(new float[] {0, 0}, verl.get(2).weights());
    assertArrayEquals(new float[] {0, 0}, verl.get(2).mask());
    assertEquals(1f / 2, verl.get(1).weights()[0]);
    List<PolicyRow> trl =
        step("grpo.objective={preset: trl, aggregation: sequence_sum, maskTruncated: true, correction: none, correctionMost: null}")
            .rows(SAMPLES, null, null);
    assertEquals(1f / 3, trl.get(1).weights()[0]);
  }

  @Test
  void trlMasksSequencesThatItsSamplerSawOtherwise() {
    // ratios of the sequences: 1, e² (beyond 3), 1
    PolicyStep.Scores own =
        new PolicyStep.Scores(new double[][] {{-1, -1, -1, -1}, {0}, {-1, -1}}, null);
    List<PolicyRow> rows = step("grpo.objective=trl").rows(SAMPLES, own, null);
    assertEquals(1f / 7, rows.get(0).weights()[0]);
    assertEquals(0, rows.get(1).weights()[0]);
  }

  @Test
  void onlyTokensOfHighEntropyAreTrainedOn() {
    PolicyStep.Scores own =
        new PolicyStep.Scores(SAMPLES.sampling(), new double[][] {{4, 1, 1, 1}, {1}, {1, 5}});
    List<PolicyRow> rows =
        step("grpo.objective={preset: dapo, topEntropyShare: 0.2}").rows(SAMPLES, own, null);
    assertArrayEquals(new float[] {1f / 7, 0, 0, 0}, rows.get(0).weights());
    assertArrayEquals(new float[] {0, 1f / 7}, rows.get(2).weights());
  }

  @Test
  void longAnswersLoseReward() {
    PolicyStep step = step("grpo.objective={preset: dapo, overlongCache: 4}");
    assertEquals(1, step.shaped(1, 4));
    assertEquals(0.5, step.shaped(1, 6));
    assertEquals(0, step.shaped(1, 8));
    assertEquals(1, step().shaped(1, 8));
  }
}
