package io.relook.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.Keys;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Table;
import io.relook.training.EmbeddedModel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
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
  private static final String PRESET =
      """
      model: embedded
      data: {scenesSeed: 11, trainQuestions: 12, testQuestions: 4, ingest: null}
      engine: {dtype: float32, threads: 1, slots: 32}
      rollout: {samples: 8, temperature: 1.0, maxNewTokens: 96, minPixels: 0, chunk: 8, partitions: 1}
      rewards: {format: 0.2, accuracy: 1.0, reflection: 0.2}
      reconstruct: {sources: 2, candidates: 1, directShare: 0.35, instruction: "Look at the image again before you answer."}
      sft: {epochs: 1, batch: 4, rate: 3.0e-4, warmupSteps: 1, maxGradientNorm: 1.0, weightDecay: 0.0, tokenBudget: 4096, saveEvery: 1}
      grpo: {steps: 2, queries: 2, samples: 8, temperature: 1.0, rate: 1.0e-4, warmupSteps: 1, maxGradientNorm: 1.0, tokenBudget: 4096}
      failureBudget: 0.05
      """;

  /** What is printed goes to its file through another process, which no limit holds. */
  private static final String PIPED = "exec > >(exec cat) 2>&1; ";

  /** What says when or where something ran, not what came out. */
  private static final Map<Table, List<String>> VOLATILE =
      Map.of(
          Table.TRAINING_STEPS, List.of("seconds", "seconds_by_part", "tables_read"),
          Table.CHECKPOINTS, List.of("uri", "optimizer_uri", "committed_at"));

  private static final List<Table> COMPARED =
      List.of(
          Table.QUERIES,
          Table.IMAGES,
          Table.TRAJECTORIES,
          Table.REWARDS,
          Table.DIFFICULTY,
          Table.REFLECTIONS,
          Table.SFT_EXAMPLES,
          Table.TRAINING_STEPS,
          Table.CHECKPOINTS,
          Table.EVALUATIONS);

  @TempDir private Path folder;
  private final List<Process> started = new ArrayList<>();

  @Test
  void aRunThatIsStoppedAgainAndAgainEndsAsAnUnbrokenOne() throws Exception {
    Files.writeString(folder.resolve("tiny.yaml"), PRESET);
    Path whole = folder.resolve("whole");
    Path broken = folder.resolve("broken");
    // Beside the others, one thread of the engine each: the test takes half as long.
    Process unbroken = start("whole.log", "", command(whole));

    // No file may grow beyond 8 KiB: the pictures' table cannot be written.
    assertEquals(1, run(broken, "ulimit -f 8; ", () -> false), this::output);
    assertTrue(lastWords().matches("relook: Cannot write table .*File too large.*"), this::output);

    killed(broken, () -> output().contains("roll out ...") && output().contains(" 64 rows"));
    assertEquals(64, rows(broken, Table.TRAJECTORIES, "phase = 'difficulty'"));

    // No file may grow beyond 16 MiB: a checkpoint cannot be written, the tables can.
    assertEquals(1, run(broken, "ulimit -f 16384; ", () -> false), this::output);
    assertTrue(
        lastWords().matches("relook: Cannot write the checkpoint .*File too large.*"),
        this::output);
    assertEquals(96, rows(broken, Table.TRAJECTORIES, "phase = 'difficulty'"));
    assertEquals(0, rows(broken, Table.CHECKPOINTS, "stage = 'sft'"));

    killed(broken, () -> policies(broken).stream().anyMatch(p -> p.contains("1-sft-0002")));
    assertEquals(1, rows(broken, Table.CHECKPOINTS, "stage = 'sft'"), "killed before the commit");
    assertEquals(2, rows(broken, Table.TRAINING_STEPS, "stage = 'sft'"));

    killed(broken, () -> policies(broken).stream().anyMatch(p -> p.contains("1-grpo-0002")));
    assertEquals(1, rows(broken, Table.CHECKPOINTS, "stage = 'grpo'"), "killed before the commit");
    assertEquals(2, rows(broken, Table.TRAINING_STEPS, "stage = 'grpo'"));

    assertEquals(0, run(broken, "", () -> false), this::output);
    assertEquals(0, unbroken.waitFor(), () -> read("whole.log"));
    assertTrue(
        rows(whole, Table.TRAINING_STEPS, "stage = 'grpo' AND size(trained_ids) > 0") > 0,
        "no GRPO step compared anything");
    assertEqualRuns(whole, broken);
  }

  /**
   * Of {@code tests/kill-points.sh}: killed at so many moments that a seed chooses, anywhere between
   * the first stage and the end.
   */
  @Test
  @EnabledIfEnvironmentVariable(named = "RELOOK_KILLS", matches = "[1-9][0-9]*")
  void aRunThatIsKilledAtRandomMomentsEndsAsAnUnbrokenOne() throws Exception {
    int kills = Integer.parseInt(System.getenv("RELOOK_KILLS"));
    String given = System.getenv("RELOOK_SEED");
    long seed = given == null ? System.nanoTime() : Long.parseLong(given);
    System.out.printf("%d kills, RELOOK_SEED=%d%n", kills, seed);
    Random random = new Random(seed);
    Files.writeString(folder.resolve("tiny.yaml"), PRESET);
    Path whole = folder.resolve("whole");
    Path broken = folder.resolve("broken");
    long[] begun = new long[1];
    assertEquals(0, run(whole, "", () -> begun(begun)), this::output);
    double working = (System.nanoTime() - begun[0]) / 1e9;
    int hit = 0;
    for (int kill = 1; kill <= kills; kill++) {
      double after = random.nextDouble() * 2 * working / kills;
      begun[0] = 0;
      int code =
          run(
              broken,
              "",
              () -> {
                begun(begun);
                return begun[0] > 0 && (System.nanoTime() - begun[0]) / 1e9 > after;
              });
      hit += code == 128 + 9 ? 1 : 0;
      System.out.printf("kill %d, %.1f s into the work: %s%n", kill, after, lastStage());
      assertTrue(code == 0 || code == 128 + 9, this::output);
    }
    assertEquals(0, run(broken, "", () -> false), this::output);
    assertTrue(hit > 0, "the run was never killed: choose another seed");
    assertEqualRuns(whole, broken);
  }

  /** Notes when a run begins its first stage; never a reason to kill it. */
  private boolean begun(long[] since) {
    if (since[0] == 0 && output().contains("lakehouse ")) {
      since[0] = System.nanoTime();
    }
    return false;
  }

  private String lastStage() {
    return output().lines().filter(line -> line.contains(" ...")).reduce("-", (a, b) -> b);
  }

  private static void assertEqualRuns(Path whole, Path broken) throws IOException {
    for (Table table : COMPARED) {
      List<String> expected = content(whole, table);
      assertFalse(expected.isEmpty(), table.tableName());
      assertEquals(expected, content(broken, table), table.tableName());
    }
    assertEquals(weights(whole), weights(broken));
  }

  /** What a full disk left of the base policy is no policy: the next run unpacks it again. */
  @Test
  void weightsThatDidNotFitAreNotTakenForWhole() throws Exception {
    Path weights = folder.resolve("base/model.safetensors");
    String[] unpack = {Unpack.class.getName(), folder.resolve("base").toString()};
    assertEquals(1, run("ulimit -f 8192; ", () -> false, unpack), this::output);
    assertTrue(output().contains("Cannot unpack the embedded model"), this::output);
    assertFalse(Files.exists(weights));
    assertEquals(0, run("", () -> false, unpack), this::output);
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
    assertEquals(128 + 9, run(lakehouse, "", when), this::output);
  }

  private int run(Path lakehouse, String before, BooleanSupplier kill) throws Exception {
    return run(before, kill, command(lakehouse));
  }

  private String[] command(Path lakehouse) {
    return new String[] {
      "io.relook.cli.Relook",
      "demo",
      "--preset",
      folder.resolve("tiny.yaml").toString(),
      "--lakehouse",
      lakehouse.toString()
    };
  }

  private int run(String before, BooleanSupplier kill, String... mainAndArguments)
      throws Exception {
    Process process = start("output", before, mainAndArguments);
    while (process.isAlive()) {
      if (kill.getAsBoolean()) {
        process.destroyForcibly();
        break;
      }
      Thread.sleep(10);
    }
    return process.waitFor();
  }

  private Process start(String output, String before, String... mainAndArguments)
      throws IOException {
    List<String> command =
        new ArrayList<>(List.of("bash", "-c", PIPED + before + "exec \"$0\" \"$@\""));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(a -> a.startsWith("-") && !a.startsWith("-javaagent"))
        .forEach(command::add);
    // Short lives: the quick compiler alone, and no shared memory file that a limit would cut.
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData"));
    // Nor native compressors, which are unpacked into files before they are loaded.
    command.addAll(
        List.of(
            "-Dspark.sql.parquet.compression.codec=uncompressed",
            "-Dspark.shuffle.mapStatus.compression.codec=lz4",
            "-cp"));
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.addAll(List.of(mainAndArguments));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(output).toFile())
            .start();
    started.add(process);
    return process;
  }

  @AfterEach
  void endAll() {
    started.forEach(Process::destroyForcibly);
  }

  private String output() {
    return read("output");
  }

  private String read(String file) {
    try {
      return Files.readString(folder.resolve(file));
    } catch (IOException e) {
      return "";
    }
  }

  /** Behind what Spark logs; the process that passes it on may come late. */
  private String lastWords() throws InterruptedException {
    for (int i = 0; i < 100 && !output().contains("relook: "); i++) {
      Thread.sleep(50);
    }
    return output().lines().reduce("", (before, line) -> line);
  }

  /** Folders of checkpoints, committed or not. */
  private static List<String> policies(Path lakehouse) {
    try (Stream<Path> folders = Files.list(lakehouse.resolve("policies/demo"))) {
      return folders.map(f -> f.getFileName().toString()).toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static Dataset<Row> read(Path lakehouse, Table table) {
    return Lakehouse.open(TestSession.spark(), lakehouse.toString()).read(table);
  }

  private static long rows(Path lakehouse, Table table, String condition) {
    return read(lakehouse, table).where(condition).count();
  }

  /** All rows as text, sorted; the two lakehouses' own places are not part of it. */
  private static List<String> content(Path lakehouse, Table table) {
    String[] drop = VOLATILE.getOrDefault(table, List.of()).toArray(new String[0]);
    return read(lakehouse, table).drop(drop).toJSON().collectAsList().stream().sorted().toList();
  }

  /** SHA-256 of each committed version's weights. */
  private static Map<String, String> weights(Path lakehouse) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    for (Row row : read(lakehouse, Table.CHECKPOINTS).collectAsList()) {
      Path file = Path.of(row.<String>getAs("uri")).resolve("model.safetensors");
      hashes.put(row.getAs("policy_version"), Keys.of(Files.readAllBytes(file)));
    }
    return hashes;
  }
}
