package io.relook.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.relook.TestSession;
import io.relook.lakehouse.Keys;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Table;
import io.relook.training.EventReader;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** The demo's command in JVMs of its own, on a tiny preset, and what came out of it. */
final class DemoRuns implements AutoCloseable {
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
          Table.CHECKPOINTS, List.of("uri", "optimizer_uri", "committed_at", "removed_at"));

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

  private final Path folder;
  private final List<Process> started = new ArrayList<>();

  DemoRuns(Path folder) throws IOException {
    this(folder, "embedded");
  }

  DemoRuns(Path folder, String model) throws IOException {
    this.folder = folder;
    Files.writeString(
        folder.resolve("tiny.yaml"), PRESET.replace("model: embedded", "model: " + model));
  }

  int run(Path lakehouse, String before, BooleanSupplier kill) throws Exception {
    return run(before, kill, command(lakehouse));
  }

  String[] command(Path lakehouse, String... overrides) {
    return command(lakehouse.toString(), overrides);
  }

  String[] command(String lakehouse, String... overrides) {
    List<String> command = new ArrayList<>(List.of("io.relook.cli.Relook", "demo"));
    command.addAll(List.of("--preset", folder.resolve("tiny.yaml").toString()));
    command.addAll(List.of("--lakehouse", lakehouse));
    command.addAll(Arrays.asList(overrides));
    return command.toArray(String[]::new);
  }

  int run(String before, BooleanSupplier kill, String... mainAndArguments) throws Exception {
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

  Process start(String output, String before, String... mainAndArguments) throws IOException {
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

  @Override
  public void close() {
    started.forEach(Process::destroyForcibly);
  }

  String output() {
    return read("output");
  }

  String read(String file) {
    try {
      return Files.readString(folder.resolve(file));
    } catch (IOException e) {
      return "";
    }
  }

  /** Behind what Spark logs; the process that passes it on may come late. */
  String lastWords() throws InterruptedException {
    for (int i = 0; i < 100 && !output().contains("relook: "); i++) {
      Thread.sleep(50);
    }
    return output().lines().reduce("", (before, line) -> line);
  }

  /** Folders of checkpoints, committed or not. */
  static List<String> policies(Path lakehouse) {
    return policies(lakehouse.toString());
  }

  static List<String> policies(String lakehouse) {
    var folder = new org.apache.hadoop.fs.Path(lakehouse, "policies/demo");
    try {
      return Stream.of(folder.getFileSystem(hadoop()).listStatus(folder))
          .map(f -> f.getPath().getName())
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static Configuration hadoop() {
    return TestSession.spark().sessionState().newHadoopConf();
  }

  static Dataset<Row> read(Path lakehouse, Table table) {
    return read(lakehouse.toString(), table);
  }

  static Dataset<Row> read(String lakehouse, Table table) {
    return Lakehouse.open(TestSession.spark(), lakehouse).read(table);
  }

  static long rows(Path lakehouse, Table table, String condition) {
    return read(lakehouse, table).where(condition).count();
  }

  /** All rows as text, sorted; the two lakehouses' own places are not part of it. */
  static List<String> content(String lakehouse, Table table) {
    String[] drop = VOLATILE.getOrDefault(table, List.of()).toArray(new String[0]);
    return read(lakehouse, table).drop(drop).toJSON().collectAsList().stream().sorted().toList();
  }

  /** SHA-256 of the weights' file of each version that is kept. */
  static Map<String, String> weights(String lakehouse) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    for (Row row : read(lakehouse, Table.CHECKPOINTS).where("removed_at IS NULL").collectAsList()) {
      var file = new org.apache.hadoop.fs.Path(row.<String>getAs("uri"), "model.safetensors");
      try (InputStream in = file.getFileSystem(hadoop()).open(file)) {
        hashes.put(row.getAs("policy_version"), Keys.of(in.readAllBytes()));
      }
    }
    return hashes;
  }

  static void assertEqualRuns(Path whole, Path broken) throws IOException {
    assertEqualRuns(whole.toString(), broken.toString());
  }

  static void assertEqualRuns(String whole, String broken) throws IOException {
    for (Table table : COMPARED) {
      List<String> expected = content(whole, table);
      assertFalse(expected.isEmpty(), table.tableName());
      assertEquals(expected, content(broken, table), table.tableName());
    }
    assertEquals(weights(whole), weights(broken));
    for (String stage : List.of("1-sft", "1-grpo")) {
      List<String> drawn = drawn(whole, stage);
      assertFalse(drawn.isEmpty(), stage);
      assertEquals(drawn, drawn(broken, stage), stage);
    }
  }

  /** What TensorBoard is given of a stage, but for times. */
  private static List<String> drawn(String lakehouse, String stage) throws IOException {
    var folder = new org.apache.hadoop.fs.Path(lakehouse, "tensorboard/demo/" + stage);
    FileSystem files = folder.getFileSystem(hadoop());
    List<String> drawn = new ArrayList<>();
    for (FileStatus status : files.listStatus(folder)) {
      try (InputStream in = files.open(status.getPath())) {
        for (EventReader.Event event : EventReader.read(in.readAllBytes())) {
          event.scalars().keySet().removeIf(tag -> tag.startsWith("seconds"));
          drawn.add(event.step() + " " + event.scalars());
        }
      }
    }
    return drawn;
  }
}
