package io.relook.training;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.RunName;
import io.relook.lakehouse.Table;
import io.relook.model.checkpoint.Adapter;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.checkpoint.LoraConfig;
import io.relook.model.checkpoint.ModelConfig;
import io.relook.model.checkpoint.Modules;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.PolicySize;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainedParts;
import io.relook.model.torch.TorchProgram;
import io.relook.preset.Preset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;

/** The versions of a run's weights: files under a prefix of their own, committed by a row. */
final class Policies {
  private static final String OPTIMIZER = "optimizer.safetensors";
  private static final String ADAPTER = "adapter";

  private final Lakehouse lakehouse;
  private final String runId;
  private final Preset.Train train;
  private final Preset.Keep keep;
  private final Retention retention;
  private final Configuration hadoop;

  /** When the settings that hold were recorded; null until it is asked for. */
  private Instant began;

  /** The stage that was committed to last. */
  private Written written;

  /** What this process, its only writer, knows of a stage: its versions, and the best of them. */
  private record Written(
      int iteration, String stage, List<Rows.CheckpointRow> versions, Optional<String> best) {}

  Policies(Lakehouse lakehouse, String runId, Preset.Train train, Preset.Keep keep) {
    this.lakehouse = lakehouse;
    this.runId = new RunName(runId).value();
    this.train = train;
    this.keep = keep;
    this.retention = new Retention(keep);
    this.hadoop = lakehouse.spark().sessionState().newHadoopConf();
  }

  Configuration hadoop() {
    return hadoop;
  }

  Preset.Train train() {
    return train;
  }

  /** Where a stage's gradients are computed. */
  Gradients gradients(Rows.CheckpointRow start, String stage, int threads) {
    if (train.shards() == 1) {
      return Gradients.here();
    }
    return Gradients.onSpark(
        new JavaSparkContext(lakehouse.spark().sparkContext()),
        "%s/%s/%s".formatted(runId, stage, UUID.randomUUID()),
        start.uri(),
        train,
        threads);
  }

  /** How many steps of a stage left the weights as they were, up to its newest version. */
  int skipped(int iteration, String stage, Optional<Rows.CheckpointRow> newest) {
    return (int)
        lakehouse
            .read(Table.TRAINING_STEPS)
            .where(
                of(iteration, stage)
                    .and(col("step").leq(newest.map(Rows.CheckpointRow::step).orElse(0)))
                    .and(col("skipped").isNotNull()))
            .count();
  }

  /** The newest committed version of a stage. */
  Optional<Rows.CheckpointRow> newest(int iteration, String stage) {
    return lakehouse
        .read(Table.CHECKPOINTS)
        .where(of(iteration, stage))
        .orderBy(col("step").desc())
        .limit(1)
        .collectAsList()
        .stream()
        .findFirst()
        .map(Rows.CHECKPOINT::fromRow);
  }

  /** Records where the run starts from. */
  Rows.CheckpointRow base(String uri) {
    Optional<Rows.CheckpointRow> known = newest(0, "base");
    if (known.isPresent()) {
      return known.get();
    }
    Rows.CheckpointRow row =
        new Rows.CheckpointRow(
            version(0, "base", 0), runId, 0, "base", 0, uri, null, null, now(), null, null);
    lakehouse.merge(Table.CHECKPOINTS, List.of(Rows.CHECKPOINT.toRow(row)));
    return row;
  }

  /**
   * Writes a model, its adapter and its optimizer, then the row that commits them; the versions
   * that this one makes superfluous go.
   */
  Rows.CheckpointRow save(
      TrainableModel model, int iteration, String stage, int step, String parent) {
    String uri =
        folder()
            + "/%d-%s-%04d-%s"
                .formatted(iteration, stage, step, UUID.randomUUID().toString().substring(0, 8));
    CheckpointWriter writer = new CheckpointWriter(hadoop);
    String sha256 = model.write(writer, uri, DType.F32);
    if (model.hasAdapter()) {
      model.adapter().write(writer, uri + "/" + ADAPTER, model.config());
    }
    String optimizer = optimizer(uri);
    model.writeOptimizer(writer, optimizer);
    Rows.CheckpointRow row =
        new Rows.CheckpointRow(
            version(iteration, stage, step),
            runId,
            iteration,
            stage,
            step,
            uri,
            optimizer,
            parent,
            now(),
            sha256,
            null);
    commit(row, iteration, stage);
    return row;
  }

  /**
   * What a stage trains: the version it starts from, or as it was at the stage's newest version.
   *
   * @param start what the stage began with: an adapter lies over that, always
   */
  TrainableModel load(
      TorchProgram program, Rows.CheckpointRow start, Optional<Rows.CheckpointRow> done) {
    boolean adapted = train.lora() != null;
    TrainableModel model;
    try (Checkpoint checkpoint =
        Checkpoint.open(adapted ? start.uri() : done.orElse(start).uri(), hadoop)) {
      Adapter adapter = adapted ? adapter(checkpoint.config(), start, done) : null;
      model = TrainableModel.load(program, checkpoint, setup(train, adapter));
    }
    model.setRecompute(train.recompute());
    done.ifPresent(version -> readOptimizer(model, version));
    return model;
  }

  static TrainableModel.Setup setup(Preset.Train train, Adapter adapter) {
    return new TrainableModel.Setup(parts(train), adapter, ComputeType.of(train.dtype()));
  }

  /** What a policy of that shape takes when it trains so. */
  static PolicySize size(Preset.Train train, ModelConfig config) {
    LoraConfig lora = train.lora() == null ? null : settings(train.lora());
    return new PolicySize(config, parts(train), lora, ComputeType.of(train.dtype()));
  }

