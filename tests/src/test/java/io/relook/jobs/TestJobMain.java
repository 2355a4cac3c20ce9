package io.relook.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RunLock;
import io.relook.lakehouse.Table;
import io.relook.stores.SharedStores;
import io.relook.training.EmbeddedModel;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jobs as commands of their own, one of them under spark-submit. */
class TestJobMain {
  private static final Path ROOT = Path.of(System.getProperty("relook.root", ".."));
  private static final String PRESET = ROOT.resolve("conf/presets/demo-short.yaml").toString();

  @TempDir private Path folder;

  private record Outcome(int code, String errors) {}

  @Test
  void aWrongCommandLineIsToldWholeAndEndsWith2() {
    Outcome outcome =
        execute(
            RolloutJob.USAGE, "--run", "--preset", PRESET, "--polici", "x", "--iteration", "one");
    assertEquals(2, outcome.code());
    for (String problem :
        List.of(
            "--run needs a value",
            "unknown option --polici",
            "--lakehouse is missing",
            "--run is missing",
            "--iteration must be a whole number, not one",
            "[--phase difficulty]")) {
      assertTrue(outcome.errors().contains(problem), problem + " in " + outcome.errors());
    }
  }

  @Test
  void aWrongPresetOrOverrideEndsWith1() {
    Outcome outcome =
        execute(
            ScoreJob.USAGE, "--lakehouse", "x", "--run", "r", "--preset", PRESET, "grpo.stepz=1");
    assertEquals(1, outcome.code());
    assertTrue(outcome.errors().contains("grpo.stepz (nearest: steps)"), outcome.errors());
  }

