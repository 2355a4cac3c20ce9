package io.relook.jobs;

import static org.apache.spark.sql.functions.array_sort;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.posexplode_outer;
import static org.apache.spark.sql.functions.struct;

import io.relook.lakehouse.Keys;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.image.Transparency;
import io.relook.model.spark.EngineSettings;
import io.relook.preset.Preset;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongConsumer;
import java.util.function.ToIntFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * Questions × K samples at one policy → {@code trajectories}. Commits chunk by chunk; samples that
 * are there already are not sampled again. A row that fails is a row with an error; too many end
 * the job.
 */
public final class RolloutJob {
  /**
   * @param step the RL step, 0 elsewhere
   * @param policyVersion recorded with the rows
   * @param policyUri where its checkpoint lies
   * @param temperature 0 is greedy
   * @param minPixels of each picture; 0 for the checkpoint's own budget
   * @param transparency what lies under their transparent parts
   * @param chunk prompts a commit
   * @param partitions tasks a chunk is spread over: about one an executor
   * @param failureBudget share of rows that may fail
   */
  public record Config(
      String runId,
      int iteration,
      Phase phase,
      int step,
      String policyVersion,
      String policyUri,
      int samples,
      double temperature,
      int maxNewTokens,
      long minPixels,
      Transparency transparency,
      int chunk,
      int partitions,
      double failureBudget)
      implements Serializable {
    /** A preset's settings for a phase; evaluations and probes take one greedy sample. */
    public static Config of(
        Preset preset, String runId, int iteration, Phase phase, Rows.CheckpointRow policy) {
      boolean stepped = isGreedy(phase) && policy.stage().equals("grpo");
      return of(preset, runId, iteration, phase, stepped ? policy.step() : 0, policy);
    }

    private static boolean isGreedy(Phase phase) {
      return phase == Phase.EVALUATION || phase == Phase.BEFORE || phase == Phase.SWAP;
    }

    /** As above, for a step of RL. */
    public static Config of(
        Preset preset,
        String runId,
        int iteration,
        Phase phase,
        int step,
        Rows.CheckpointRow policy) {
      Preset.Rollout rollout = preset.rollout();
      int samples =
          switch (phase) {
            case EVALUATION, BEFORE, SWAP -> 1;
            case RECONSTRUCTION -> preset.reconstruct().candidates();
            case RL -> preset.grpo().samples();
            default -> rollout.samples();
          };
      double temperature =
          switch (phase) {
            case EVALUATION, BEFORE, SWAP -> 0;
            case RL -> preset.grpo().temperature();
            default -> rollout.temperature();
          };
      return new Config(
          runId,
          iteration,
          phase,
          step,
          policy.policyVersion(),
          policy.uri(),
          samples,
          temperature,
          rollout.maxNewTokens(),
          rollout.minPixels(),
          rollout.transparency(),
          rollout.chunk(),
          rollout.partitions(),
          preset.failureBudget());
    }
  }

  /** A prompt: a question and what of its answer is already there. */
  public record Ask(
      String queryId, String question, List<String> imageIds, String parentId, int[] prefix) {}

  /** Rows asked for, and those that were there before. */
  public record Result(long rows, long before, long failed) {}

  private static final StructType REQUESTS =
      StructType.fromDDL(
          "query_id STRING, question STRING, image_ids ARRAY<STRING>, parent_id STRING, prefix ARRAY<INT>, samples ARRAY<INT>, place INT");

  private final Lakehouse lakehouse;
  private final EngineSettings engine;
  private final Config config;

  public RolloutJob(Lakehouse lakehouse, EngineSettings engine, Config config) {
    this.lakehouse = lakehouse;
    this.engine = engine;
    this.config = config;
  }

  /** Samples what is missing; {@code progress} hears the rows committed so far. */
  public Result run(List<Ask> asks, LongConsumer progress) {
    return run(asks, ask -> config.samples(), progress);
  }

  /** As above, the first so many samples of each: the same tokens as where all are sampled. */
  Result run(List<Ask> asks, ToIntFunction<Ask> samples, LongConsumer progress) {
    lakehouse
        .spark()
        .sparkContext()
        .setJobGroup(
            "rollout", "rollout " + config.phase().word() + " step " + config.step(), false);
    Set<String> done = new HashSet<>();
    sampled()
        .select("trajectory_id")
        .toLocalIterator()
        .forEachRemaining(r -> done.add(r.getString(0)));
    long before = done.size();
    List<Row> open = new ArrayList<>();
    long rows = 0;
    for (Ask ask : asks) {
      List<Integer> missing = new ArrayList<>();
      for (int k = 0; k < samples.applyAsInt(ask); k++) {
        if (!done.contains(key(ask, k))) {
          missing.add(k);
        }
      }
      if (!missing.isEmpty()) {
        open.add(request(ask, missing, open.size()));
      }
      rows += samples.applyAsInt(ask);
    }
    long committed = 0;
    for (int at = 0; at < open.size(); at += config.chunk()) {
      committed += sample(open.subList(at, Math.min(open.size(), at + config.chunk())));
      progress.accept(committed);
    }
    long failed = sampled().where(col("finish").equalTo("error")).count();
    if (failed > config.failureBudget() * rows) {
      String example =
          sampled().where(col("finish").equalTo("error")).select("error").first().getString(0);
      throw JobErrors.budget("rollout", failed, rows, config.failureBudget(), example);
    }
    return new Result(rows, before, failed);
  }

