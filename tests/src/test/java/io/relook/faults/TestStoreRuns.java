package io.relook.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.jobs.ScenesJob;
import io.relook.lakehouse.Table;
import io.relook.stores.HdfsCluster;
import io.relook.stores.SharedStores;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The demo's command with tables and checkpoints on HDFS and on S3A: killed while it writes a
 * checkpoint, started again, it ends as a run on a local disk that nothing stopped.
 */
@Tag("killed")
final class TestStoreRuns {
  private static final String[] SMALL = {"data.testQuestions=2", "sft.saveEvery=100"};

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
  void onHdfs() throws Exception {
    try (HdfsCluster hdfs = HdfsCluster.start(folder)) {
      assertEndsAsALocalRun(hdfs.uri("lake"), "", () -> {});
    }
  }

  @Test
  void onS3WhereASecondDriverIsRefused() throws Exception {
    String place = SharedStores.s3a("loop");
    String settings =
        SharedStores.s3aSettings().entrySet().stream()
            .map(setting -> "-Dspark.hadoop." + setting)
            .collect(Collectors.joining(" "));
    String options = "export JAVA_TOOL_OPTIONS='%s'; ".formatted(settings);
    List<Process> second = new ArrayList<>();
    assertEndsAsALocalRun(
        place,
        options,
        () -> {
          if (second.isEmpty() && runs.output().contains("roll out ...")) {
            second.add(ingest(place, options));
          }
        });
    assertEquals(1, second.get(0).waitFor(), () -> runs.read("second.log"));
    assertTrue(
        runs.read("second.log").contains(" has a writer already: relook demo (local-"),
        () -> runs.read("second.log"));
  }

  /** Another driver, which knows of no run. */
  private Process ingest(String place, String options) {
    String preset = folder.resolve("tiny.yaml").toString();
    String[] command = {ScenesJob.class.getName(), "--lakehouse", place, "--preset", preset};
    try {
      return runs.start("second.log", options, command);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Kills the run when the first version of GRPO is half there, and starts it again.
   *
   * @param meanwhile is done again and again until then
   */
  private void assertEndsAsALocalRun(String place, String options, Runnable meanwhile)
      throws Exception {
    String version = "1-grpo-0001";
    Path local = folder.resolve("local");
    Process alone = runs.start("alone.log", "", runs.command(local, SMALL));
    String[] command = runs.command(place, SMALL);
    int code =
        runs.run(
            options,
            () -> {
              meanwhile.run();
              return versions(place, version) > 0;
            },
            command);
    assertEquals(137, code, runs::output);
    assertEquals(0, DemoRuns.read(place, Table.CHECKPOINTS).where("stage = 'grpo'").count());
    assertEquals(0, runs.run(options, () -> false, command), runs::output);
    assertEquals(2, versions(place, version), "what the killed run left is nobody's");
    assertEquals(0, alone.waitFor(), () -> runs.read("alone.log"));
    DemoRuns.assertEqualRuns(local.toString(), place);
  }

  private static long versions(String place, String name) {
    return DemoRuns.policies(place).stream().filter(p -> p.startsWith(name)).count();
  }
}
