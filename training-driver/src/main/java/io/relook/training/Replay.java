package io.relook.training;

import static org.apache.spark.sql.functions.col;

import ai.djl.Device;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.model.image.ImageProcessor;
import io.relook.model.spark.ModelPool;
import io.relook.model.torch.TorchProgram;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import io.relook.rewards.Rewards;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Trains a step again from what the tables say of it: the rows of the Delta versions that it read,
 * from the nearest whole version of the weights before it. {@code training_steps}, {@code
 * checkpoints}, {@code runs} and the rows trained on → what came out then and now.
 */
public final class Replay {
  private final Lakehouse lakehouse;
  private final Config config;
  private final Preset preset;
  private final Policies policies;

  /**
   * @param stage sft or grpo
   */
  public record Config(String runId, int iteration, String stage, int step) {}

  /**
   * What a step gave then and gives now.
   *
   * @param rescored samples whose accuracy comes out otherwise, by the answers of that time
   */
  public record Step(
      int step, double loss, double replayedLoss, double norm, double replayedNorm, long rescored) {
    boolean isEqual() {
      return Double.compare(loss, replayedLoss) == 0
          && Double.compare(norm, replayedNorm) == 0
          && rescored == 0;
    }
  }

  /**
   * @param from the version that the replay began with
   * @param sha256 of the weights; null where no version of the step was saved
   */
  public record Result(String from, List<Step> steps, String sha256, String replayedSha256) {
    public Result {
      steps = List.copyOf(steps);
    }

    /** Losses, norms and weights, bit for bit. */
    public boolean isEqual() {
      return steps.stream().allMatch(Step::isEqual)
          && (sha256 == null || sha256.equals(replayedSha256));
    }
  }

  public Replay(Lakehouse lakehouse, Config config) {
    lakehouse.requireThere();
    this.lakehouse = lakehouse;
    this.config = config;
    Rows.Run run =
        new RunRecord(lakehouse, config.runId)
            .at(committedAt())
            .orElseThrow(() -> cannot("there is no run " + config.runId));
    this.preset = PresetReader.recorded("the run's preset", run.preset());
    this.policies = new Policies(lakehouse, config.runId, preset.train(), preset.keep());
  }

  /** When the first version that holds the step was committed. */
  private Instant committedAt() {
    return versions("step >= " + config.step).stream()
        .findFirst()
        .map(Rows.CheckpointRow::committedAt)
        .orElse(Instant.MAX);
  }

  public Result run() {
    Map<Integer, Rows.TrainingStep> steps = steps();
    if (!steps.containsKey(config.step)) {
      throw cannot("the table training_steps has no such step");
    }
    Rows.CheckpointRow start = start();
    Optional<Rows.CheckpointRow> anchor = anchor();
    Rows.CheckpointRow from = anchor.orElse(start);
    int threads = preset.engine().threads();
    TorchProgram program = ModelPool.program(Device.cpu(), threads);
    boolean divergence = config.stage.equals("grpo") && preset.grpo().objective().needsReference();
    List<Step> done = new ArrayList<>();
    try (TrainableModel model = policies.load(program, start, anchor);
        TrainableModel reference = divergence ? policies.reference(program, start) : null) {
      RowPrompts prompts = prompts(start);
      PolicyStep objective =
          new PolicyStep(preset.grpo().objective(), preset.rollout().maxNewTokens());
      GrpoUpdate update = new GrpoUpdate(model, reference, prompts, preset.grpo(), objective);
      OptimizerStep optimizer = optimizer(model, policies.gradients(start, config.stage, threads));
      for (int step = anchor.map(Rows.CheckpointRow::step).orElse(0) + 1;
          step <= config.step;
          step++) {
        Rows.TrainingStep was = steps.get(step);
        OptimizerStep.Done made;
        long rescored = 0;
        if (config.stage.equals("sft")) {
          List<TrainingRow> rows = still(was, () -> sft(was, prompts));
          made = optimizer.supervised(rows, was.learningRate());
        } else {
          GrpoBatch batch = still(was, () -> batch(was, objective, update::penalty));
          made = update.make(optimizer, update.rows(batch.samples()), was.learningRate());
          rescored = still(was, () -> rescored(was));
        }
        done.add(
            new Step(
                step,
                was.loss(),
                made.measures().loss(),
                was.gradientNorm(),
                made.norm(),
                rescored));
      }
      String name = steps.get(config.step).policyOut();
      Optional<String> sha256 =
          first(Table.CHECKPOINTS, col("policy_version").equalTo(name))
              .map(row -> Rows.CHECKPOINT.fromRow(row).weightsSha256());
      return new Result(from.policyVersion(), done, sha256.orElse(null), sha256(model));
    }
  }