  private static TrainedParts parts(Preset.Train train) {
    List<String> parts = train.parts();
    return new TrainedParts(
        parts.contains("vision"), parts.contains("merger"), parts.contains("language"));
  }

  /** A new one begins as the version it lies over decides, in every process alike. */
  private Adapter adapter(
      ModelConfig config, Rows.CheckpointRow start, Optional<Rows.CheckpointRow> done) {
    if (done.isPresent()) {
      return Adapter.read(done.get().uri() + "/" + ADAPTER, config, hadoop);
    }
    return freshAdapter(train.lora(), config, start.policyVersion().hashCode());
  }

  static Adapter freshAdapter(Preset.Lora lora, ModelConfig config, long seed) {
    return Adapter.fresh(settings(lora), config, seed);
  }

  private static LoraConfig settings(Preset.Lora lora) {
    return new LoraConfig(
        lora.rank(),
        lora.alpha(),
        lora.rankStabilised(),
        Modules.of(lora.targets()),
        Modules.of(lora.exclude()));
  }

  private void readOptimizer(TrainableModel model, Rows.CheckpointRow version) {
    try (Checkpoint checkpoint = Checkpoint.open(version.uri(), hadoop)) {
      model.readOptimizer(new TensorFile(checkpoint.folder().resolve(OPTIMIZER)));
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /** Loads a version that only measures. */
  TrainableModel reference(TorchProgram program, Rows.CheckpointRow row) {
    try (Checkpoint checkpoint = Checkpoint.open(row.uri(), hadoop)) {
      return TrainableModel.frozen(program, checkpoint, ComputeType.FLOAT32);
    }
  }

  /** The versions of a stage whose files are there. */
  private List<Rows.CheckpointRow> versions(int iteration, String stage) {
    return lakehouse
        .read(Table.CHECKPOINTS)
        .where(of(iteration, stage).and(col("removed_at").isNull()))
        .collectAsList()
        .stream()
        .map(Rows.CHECKPOINT::fromRow)
        .toList();
  }

  /** That which answers most of the held-out questions, of versions that were evaluated. */
  private Optional<String> best(int iteration, String stage) {
    Column own =
        col("run_id")
            .equalTo(runId)
            .and(col("policy_version").startsWith(version(iteration, stage, "")));
    return lakehouse
        .find(Table.EVALUATIONS)
        .map(
            rows ->
                rows.where(own)
                    .groupBy("policy_version")
                    .agg(avg(col("correct").cast("int")).as("accuracy"))
                    .orderBy(col("accuracy").desc(), col("policy_version"))
                    .limit(1)
                    .collectAsList())
        .orElse(List.of())
        .stream()
        .findFirst()
        .map(row -> row.getString(0));
  }

  /**
   * Gives up what the preset does not keep of a stage's versions; the rows are committed before the
   * files go, so that no row names files that are not there.
   */
  List<Rows.CheckpointRow> retire(int iteration, String stage) {
    return commit(seen(iteration, stage), List.of());
  }

  /** Commits a version whose files are written. */
  void commit(Rows.CheckpointRow version, int iteration, String stage) {
    if (written == null || written.iteration != iteration || !written.stage.equals(stage)) {
      written = seen(iteration, stage);
    }
    commit(written, List.of(version));
  }

  private Written seen(int iteration, String stage) {
    return new Written(
        iteration,
        stage,
        versions(iteration, stage),
        keep.best() ? best(iteration, stage) : Optional.empty());
  }

  private List<Rows.CheckpointRow> commit(Written stage, List<Rows.CheckpointRow> fresh) {
    Map<String, Rows.CheckpointRow> versions = new LinkedHashMap<>();
    stage.versions.forEach(version -> versions.put(version.policyVersion(), version));
    fresh.forEach(version -> versions.put(version.policyVersion(), version));
    List<Rows.CheckpointRow> changes =
        retention.changes(List.copyOf(versions.values()), stage.best, now());
    lakehouse.replace(
        Table.CHECKPOINTS,
        Stream.concat(fresh.stream(), changes.stream()).map(Rows.CHECKPOINT::toRow).toList());
    changes.forEach(change -> versions.put(change.policyVersion(), change));
    versions.values().removeIf(version -> version.removedAt() != null);
    written = new Written(stage.iteration, stage.stage, List.copyOf(versions.values()), stage.best);
    for (Rows.CheckpointRow change : changes) {
      delete(change.removedAt() != null ? change.uri() : optimizer(change.uri()));
    }
    return changes;
  }

  void delete(String uri) {
    try {
      org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(uri);
      path.getFileSystem(hadoop).delete(path, true);
    } catch (IOException e) {
      throw new RelookException(
          RelookException.Category.STORAGE,
          "Cannot delete %s: %s.".formatted(uri, e.getMessage()),
          e);
    }
  }

  /** As precise as the tables keep it; not before the settings that hold, whatever the clock. */
  private Instant now() {
    if (began == null) {
      began = new RunRecord(lakehouse, runId).last().map(Rows.Run::startedAt).orElse(Instant.EPOCH);
    }
    Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
    return now.isBefore(began) ? began : now;
  }

  static String optimizer(String uri) {
    return uri + "/" + OPTIMIZER;
  }

  /** Where the run's versions lie. */
  String folder() {
    return lakehouse.folder("policies") + "/" + runId;
  }

  private String version(int iteration, String stage, Object step) {
    return "%s/%d/%s/%s".formatted(runId, iteration, stage, step);
  }

  private Column of(int iteration, String stage) {
    return col("run_id")
        .equalTo(runId)
        .and(col("iteration").equalTo(iteration))
        .and(col("stage").equalTo(stage));
  }

  /** A folder on this machine for what has to be a file. */
  static Path scratch(String name) {
    try {
      return Files.createTempDirectory(name);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
