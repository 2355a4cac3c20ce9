package io.relook.training;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumFileSystem;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;

/**
 * A stage's scalars for TensorBoard, beside the tables: {@code tensorboard/RUN/ITERATION-STAGE}.
 * The files are what {@code training_steps} and {@code checkpoints} say, to the byte, whoever
 * writes them: the steps that a version commits, each at the time it ended. So a run that is killed
 * anywhere and goes on has no step twice and none left out. Object stores append nothing: the
 * newest file is written whole for each step until it is full.
 */
final class Curves {
  /** Steps a file: some hundred KB are written for a step at most, and few files for many steps. */
  static final int STEPS = 100;

  private static final StructField[] COLUMNS = Table.TRAINING_STEPS.schema().fields();
  private static final int STEP = Table.TRAINING_STEPS.schema().fieldIndex("step");
  private static final int SECONDS = Table.TRAINING_STEPS.schema().fieldIndex("seconds");

  private final FileSystem files;
  private final Path folder;
  private EventFile newest;
  private Path file;

  Curves(String folder, Configuration hadoop) {
    this.folder = new Path(folder);
    try {
      FileSystem all = this.folder.getFileSystem(hadoop);
      // TensorBoard takes the hidden files with checksums for event files.
      this.files = all instanceof ChecksumFileSystem c ? c.getRawFileSystem() : all;
    } catch (IOException e) {
      throw unwritable(this.folder, e);
    }
  }

  /**
   * Of a stage, with what is committed of it.
   *
   * @param done the stage's newest version
   */
  static Curves of(
      Lakehouse lakehouse,
      String runId,
      int iteration,
      String stage,
      Optional<Rows.CheckpointRow> done) {
    String folder =
        lakehouse.folder("tensorboard") + "/%s/%d-%s".formatted(runId, iteration, stage);
    Curves curves = new Curves(folder, lakehouse.spark().sessionState().newHadoopConf());
    if (done.isEmpty()) {
      curves.clear();
      return curves;
    }
    Column own =
        col("run_id")
            .equalTo(runId)
            .and(col("iteration").equalTo(iteration))
            .and(col("stage").equalTo(stage));
    curves.resume(
        lakehouse.read(Table.TRAINING_STEPS).where(own).orderBy("step").collectAsList().stream()
            .map(row -> Rows.TRAINING_STEP.toRow(Rows.TRAINING_STEP.fromRow(row)))
            .toList(),
        lakehouse.read(Table.CHECKPOINTS).where(own).orderBy("step").collectAsList().stream()
            .map(Rows.CHECKPOINT::fromRow)
            .toList());
    return curves;
  }

  /**
   * Steps, in order, that a version just committed: the last is the version's own. Their columns
   * are in the table's order.
   */
  void add(List<Row> steps, Rows.CheckpointRow version) {
    draw(steps, version);
    write();
  }

  /**
   * All steps and versions, in order: writes what is missing of the steps that a version commits.
   */
  void resume(List<Row> steps, List<Rows.CheckpointRow> versions) {
    int from = 0;
    for (Rows.CheckpointRow version : versions) {
      int to = from;
      while (to < steps.size() && steps.get(to).getInt(STEP) <= version.step()) {
        to++;
      }
      draw(steps.subList(from, to), version);
      from = to;
    }
    writeIfOther();
  }

  private void draw(List<Row> steps, Rows.CheckpointRow version) {
    double[] ended = new double[steps.size()];
    double time = seconds(version.committedAt());
    for (int i = ended.length - 1; i >= 0; i--) {
      ended[i] = time;
      time -= steps.get(i).getDouble(SECONDS);
    }
    for (int i = 0; i < ended.length; i++) {
      int step = steps.get(i).getInt(STEP);
      Path place = new Path(folder, name(step));
      if (!place.equals(file)) {
        writeIfOther();
        newest = new EventFile(ended[i]);
        file = place;
      }
      newest.add(ended[i], step, scalars(steps.get(i)));
    }
  }

  /** TensorBoard reads a folder's files in the order of their names. */
  private static String name(int step) {
    return "events.out.tfevents.%010d.relook".formatted((step - 1) / STEPS * STEPS + 1);
  }

  private static double seconds(Instant time) {
    return time.getEpochSecond() + time.getNano() / 1e9;
  }

  /** Every number of a row by its column, those of a map by {@code column/key}. */
  static Map<String, Double> scalars(Row step) {
    Map<String, Double> scalars = new LinkedHashMap<>();
    for (int i = 0; i < COLUMNS.length; i++) {
      String name = COLUMNS[i].name();
      DataType type = COLUMNS[i].dataType();
      if (step.isNullAt(i) || Table.TRAINING_STEPS.key().contains(name)) {
        continue;
      }
      if (type instanceof MapType map && map.valueType().equals(DataTypes.DoubleType)) {
        Map<String, Double> parts = new TreeMap<>(step.<String, Double>getJavaMap(i));
        parts.values().removeIf(Objects::isNull);
        parts.forEach((key, value) -> scalars.put(name + "/" + key, value));
      } else if (step.get(i) instanceof Number number) {
        scalars.put(name, number.doubleValue());
      }
    }
    return scalars;
  }

  private void clear() {
    try {
      files.delete(folder, true);
    } catch (IOException e) {
      throw unwritable(folder, e);
    }
  }

  /** The same steps make the same bytes: a file of the same length is this one. */
  private void writeIfOther() {
    if (file == null) {
      return;
    }
    try {
      if (files.getFileStatus(file).getLen() == newest.bytes().length) {
        return;
      }
    } catch (FileNotFoundException e) {
      // To be written.
    } catch (IOException e) {
      throw unwritable(file, e);
    }
    write();
  }

  private void write() {
    try (OutputStream out = files.create(file, true)) {
      out.write(newest.bytes());
    } catch (IOException | FSError e) {
      throw unwritable(file, e);
    }
  }

  private static RelookException unwritable(Path place, Throwable cause) {
    return new RelookException(
        RelookException.Category.STORAGE,
        "Cannot write the TensorBoard file %s: %s. Check permissions and free space, then run the same command again."
            .formatted(place, cause.getMessage()),
        cause);
  }
}
