package io.relook.stores;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.checkpoint.SideFiles;
import io.relook.model.checkpoint.TensorEntry;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.TrainableModel;
import io.relook.model.spark.ModelPool;
import io.relook.training.EmbeddedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables and checkpoints on HDFS and on S3A. */
class TestStores {
  @TempDir private static Path folder;
  private static HdfsCluster hdfs;

  private final SparkSession spark = TestSession.spark();

  @BeforeAll
  static void start() throws IOException {
    hdfs = HdfsCluster.start(folder);
    EmbeddedModel.unpack(folder.resolve("model"), true);
  }

  @AfterAll
  static void stop() {
    hdfs.close();
  }

  static Stream<String> places() throws IOException {
    return Stream.of(hdfs.uri("stores"), SharedStores.s3a("stores"));
  }

  @ParameterizedTest
  @MethodSource("places")
  void rowsAreWrittenOnceAndReadBack(String place) {
    try (Lakehouse lakehouse = Lakehouse.open(spark, place)) {
      Rows.Run run = new Rows.Run("r", "{}", Instant.parse("2026-01-01T00:00:00Z"));
      lakehouse.merge(Table.RUNS, List.of(Rows.RUN.toRow(run)));
      lakehouse.merge(Table.RUNS, List.of(Rows.RUN.toRow(run)));
      assertEquals(List.of(run), runs(Lakehouse.open(spark, place)));
      Rows.Run changed = new Rows.Run("r", "{a: 1}", run.startedAt());
      lakehouse.replace(Table.RUNS, List.of(Rows.RUN.toRow(changed)));
      assertEquals(List.of(changed), runs(Lakehouse.open(spark, place)));
    }
  }

  private static List<Rows.Run> runs(Lakehouse lakehouse) {
    return lakehouse.read(Table.RUNS).collectAsList().stream().map(Rows.RUN::fromRow).toList();
  }

  /** A copy on this machine is read, and deleted when all is read. */
  @ParameterizedTest
  @MethodSource("places")
  void aModelThatWasReadFromThereIsWrittenWithAllItsFiles(String place) {
    Configuration hadoop = spark.sessionState().newHadoopConf();
    CheckpointWriter writer = new CheckpointWriter(hadoop);
    String first = place + "/policies/first";
    String second = place + "/policies/second";
    TensorFile weights = new TensorFile(folder.resolve("model/model.safetensors"));
    SideFiles files = SideFiles.read(folder.resolve("model"));
    writer.write(
        first,
        files,
        Checkpoint.readConfig(folder.resolve("model")),
        DType.F32,
        (name, count) -> weights.floats(name));
    TrainableModel model;
    try (Checkpoint checkpoint = Checkpoint.open(first, hadoop)) {
      model =
          TrainableModel.frozen(
              ModelPool.program(Device.cpu(), 1), checkpoint, ComputeType.FLOAT32);
    }
    try (model) {
      model.write(writer, second, DType.F32);
    }
    try (Checkpoint written = Checkpoint.open(second, hadoop)) {
      assertEquals(files.contents().keySet(), SideFiles.read(written.folder()).contents().keySet());
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void aCheckpointComesBackAsItWasWrittenAndHalfOfOneIsRefused(String place) {
    Configuration hadoop = spark.sessionState().newHadoopConf();
    Path model = folder.resolve("model");
    CheckpointWriter writer = new CheckpointWriter(hadoop);
    try (Checkpoint embedded = Checkpoint.open(model.toString(), hadoop)) {
      TensorFile weights = new TensorFile(model.resolve("model.safetensors"));
      String whole = place + "/policies/whole";
      writer.write(
          whole,
          SideFiles.read(model),
          embedded.config(),
          DType.F32,
          (name, count) -> weights.floats(name));
      try (Checkpoint read = Checkpoint.open(whole, hadoop)) {
        TensorFile copied = new TensorFile(read.folder().resolve("model.safetensors"));
        for (TensorEntry tensor : embedded.tensors().values()) {
          assertArrayEquals(
              weights.floats(tensor.name()), copied.floats(tensor.name()), tensor.name());
        }
      }
      String half = place + "/policies/half";
      int[] written = {0};
      assertThrows(
          IllegalStateException.class,
          () ->
              writer.write(
                  half,
                  SideFiles.read(model),
                  embedded.config(),
                  DType.F32,
                  (name, count) -> {
                    if (++written[0] == 20) {
                      throw new IllegalStateException("stopped");
                    }
                    return weights.floats(name);
                  }));
      RelookException error =
          assertThrows(RelookException.class, () -> Checkpoint.open(half, hadoop).close());
      assertTrue(error.getMessage().contains(half), error.getMessage());
    }
  }
}