  private OptimizerStep optimizer(TrainableModel model, Gradients gradients) {
    boolean sft = config.stage.equals("sft");
    return new OptimizerStep(
        model,
        gradients,
        preset.train(),
        sft ? preset.sft().tokenBudget() : preset.grpo().tokenBudget(),
        sft ? preset.sft().maxGradientNorm() : preset.grpo().maxGradientNorm(),
        sft ? preset.sft().weightDecay() : preset.grpo().weightDecay(),
        0);
  }

  private RowPrompts prompts(Rows.CheckpointRow start) {
    try (Checkpoint checkpoint = Checkpoint.open(start.uri(), policies.hadoop())) {
      ImageProcessor images = ImageProcessor.load(checkpoint.folder());
      return new RowPrompts(lakehouse, RowPrompts.images(images, preset.rollout()));
    }
  }

  private Map<Integer, Rows.TrainingStep> steps() {
    Map<Integer, Rows.TrainingStep> steps = new HashMap<>();
    for (Row row : lakehouse.read(Table.TRAINING_STEPS).where(ofStage()).collectAsList()) {
      Rows.TrainingStep step = Rows.TRAINING_STEP.fromRow(row);
      steps.put(step.step(), step);
    }
    return steps;
  }

  /** The version that the stage began with: the parent of its first. */
  private Rows.CheckpointRow start() {
    String parent =
        versions("1 = 1").stream()
            .findFirst()
            .map(Rows.CheckpointRow::parent)
            .orElseThrow(() -> cannot("the stage has no committed version"));
    Rows.CheckpointRow start =
        first(Table.CHECKPOINTS, col("policy_version").equalTo(parent))
            .map(Rows.CHECKPOINT::fromRow)
            .orElseThrow(() -> cannot("the version " + parent + " is unknown"));
    if (start.removedAt() != null) {
      throw cannot(
          "the weights of %s, with which the stage began, were given up at %s"
              .formatted(parent, start.removedAt()));
    }
    return start;
  }

  /** The newest version before the step that is whole. */
  private Optional<Rows.CheckpointRow> anchor() {
    List<Rows.CheckpointRow> whole =
        versions("removed_at IS NULL AND optimizer_uri IS NOT NULL AND step < " + config.step);
    return whole.isEmpty() ? Optional.empty() : Optional.of(whole.get(whole.size() - 1));
  }

  private List<Rows.CheckpointRow> versions(String condition) {
    return lakehouse
        .read(Table.CHECKPOINTS)
        .where(ofStage())
        .where(condition)
        .orderBy("step")
        .collectAsList()
        .stream()
        .map(Rows.CHECKPOINT::fromRow)
        .toList();
  }

  private Column ofStage() {
    return col("run_id")
        .equalTo(config.runId)
        .and(col("iteration").equalTo(config.iteration))
        .and(col("stage").equalTo(config.stage));
  }

  private List<TrainingRow> sft(Rows.TrainingStep step, RowPrompts prompts) {
    Map<String, Rows.SftExample> examples = new HashMap<>();
    Column trained = col("example_id").isInCollection(step.trainedIds());
    for (Row row : read(step, Table.SFT_EXAMPLES).where(trained).collectAsList()) {
      Rows.SftExample example = Rows.SFT_EXAMPLE.fromRow(row);
      examples.put(example.exampleId(), example);
    }
    return SftTrainer.rows(prompts, step.trainedIds().stream().map(examples::get).toList());
  }