  @Test
  void aPolicyThatIsNoneDoesNotBecomeARunsBase() throws Exception {
    Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), folder.resolve("lake").toString());
    assertRefused(lakehouse, "has no place", "embedded");
    assertRefused(lakehouse, "no folder with a config.json", folder.resolve("typo").toString());
    assertEquals(0, lakehouse.read(Table.CHECKPOINTS).count());
    Path first = Files.createDirectories(folder.resolve("first"));
    Path second = Files.createDirectories(folder.resolve("second"));
    Files.writeString(first.resolve("config.json"), "{}");
    Files.writeString(second.resolve("config.json"), "{}");
    assertEquals(
        "r/0/base/0", policy(lakehouse, first.toString()).policy(lakehouse).policyVersion());
    assertEquals(
        first.toUri().getPath(),
        path(policy(lakehouse, "r/0/base/0").policy(lakehouse).uri()) + "/");
    assertRefused(lakehouse, "the run r began from", second.toString());
  }

  @Test
  void onS3AJobIsRefusedBeforeItStartsWhileAnotherDriverWrites() throws Exception {
    String place = SharedStores.s3a("jobs");
    String[] command = {"--lakehouse", place, "--preset", PRESET};
    var lock = new org.apache.hadoop.fs.Path(place, "locks/writer");
    FileSystem files = lock.getFileSystem(TestSession.spark().sessionState().newHadoopConf());
    String other =
        "{\"owner\": \"o\", \"application\": \"relook rollout\", \"host\": \"elsewhere\", \"pid\": 7, \"since\": \"today\", \"renewed\": \"%s\"}"
            .formatted(Instant.now());
    try (OutputStream out = files.create(lock)) {
      out.write(other.getBytes(StandardCharsets.UTF_8));
    }
    Outcome refused = execute(ScenesJob.USAGE, command);
    assertEquals(1, refused.code(), refused.errors());
    String said =
        "relook: The lakehouse %s has a writer already: relook rollout, process 7 on elsewhere, since today"
            .formatted(place);
    assertTrue(refused.errors().contains(said), refused.errors());
    files.delete(lock, false);
    Outcome admitted = execute(ScenesJob.USAGE, command);
    assertEquals(0, admitted.code(), admitted.errors());
    assertFalse(files.exists(lock));
  }

  /** Two at once would both find that a row is not there. */
  @Test
  void aJobIsRefusedWhileItsRunHasADriver() {
    String lake = folder.resolve("lake").toString();
    String[] command = {"--lakehouse", lake, "--run", "r", "--preset", PRESET};
    try (RunLock driver = Lakehouse.open(TestSession.spark(), lake).lockRun("r", "relook demo")) {
      Outcome refused = execute(ScoreJob.USAGE, command);
      assertEquals(1, refused.code(), refused.errors());
      assertTrue(
          refused.errors().contains("relook: The run r has a driver already: relook demo"),
          refused.errors());
    }
    Outcome admitted = execute(ScoreJob.USAGE, command);
    assertEquals(0, admitted.code(), admitted.errors());
  }

  /** Ingest in a process that spark-submit starts; the other jobs as it would call them. */
  @Test
  void jobsRunOneByOneAndTheSameCommandsAgainChangeNothing() throws Exception {
    Path data = Files.createDirectories(folder.resolve("data"));
    List<String> lines = new ArrayList<>();
    io.relook.scenes.SceneGenerator scenes = new io.relook.scenes.SceneGenerator(3);
    for (int i = 0; i < 4; i++) {
      Files.write(data.resolve(i + ".png"), scenes.question(i).png());
      lines.add(
          "{\"q\": \"%s\", \"a\": \"%s\", \"i\": %d}"
              .formatted(scenes.question(i).question(), scenes.question(i).answer(), i));
    }
    lines.add("{\"q\": \"without its picture\", \"i\": 9}");
    Files.write(data.resolve("q.jsonl"), lines);
    Path model = folder.resolve("model");
    EmbeddedModel.unpack(model, true);
    String lake = folder.resolve("lake").toString();
    String[] preset = {
      "--lakehouse",
      lake,
      "--preset",
      PRESET,
      "data.ingest.files=[{path: q.jsonl, split: train, pictures: '{}.png'}]",
      "data.ingest.mapping={question: q, answer: a, picture: i}",
      "failureBudget=0.5",
      "rollout.samples=2",
      "rollout.maxNewTokens=24"
    };
    String[] run = with(preset, "--run", "r");
    Map<Table, Long> before = new TreeMap<>();
    for (int time = 0; time < 2; time++) {
      if (time == 0) {
        submit(IngestJob.class, with(preset, "--data", data.toString()));
      } else {
        String[] again = with(preset, "--data", data.toString());
        assertEquals(0, JobMain.execute("ingest", IngestJob.USAGE, again, IngestJob::main));
      }
      String[] policy = with(run, "--policy", model.toString());
      assertEquals(0, JobMain.execute("rollout", RolloutJob.USAGE, policy, RolloutJob::main));
      assertEquals(0, JobMain.execute("score", ScoreJob.USAGE, run, ScoreJob::main));
      assertEquals(0, JobMain.execute("partition", PartitionJob.USAGE, run, PartitionJob::main));
      Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), lake);
      Map<Table, Long> counts = new TreeMap<>();
      for (Table table :
          List.of(
              Table.QUERIES,
              Table.IMAGES,
              Table.REJECTS,
              Table.TRAJECTORIES,
              Table.REWARDS,
              Table.DIFFICULTY)) {
        counts.put(table, lakehouse.read(table).count());
      }
      assertEquals(4, counts.get(Table.QUERIES));
      assertEquals(1, counts.get(Table.REJECTS));
      assertEquals(8, counts.get(Table.TRAJECTORIES));
      assertEquals(8, counts.get(Table.REWARDS));
      assertEquals(4, counts.get(Table.DIFFICULTY));
      assertTrue(time == 0 || counts.equals(before), counts + " after " + before);
      before.putAll(counts);
    }
  }

  private static String[] with(String[] args, String... more) {
    return Stream.of(args, more).flatMap(Stream::of).toArray(String[]::new);
  }

  /** What the script spark-submit of a distribution does. */
  private static void submit(Class<?> job, String... args) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(a -> a.startsWith("--add-") || a.startsWith("-Djdk.") || a.startsWith("-Dio."))
        .forEach(command::add);
    command.addAll(List.of("-Xmx1g", "-cp", System.getProperty("java.class.path")));
    command.add("org.apache.spark.deploy.SparkSubmit");
    command.addAll(
        List.of(
            "--master", "local[1]", "--conf", "spark.ui.enabled=false", "--class", job.getName()));
    // Spark's defaults, 200 and 50, are for clusters: on one core their empty tasks take minutes.
    command.addAll(List.of("--conf", "spark.sql.shuffle.partitions=2"));
    command.addAll(List.of("--conf", "spark.databricks.delta.snapshotPartitions=1"));
    command.add(
        Path.of(job.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
    command.addAll(List.of(args));
    Path log = Files.createTempFile("submit", ".log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), "the job does not end");
      String said = Files.readString(log);
      assertEquals(0, process.exitValue(), said);
      assertTrue(said.contains("ingest: data/q.jsonl: 4 taken in, 1 refused"), said);
    } finally {
      process.destroyForcibly();
      Files.delete(log);
    }
  }

  private static String path(String uri) {
    return uri.replaceFirst("^file:", "");
  }

  private static JobArguments policy(Lakehouse lakehouse, String policy) throws Exception {
    return JobArguments.parse(
        RolloutJob.USAGE, "--lakehouse", "x", "--run", "r", "--preset", PRESET, "--policy", policy);
  }

  private static void assertRefused(Lakehouse lakehouse, String message, String policy)
      throws Exception {
    JobArguments arguments = policy(lakehouse, policy);
    RelookException e = assertThrows(RelookException.class, () -> arguments.policy(lakehouse));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  private static Outcome execute(String usage, String... args) {
    PrintStream before = System.err;
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    System.setErr(new PrintStream(errors, true));
    try {
      return new Outcome(JobMain.execute("job", usage, args, (l, a) -> "done"), errors.toString());
    } finally {
      System.setErr(before);
    }
  }
}
