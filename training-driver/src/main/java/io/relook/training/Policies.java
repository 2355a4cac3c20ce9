package io.relook.training;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.engine.TrainableModel;
import io.relook.model.torch.TorchProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/** The versions of a run's weights: files under a prefix of their own, committed by a row. */
final class Policies {
  private static final String OPTIMIZER = "optimizer.safetensors";

  private final Lakehouse lakehouse;
  private final String runId;
  private final Configuration hadoop;

  Policies(Lakehouse lakehouse, String runId) {
    this.lakehouse = lakehouse;
    this.runId = runId;
    this.hadoop = lakehouse.spark().sessionState().newHadoopConf();
  }

  Configuration hadoop() {
    return hadoop;
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

  /** Writes a model and its optimizer, then the row that commits both. */
  Rows.CheckpointRow save(
      TrainableModel model, int iteration, String stage, int step, String parent) {
    String uri =
        lakehouse.folder("policies")
            + "/%s/%d-%s-%04d-%s"
                .formatted(
                    runId, iteration, stage, step, UUID.randomUUID().toString().substring(0, 8));
    CheckpointWriter writer = new CheckpointWriter(hadoop);
    model.write(writer, uri, DType.F32);
    String optimizer = uri + "/" + OPTIMIZER;
    model.writeOptimizer(writer, optimizer);
    return commit(iteration, stage, step, uri, optimizer, parent);
  }

  /** Loads a version to train it on; the optimizer goes on only within a stage. */
  TrainableModel load(TorchProgram program, Rows.CheckpointRow row, boolean optimizer) {
    try (Checkpoint checkpoint = Checkpoint.open(row.uri(), hadoop)) {
      TrainableModel model = TrainableModel.load(program, checkpoint);
      if (optimizer) {
        model.readOptimizer(new TensorFile(checkpoint.folder().resolve(OPTIMIZER)));
      }
      return model;
    }
  }

  /** Loads a version that only measures. */
  TrainableModel reference(TorchProgram program, Rows.CheckpointRow row) {
    try (Checkpoint checkpoint = Checkpoint.open(row.uri(), hadoop)) {
      return TrainableModel.frozen(program, checkpoint);
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