  /** What the step was trained on, from the rewards that it knew; advantages are computed again. */
  private GrpoBatch batch(Rows.TrainingStep step, PolicyStep objective, GrpoBatch.Penalty penalty) {
    if (step.rewardVersion() == null) {
      throw cannot("it was made by a Relook that did not record the rewards' version");
    }
    Column trained = col("trajectory_id").isInCollection(step.trainedIds());
    List<String> queries =
        read(step, Table.TRAJECTORIES)
            .where(trained)
            .select("query_id")
            .distinct()
            .collectAsList()
            .stream()
            .map(row -> row.getString(0))
            .toList();
    return GrpoBatch.read(
        read(step, Table.TRAJECTORIES),
        read(step, Table.REWARDS),
        new GrpoBatch.Place(step.runId(), step.iteration(), step.step(), step.rewardVersion()),
        new GrpoBatch.Wanted(queries, queries.size()),
        objective,
        penalty);
  }

  /**
   * Scores the step's samples again by the answers that its questions had then: they may have been
   * updated since. 0 where the formulas are no longer those, or the step did not record the version
   * of {@code queries}.
   */
  private long rescored(Rows.TrainingStep step) {
    if (!step.tablesRead().containsKey(Table.QUERIES.tableName())
        || !step.rewardVersion().startsWith(Rewards.VERSION + "(")) {
      return 0;
    }
    Rewards formulas = new Rewards(0, 0, 0);
    return read(step, Table.TRAJECTORIES)
        .where(col("trajectory_id").isInCollection(step.trainedIds()))
        .select("trajectory_id", "query_id", "text", "error")
        .join(
            read(step, Table.REWARDS)
                .where(col("version").equalTo(step.rewardVersion()))
                .select("trajectory_id", "accuracy"),
            "trajectory_id")
        .join(
            read(step, Table.QUERIES).select(col("query_id"), col("question"), col("answer")),
            "query_id")
        .collectAsList()
        .stream()
        .filter(
            row ->
                !Objects.equals(
                    row.<Double>getAs("accuracy"),
                    formulas
                        .score(
                            row.getAs("question"),
                            row.getAs("text"),
                            row.getAs("answer"),
                            row.getAs("error"))
                        .accuracy()))
        .count();
  }

  /** Rows that clean-up took away are a reason that has to be said. */
  private <T> T still(Rows.TrainingStep step, Supplier<T> rows) {
    try {
      return rows.get();
    } catch (RelookException e) {
      throw e;
    } catch (Exception e) { // Spark throws checked exceptions that it does not declare.
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      throw cannot(
          "it can no longer be replayed, as rows that step %d was trained on (versions %s) cannot be read any more: %s"
              .formatted(step.step(), step.tablesRead(), root.getMessage()));
    }
  }

  private Dataset<Row> read(Rows.TrainingStep step, Table table) {
    return lakehouse.read(table, step.tablesRead().get(table.tableName()));
  }

  /** Of the weights as a version's file holds them. */
  private String sha256(TrainableModel model) {
    Path folder = Policies.scratch("relook-replay");
    try {
      return model.write(
          new CheckpointWriter(policies.hadoop()), folder.toUri().toString(), DType.F32);
    } finally {
      policies.delete(folder.toUri().toString());
    }
  }

  private Optional<Row> first(Table table, Column condition) {
    return lakehouse.read(table).where(condition).limit(1).collectAsList().stream().findFirst();
  }

  private RelookException cannot(String why) {
    return new RelookException(
        RelookException.Category.DATA,
        "Cannot replay step %d of %s in iteration %d of the run %s: %s."
            .formatted(config.step, config.stage, config.iteration, config.runId, why));
  }
}
