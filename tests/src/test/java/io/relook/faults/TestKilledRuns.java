package io.relook.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.lakehouse.Table;
import io.relook.training.EmbeddedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/**
 * The demo's command in JVMs of its own, on one lakehouse: stopped by a full disk, killed in
 * rollout, SFT and GRPO, started again each time. It ends as a run that nothing stopped, bit for
 * bit.
 */
@Tag("killed")
final class TestKilledRuns {
  @TempDir private Path folder;
  private DemoRuns runs;

  @BeforeEach
  void open() throws IOException {
    runs = new DemoRuns(folder);
  }

  @AfterEach
  void endAll() {
    runs.close();
  }

  @Test
  void aRunThatIsStoppedAgainAndAgainEndsAsAnUnbrokenOne() throws Exception {
    Path whole = folder.resolve("whole");
    Path broken = folder.resolve("broken");
    // The base policy lies there before the limits, which it would not fit.
    Path base = folder.resolve("base");
    EmbeddedModel.unpack(base, true);
    runs = new DemoRuns(folder, base.toString());
    // Beside the others, one thread of the engine each: the test takes half as long.
    Process unbroken = runs.start("whole.log", "", runs.command(whole));

    // No file may grow beyond 8 KiB: the pictures' table cannot be written.
    assertEquals(1, runs.run(broken, "ulimit -f 8; ", () -> false), runs::output);
    assertTrue(
        runs.lastWords().matches("relook: Cannot write table .*File too large.*"), runs::output);

    killed(
        broken, () -> runs.output().contains("roll out ...") && runs.output().contains(" 64 rows"));
    assertEquals(64, DemoRuns.rows(broken, Table.TRAJECTORIES, "phase = 'difficulty'"));

    // No file may grow beyond 16 MiB: a checkpoint cannot be written, the tables can.
    assertEquals(1, runs.run(broken, "ulimit -f 16384; ", () -> false), runs::output);
    assertTrue(
        runs.lastWords().matches("relook: Cannot write the checkpoint .*File too large.*"),
        runs::output);
    assertEquals(96, DemoRuns.rows(broken, Table.TRAJECTORIES, "phase = 'difficulty'"));
    assertEquals(0, DemoRuns.rows(broken, Table.CHECKPOINTS, "stage = 'sft'"));

    killed(
        broken, () -> DemoRuns.policies(broken).stream().anyMatch(p -> p.contains("1-sft-0002")));
    assertEquals(
        1, DemoRuns.rows(broken, Table.CHECKPOINTS, "stage = 'sft'"), "killed before the commit");
    assertEquals(2, DemoRuns.rows(broken, Table.TRAINING_STEPS, "stage = 'sft'"));

    killed(
        broken, () -> DemoRuns.policies(broken).stream().anyMatch(p -> p.contains("1-grpo-0002")));
    assertEquals(
        1, DemoRuns.rows(broken, Table.CHECKPOINTS, "stage = 'grpo'"), "killed before the commit");
    assertEquals(2, DemoRuns.rows(broken, Table.TRAINING_STEPS, "stage = 'grpo'"));

    assertEquals(0, runs.run(broken, "", () -> false), runs::output);
    assertEquals(0, unbroken.waitFor(), () -> runs.read("whole.log"));
    assertTrue(
        DemoRuns.rows(whole, Table.TRAINING_STEPS, "stage = 'grpo' AND size(trained_ids) > 0") > 0,
        "no GRPO step compared anything");
    DemoRuns.assertEqualRuns(whole, broken);
  }