  /** The rows of this run, iteration, phase and step. */
  private Dataset<Row> sampled() {
    return lakehouse
        .read(Table.TRAJECTORIES)
        .where(
            col("run_id")
                .equalTo(config.runId())
                .and(col("iteration").equalTo(config.iteration()))
                .and(col("phase").equalTo(config.phase().word()))
                .and(col("step").equalTo(config.step())));
  }

  private long sample(List<Row> requests) {
    Dataset<Row> asked = lakehouse.spark().createDataFrame(requests, REQUESTS);
    Dataset<Row> pictures =
        asked
            .select(
                col("place"),
                posexplode_outer(col("image_ids")).as(new String[] {"at", "image_id"}))
            .join(
                lakehouse
                    .read(Table.IMAGES)
                    .where(col("image_id").isInCollection(imageIds(requests)))
                    .select("image_id", "bytes"),
                scala.jdk.javaapi.CollectionConverters.asScala(List.of("image_id")).toSeq(),
                "left")
            .groupBy("place")
            .agg(array_sort(collect_list(struct("at", "bytes"))).as("pictures"));
    Dataset<Row> input =
        asked
            .join(pictures, "place")
            .repartition(config.partitions())
            .sortWithinPartitions("place");
    Dataset<Row> sampled =
        input
            .mapPartitions(
                new RolloutTask(engine, config), Encoders.row(Table.TRAJECTORIES.schema()))
            .cache();
    try {
      long count = sampled.count();
      lakehouse.append(Table.TRAJECTORIES, sampled);
      return count;
    } finally {
      sampled.unpersist();
    }
  }

  private static Set<String> imageIds(List<Row> requests) {
    Set<String> ids = new TreeSet<>();
    requests.forEach(
        row -> ids.addAll(Arrays.asList((String[]) row.get(REQUESTS.fieldIndex("image_ids")))));
    return ids;
  }

  private Row request(Ask ask, List<Integer> samples, int place) {
    Integer[] prefix = new Integer[ask.prefix().length];
    for (int i = 0; i < prefix.length; i++) {
      prefix[i] = ask.prefix()[i];
    }
    return RowFactory.create(
        ask.queryId(),
        ask.question(),
        ask.imageIds().toArray(new String[0]),
        ask.parentId(),
        prefix,
        samples.toArray(new Integer[0]),
        place);
  }

  private String key(Ask ask, int sample) {
    return key(config, ask.queryId(), ask.parentId(), sample);
  }

  static String key(Config config, String queryId, String parentId, int sample) {
    String query = parentId == null ? queryId : queryId + "+" + parentId;
    return Keys.trajectory(
        config.runId(), config.iteration(), config.phase(), config.step(), query, sample);
  }

  /** The questions of some rows of {@code queries}, in the order of their ids. */
  public static List<Ask> questions(Dataset<Row> queries) {
    List<Ask> asks = new ArrayList<>();
    queries
        .orderBy("query_id")
        .collectAsList()
        .forEach(
            row -> {
              Rows.Query q = Rows.QUERY.fromRow(row);
              asks.add(new Ask(q.queryId(), q.question(), q.imageIds(), null, new int[0]));
            });
    return asks;
  }

  /** Samples the questions of a split at one policy. */
  public static void main(String[] args) {
    JobMain.run("rollout", USAGE, args, RolloutJob::main);
  }

  static final String USAGE =
      "--lakehouse --run --preset [--policy] [--iteration 1] [--phase difficulty] [--split train]";

  static String main(Lakehouse lakehouse, JobArguments arguments) {
    Phase phase = arguments.phase();
    Config config =
        Config.of(
            arguments.preset(),
            arguments.run(),
            arguments.iteration(),
            phase,
            arguments.policy(lakehouse));
    List<Ask> asks = questions(arguments.split(lakehouse));
    EngineSettings engine = arguments.preset().engine();
    int first = arguments.preset().rollout().firstSamples();
    Result result =
        phase == Phase.DIFFICULTY
            ? new DifficultyRollout(lakehouse, engine, config, arguments.rewards(lakehouse), first)
                .run(asks, rows -> {}, line -> {})
            : new RolloutJob(lakehouse, engine, config).run(asks, rows -> {});
    return "%d rows, %d of them there before, %d failed"
        .formatted(result.rows(), result.before(), result.failed());
  }
}
