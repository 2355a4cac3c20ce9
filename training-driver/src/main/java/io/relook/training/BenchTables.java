package io.relook.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.jobs.ScoreJob;
import io.relook.lakehouse.Keys;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.LocalSpark;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import io.relook.rewards.Rewards;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What the tables of a GRPO step cost: its reads and commits, without a model. */
@Command(
    name = "tables",
    mixinStandardHelpOptions = true,
    description =
        "Commits and reads what GRPO steps do, in a lakehouse of its own; a JSON line every so many steps: seconds a step by part, files by table.")
public final class BenchTables implements Callable<Integer> {
  @Option(names = "--steps", defaultValue = "100", description = "default ${DEFAULT-VALUE}")
  private int steps;

  @Option(names = "--every", defaultValue = "20", description = "steps a line")
  private int every;

  @Option(names = "--queries", defaultValue = "8", description = "a step")
  private int queries;

  @Option(names = "--samples", defaultValue = "8", description = "a query")
  private int samples;

  @Option(names = "--tokens", defaultValue = "96", description = "a sample")
  private int tokens;

  @Option(names = "--lakehouse", required = true, description = "a folder that is not there yet")
  private Path folder;

  @Override
  public Integer call() throws IOException {
    SparkSession spark = LocalSpark.session("relook bench tables");
    try {
      Lakehouse lakehouse = Lakehouse.open(spark, folder.toAbsolutePath().toString());
      Preset preset =
          PresetReader.read(
              Path.of(System.getenv().getOrDefault("RELOOK_HOME", "."), "conf", "presets"), "demo");
      Rewards rewards = Rewards.of(spark, preset.rewards());
      PolicyStep objective = new PolicyStep(preset.grpo().objective(), tokens);
      Policies policies = new Policies(lakehouse, "run", preset.train(), preset.keep());
      lakehouse.merge(
          Table.QUERIES,
          IntStream.range(0, queries)
              .mapToObj(
                  q ->
                      Rows.QUERY.toRow(
                          new Rows.Query(
                              "q" + q, "s", "train", "How many?", "3", List.of(), null, null)))
              .toList());
      Map<String, Double> seconds = new TreeMap<>();
      for (int step = 1; step <= steps; step++) {
        Clock clock = new Clock();
        lakehouse.append(
            Table.TRAJECTORIES, spark.createDataFrame(sampled(step), Table.TRAJECTORIES.schema()));
        clock.lap("commit_rollout");
        new ScoreJob(lakehouse, rewards, preset.failureBudget()).run("run");
        clock.lap("score");
        GrpoBatch batch =
            GrpoBatch.read(
                lakehouse.read(Table.TRAJECTORIES),
                lakehouse.read(Table.REWARDS),
                new GrpoBatch.Place("run", 1, step, rewards.version()),
                new GrpoBatch.Wanted(
                    IntStream.range(0, queries).mapToObj(q -> "q" + q).toList(), queries),
                objective,
                rows -> new double[rows.size()]);
        lakehouse.version(Table.TRAJECTORIES);
        lakehouse.version(Table.REWARDS);
        clock.lap("read_batch");
        lakehouse.replace(
            Table.TRAINING_STEPS, List.of(Rows.TRAINING_STEP.toRow(told(step, batch))));
        clock.lap("commit_step");
        policies.commit(version(step), 1, "grpo");
        clock.lap("commit_version");
        clock.seconds().forEach((part, s) -> seconds.merge(part, s, Double::sum));
        if (step % every == 0) {
          print(step, seconds);
          seconds.clear();
        }
      }
      return 0;
    } finally {
      spark.stop();
    }
  }

  private void print(int step, Map<String, Double> seconds) throws IOException {
    ObjectNode line = new ObjectMapper().createObjectNode();
    line.put("name", "tables_relook").put("step", step).put("rows", queries * samples);
    double all = seconds.values().stream().mapToDouble(Double::doubleValue).sum();
    line.put("seconds_a_step", rounded(all / every));
    seconds.forEach((part, s) -> line.put(part, rounded(s / every)));
    ObjectNode files = line.putObject("files");
    for (Table table :
        List.of(Table.TRAJECTORIES, Table.REWARDS, Table.TRAINING_STEPS, Table.CHECKPOINTS)) {
      try (Stream<Path> found = Files.walk(folder.resolve(table.tableName()))) {
        files.put(table.tableName(), found.filter(Files::isRegularFile).count());
      }
    }
    System.out.println(line);
  }

  private static double rounded(double seconds) {
    return Math.round(seconds * 1000) / 1000.0;
  }

  private List<Row> sampled(int step) {
    List<Row> rows = new ArrayList<>();
    for (int q = 0; q < queries; q++) {
      for (int k = 0; k < samples; k++) {
        rows.add(
            Rows.TRAJECTORY.toRow(
                new Rows.Trajectory(
                    Keys.trajectory("run", 1, Phase.RL, step, "q" + q, k),
                    "run",
                    1,
                    Phase.RL.word(),
                    step,
                    "q" + q,
                    k,
                    "run/1/grpo/" + (step - 1),
                    null,
                    Collections.nCopies(100, 7),
                    IntStream.range(0, tokens).boxed().toList(),
                    Collections.nCopies(tokens, -0.5f),
                    "There are " + k + ". <answer>" + k + "</answer>",
                    "stop",
                    null,
                    1.0,
                    tokens,
                    List.of(),
                    "f")));
      }
    }
    return rows;
  }

  private static Rows.TrainingStep told(int step, GrpoBatch batch) {
    return new Rows.TrainingStep(
        "run",
        1,
        "grpo",
        step,
        0.1,
        0.1,
        1e-4,
        batch.samples().size(),
        1,
        batch.mean(),
        batch.deviation(),
        1.0,
        0.0,
        1.0,
        0.0,
        batch.groups(),
        batch.used(),
        batch.filtered(),
        batch.trajectoryIds(),
        batch.advantages(),
        Map.of("trajectories", 1L),
        "a",
        "b",
        1.0,
        null,
        Map.of(),
        batch.means(),
        Map.of(),
        Map.of(),
        List.of(),
        "v");
  }

  private Rows.CheckpointRow version(int step) {
    String uri = folder.resolve("policies/run/1-grpo-" + step).toString();
    return new Rows.CheckpointRow(
        "run/1/grpo/" + step,
        "run",
        1,
        "grpo",
        step,
        uri,
        uri + "/o",
        "p",
        Instant.now(),
        "0",
        null);
  }
}
