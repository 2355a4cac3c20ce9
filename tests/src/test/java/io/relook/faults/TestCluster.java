package io.relook.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A standalone cluster of a master and two workers, each a process of its own, trains the demo's
 * policy in two shards. It loses a worker on the way, and ends as a run in one process does that
 * has as many shards.
 */
@Tag("killed")
final class TestCluster {
  private static final String SHARDS = "train.shards=2";

  @TempDir private Path folder;
  private DemoRuns runs;
  private final List<Process> workers = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    runs = new DemoRuns(folder);
  }

  @AfterEach
  void endAll() {
    workers.forEach(worker -> worker.descendants().forEach(ProcessHandle::destroyForcibly));
    runs.close();
  }

  @Test
  void aClusterThatLosesAWorkerEndsAsOneProcess() throws Exception {
    Path alone = folder.resolve("alone");
    Path spread = folder.resolve("spread");
    String[] overrides = {
      SHARDS, "sft.tokenBudget=256", "grpo.tokenBudget=512", "grpo.steps=1", "data.testQuestions=2"
    };
    Process one = runs.start("alone.log", "", runs.command(alone, overrides));

    String master = startCluster();
    boolean[] lost = {false};
    int code =
        runs.run(
            options(master),
            () -> {
              if (!lost[0] && runs.output().contains("grpo ...")) {
                lost[0] = true;
                loseAWorker();
              }
              return false;
            },
            runs.command(spread, overrides));
    assertEquals(0, code, this::logs);
    assertTrue(lost[0], "no worker was lost");
    assertEquals(0, one.waitFor(), () -> runs.read("alone.log"));

    Set<String> executors = new TreeSet<>();
    for (Row row :
        DemoRuns.read(spread, Table.TRAINING_STEPS).where("stage = 'sft'").collectAsList()) {
      Rows.TRAINING_STEP.fromRow(row).secondsByPart().keySet().stream()
          .filter(part -> part.startsWith("shard "))
          .forEach(part -> executors.add(part.replaceFirst(".*executor ", "")));
    }
    assertEquals(2, executors.size(), "both executors computed gradients: " + executors);
    DemoRuns.assertEqualRuns(alone, spread);
  }

  /** What the driver and the executors said. */
  private String logs() {
    StringBuilder logs = new StringBuilder(runs.output());
    try (Stream<Path> files = Files.walk(folder, 4)) {
      for (Path file :
          files.filter(f -> f.toString().matches(".*(stderr|worker-0.log)")).toList()) {
        logs.append('\n').append(file).append(":\n").append(Files.readString(file));
      }
    } catch (IOException e) {
      logs.append(e);
    }
    return logs.toString();
  }

  private void loseAWorker() {
    Process worker = workers.get(1);
    List<ProcessHandle> executors = worker.descendants().toList();
    worker.destroyForcibly();
    executors.forEach(ProcessHandle::destroyForcibly);
  }

  /** Returns the master's URL. */
  private String startCluster() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    Path home = Files.createDirectories(folder.resolve("spark-home/jars"));
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    for (String entry : classPath.split(File.pathSeparator)) {
      if (entry.endsWith(".jar")) {
        Path jar = Path.of(entry);
        Files.createSymbolicLink(home.resolve(jar.getFileName()), jar);
      }
    }
    String environment = "export SPARK_SCALA_VERSION=2.13 SPARK_HOME=" + home.getParent() + "; ";
    String url = "spark://127.0.0.1:" + port;
    runs.start(
        "master.log",
        environment,
        "org.apache.spark.deploy.master.Master",
        "--host",
        "127.0.0.1",
        "--port",
        Integer.toString(port),
        "--webui-port",
        "0");
    for (int i = 0; i < 2; i++) {
      workers.add(
          runs.start(
              "worker-%d.log".formatted(i),
              environment,
              "org.apache.spark.deploy.worker.Worker",
              "--host",
              "127.0.0.1",
              "--cores",
              "1",
              "--memory",
              "1g",
              "--webui-port",
              "0",
              "--work-dir",
              folder.resolve("work-" + i).toString(),
              url));
    }
    return url;
  }

  /** A driver on the cluster; what spark-submit would pass with {@code --conf}. */
  private static String options(String master) {
    List<String> conf =
        List.of(
            "spark.master=" + master,
            "spark.driver.host=127.0.0.1",
            "spark.driver.bindAddress=127.0.0.1",
            "spark.executor.memory=1g",
            "spark.executorEnv.DJL_OFFLINE=true",
            "spark.executorEnv.OPT_OUT_TRACKING=true",
            "spark.ui.enabled=false",
            "spark.sql.shuffle.partitions=2",
            "spark.sql.codegen.wholeStage=false",
            "spark.sql.codegen.factoryMode=NO_CODEGEN",
            "spark.databricks.delta.snapshotPartitions=1");
    return "export JAVA_TOOL_OPTIONS='-D" + String.join(" -D", conf) + "'; ";
  }
}