  /**
   * Killed where each stage of two iterations begins, from the first to the last. So few samples,
   * and so little learnt, leave hard prompts that the RL policy then solves.
   */
  @Test
  void aRunThatIsKilledAtEveryArrowEndsAsAnUnbrokenOne() throws Exception {
    String[] recipe = {
      "iterations=2", "data.trainQuestions=24", "rollout.samples=2", "sft.rate=1e-6"
    };
    Path whole = folder.resolve("whole");
    Path broken = folder.resolve("broken");
    assertEquals(0, runs.run("", () -> false, runs.command(whole, recipe)), runs::output);
    List<String> arrows = stages();
    assertEquals(2, arrows.stream().filter("sft ..."::equals).count(), runs::output);
    assertTrue(arrows.contains("hard prompts ..."), runs::output);
    for (int arrow = 1; arrow <= arrows.size(); arrow++) {
      int reached = arrow;
      int code = runs.run("", () -> stages().size() >= reached, runs.command(broken, recipe));
      assertEquals(128 + 9, code, runs::output);
      assertEquals(arrows.get(arrow - 1), stages().get(arrow - 1));
    }
    assertEquals(0, runs.run("", () -> false, runs.command(broken, recipe)), runs::output);
    DemoRuns.assertEqualRuns(whole, broken);
  }

  private List<String> stages() {
    return runs.output().lines().filter(line -> line.matches("\\S.* \\.\\.\\.")).toList();
  }

  /**
   * Of {@code tests/kill-points.sh}: killed at so many moments that a seed chooses, anywhere
   * between the first stage and the end.
   */
  @Test
  @EnabledIfEnvironmentVariable(named = "RELOOK_KILLS", matches = "[1-9][0-9]*")
  void aRunThatIsKilledAtRandomMomentsEndsAsAnUnbrokenOne() throws Exception {
    int kills = Integer.parseInt(System.getenv("RELOOK_KILLS"));
    String given = System.getenv("RELOOK_SEED");
    long seed = given == null ? System.nanoTime() : Long.parseLong(given);
    System.out.printf("%d kills, RELOOK_SEED=%d%n", kills, seed);
    Random random = new Random(seed);
    Path whole = folder.resolve("whole");
    Path broken = folder.resolve("broken");
    long[] begun = new long[1];
    assertEquals(0, runs.run(whole, "", () -> begun(begun)), runs::output);
    double working = (System.nanoTime() - begun[0]) / 1e9;
    int hit = 0;
    for (int attempt = 0; hit < kills; attempt++) {
      double after = random.nextDouble() * working;
      begun[0] = 0;
      int code =
          runs.run(
              broken,
              "",
              () -> {
                begun(begun);
                return begun[0] > 0 && (System.nanoTime() - begun[0]) / 1e9 > after;
              });
      assertTrue(code == 0 || code == 128 + 9, runs::output);
      if (code == 0) {
        DemoRuns.assertEqualRuns(whole, broken);
        broken = folder.resolve("broken-" + attempt);
      } else {
        System.out.printf("kill %d, %.1f s into the work: %s%n", ++hit, after, lastStage());
      }
    }
    assertEquals(0, runs.run(broken, "", () -> false), runs::output);
    DemoRuns.assertEqualRuns(whole, broken);
  }

  /** Notes when a run begins its first stage; never a reason to kill it. */
  private boolean begun(long[] since) {
    if (since[0] == 0 && runs.output().contains("lakehouse ")) {
      since[0] = System.nanoTime();
    }
    return false;
  }

  private String lastStage() {
    return stages().stream().reduce("-", (a, b) -> b);
  }

  /** What a full disk left of the base policy is no policy: the next run unpacks it again. */
  @Test
  void weightsThatDidNotFitAreNotTakenForWhole() throws Exception {
    Path weights = folder.resolve("base/model.safetensors");
    String[] unpack = {Unpack.class.getName(), folder.resolve("base").toString()};
    assertEquals(1, runs.run("ulimit -f 8192; ", () -> false, unpack), runs::output);
    assertTrue(runs.output().contains("Cannot unpack the embedded model"), runs::output);
    assertFalse(Files.exists(weights));
    assertEquals(0, runs.run("", () -> false, unpack), runs::output);
    assertTrue(Files.size(weights) > 8 << 20);
  }

  /** A process that unpacks the embedded model. */
  static final class Unpack {
    public static void main(String[] args) {
      EmbeddedModel.unpack(Path.of(args[0]), true);
    }
  }

  /** Starts the command, waits for {@code when}, kills it; it must not have ended before. */
  private void killed(Path lakehouse, BooleanSupplier when) throws Exception {
    assertEquals(128 + 9, runs.run(lakehouse, "", when), runs::output);
  }
}
