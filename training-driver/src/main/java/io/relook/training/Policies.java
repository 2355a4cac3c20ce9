package io.relook.training;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
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
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainedParts;
import io.relook.model.torch.TorchProgram;
import io.relook.preset.Preset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.api.java.JavaSparkContext;

/** The versions of a run's weights: files under a prefix of their own, committed by a row. */
final class Policies {
  private static final String OPTIMIZER = "optimizer.safetensors";
  private static final String ADAPTER = "adapter";

  private final Lakehouse lakehouse;
  private final String runId;
  private final Preset.Train train;
  private final Configuration hadoop;

  Policies(Lakehouse lakehouse, String runId, Preset.Train train) {
    this.lakehouse = lakehouse;
    this.runId = runId;
    this.train = train;
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
                col("run_id")
                    .equalTo(runId)
                    .and(col("iteration").equalTo(iteration))
                    .and(col("stage").equalTo(stage))
                    .and(col("step").leq(newest.map(Rows.CheckpointRow::step).orElse(0)))
                    .and(col("skipped").isNotNull()))
            .count();
  }

  /** The newest committed version of a stage. */
  Optional<Rows.CheckpointRow> newest(int iteration, String stage) {
    return lakehouse
        .read(Table.CHECKPOINTS)
        .where(
            col("run_id")
                .equalTo(runId)
                .and(col("iteration").equalTo(iteration))
                .and(col("stage").equalTo(stage)))
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
    return commit(0, "base", 0, uri, null, null);
  }

  /** Writes a model, its adapter and its optimizer, then the row that commits them. */
  Rows.CheckpointRow save(
      TrainableModel model, int iteration, String stage, int step, String parent) {
    String uri =
        lakehouse.folder("policies")
            + "/%s/%d-%s-%04d-%s"
                .formatted(
                    runId, iteration, stage, step, UUID.randomUUID().toString().substring(0, 8));
    CheckpointWriter writer = new CheckpointWriter(hadoop);
    model.write(writer, uri, DType.F32);
    if (model.hasAdapter()) {
      model.adapter().write(writer, uri + "/" + ADAPTER, model.config());
    }
    String optimizer = uri + "/" + OPTIMIZER;
    model.writeOptimizer(writer, optimizer);
    return commit(iteration, stage, step, uri, optimizer, parent);
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
    List<String> parts = train.parts();
    TrainedParts trained =
        new TrainedParts(
            parts.contains("vision"), parts.contains("merger"), parts.contains("language"));
    return new TrainableModel.Setup(trained, adapter, ComputeType.of(train.dtype()));
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
    LoraConfig settings =
        new LoraConfig(
            lora.rank(),
            lora.alpha(),
            lora.rankStabilised(),
            Modules.of(lora.targets()),
            Modules.of(lora.exclude()));
    return Adapter.fresh(settings, config, seed);
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

  /** Drops the optimizer's state of a version that is not the newest any more. */
  void forgetOptimizer(Rows.CheckpointRow row) {
    if (row.optimizerUri() == null) {
      return;
    }
    try {
      org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(row.optimizerUri());
      FileSystem files = path.getFileSystem(hadoop);
      files.delete(path, false);
    } catch (IOException e) {
      throw new io.relook.lakehouse.RelookException(
          io.relook.lakehouse.RelookException.Category.STORAGE,
          "Cannot delete %s: %s.".formatted(row.optimizerUri(), e.getMessage()),
          e);
    }
  }

  private Rows.CheckpointRow commit(
      int iteration, String stage, int step, String uri, String optimizer, String parent) {
    String version = "%s/%d/%s/%d".formatted(runId, iteration, stage, step);
    Rows.CheckpointRow row =
        new Rows.CheckpointRow(
            version, runId, iteration, stage, step, uri, optimizer, parent, Instant.now());
    lakehouse.merge(Table.CHECKPOINTS, List.of(Rows.CHECKPOINT.toRow(row)));
    return newest(iteration, stage).orElse(row);
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
