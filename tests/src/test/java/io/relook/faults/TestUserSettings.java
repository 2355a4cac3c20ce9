package io.relook.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RecordCodec;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.ChildJvm;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.delta.catalog.DeltaCatalog;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * A run under settings that are not Spark's defaults, all at once, in a JVM of its own; this one's
 * session, in UTC and with the defaults, reads what it wrote. It takes a minute: {@code .ci/run}
 * runs it, {@code mvn verify} does not.
 */
@Tag("killed")
final class TestUserSettings {
  /** The limit of Kryo's buffer is less than what the weights take. */
  private static final Map<String, String> SETTINGS =
      Map.ofEntries(
          Map.entry("spark.serializer", "org.apache.spark.serializer.KryoSerializer"),
          Map.entry("spark.kryoserializer.buffer.max", "1m"),
          Map.entry("spark.sql.extensions", Extensions.class.getName()),
          Map.entry("spark.sql.catalog.spark_catalog", Catalog.class.getName()),
          Map.entry("spark.sql.session.timeZone", "America/New_York"),
          Map.entry("user.timezone", "Asia/Kolkata"),
          Map.entry("spark.sql.datetime.java8API.enabled", "true"),
          Map.entry("spark.sql.timestampType", "TIMESTAMP_NTZ"),
          Map.entry("spark.sql.ansi.enabled", "false"),
          Map.entry("spark.sql.caseSensitive", "true"),
          Map.entry("spark.sql.parser.escapedStringLiterals", "true"));

  @TempDir private Path folder;

  /** A user's own; says so. */
  public static final class Extensions
      extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {
    @Override
    public BoxedUnit apply(SparkSessionExtensions session) {
      System.out.println("the user's extensions");
      return BoxedUnit.UNIT;
    }
  }

  /** A distribution's own; says so, and what its session is set to. */
  public static final class Catalog extends DeltaCatalog {
    @Override
    public void initialize(String name, CaseInsensitiveStringMap options) {
      super.initialize(name, options);
      System.out.printf(
          "the user's catalog, in %s%n",
          SparkSession.active().conf().get("spark.sql.session.timeZone"));
    }
  }

  @Test
  void aSpreadRunUnderAUsersSettingsWritesWhatEveryOtherReads() throws Exception {
    List<String> options = new ArrayList<>(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    SETTINGS.forEach((key, value) -> options.add("-D%s=%s".formatted(key, value)));
    Path place = folder.resolve("lakehouse");
    Instant began = Instant.now();
    try (DemoRuns runs = new DemoRuns(folder)) {
      String[] command =
          runs.command(
              place,
              "data.trainQuestions=6",
              "evaluate.split=none",
              "sft.epochs=0",
              "train.shards=2",
              "grpo.steps=1",
              "grpo.queries=4",
              "grpo.tokenBudget=128");
      try (ChildJvm child =
          ChildJvm.start(
              folder,
              Class.forName(command[0]),
              options,
              List.of(command).subList(1, command.length).toArray(String[]::new))) {
        assertEquals(0, child.await(), child.said());
        assertTrue(child.said().contains("the user's extensions"), child.said());
        assertTrue(child.said().contains("the user's catalog, in America/New_York"), child.said());
      }
    }
    Instant ended = Instant.now();
    Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), place.toString());
    Rows.TrainingStep step =
        Rows.TRAINING_STEP.fromRow(lakehouse.read(Table.TRAINING_STEPS).first());
    assertNull(step.skipped());
    assertTrue(step.gradientNorm() > 0);
    for (int shard = 0; shard < 2; shard++) {
      String name = "shard %d on executor driver".formatted(shard);
      assertTrue(step.secondsByPart().containsKey(name), step.secondsByPart().toString());
    }
    List<Instant> times = new ArrayList<>();
    rows(lakehouse, Table.RUNS, Rows.RUN).forEach(run -> times.add(run.startedAt()));
    rows(lakehouse, Table.STAGES, Rows.STAGE).forEach(stage -> times.add(stage.startedAt()));
    rows(lakehouse, Table.CHECKPOINTS, Rows.CHECKPOINT).forEach(c -> times.add(c.committedAt()));
    assertTrue(times.size() > 5, times.toString());
    for (Instant time : times) {
      assertFalse(time.isBefore(began.minusSeconds(1)) || time.isAfter(ended), time.toString());
    }
    Lakehouse ours = Lakehouse.open(TestSession.spark(), folder.resolve("ours").toString());
    for (Table table : List.of(Table.RUNS, Table.CHECKPOINTS, Table.IMAGES, Table.TRAJECTORIES)) {
      assertEquals(described(ours, table), described(lakehouse, table));
    }
  }

  private static <T extends Record> List<T> rows(
      Lakehouse lakehouse, Table table, RecordCodec<T> codec) {
    return lakehouse.read(table).collectAsList().stream().map(codec::fromRow).toList();
  }

  /** Schema with comments, and what the constraints say. */
  private static List<String> described(Lakehouse lakehouse, Table table) {
    List<String> said = new ArrayList<>(List.of(lakehouse.read(table).schema().json()));
    lakehouse
        .spark()
        .sql("SHOW TBLPROPERTIES delta.`%s`".formatted(lakehouse.folder(table.tableName())))
        .collectAsList()
        .forEach(row -> said.add(row.getString(0) + ": " + row.getString(1)));
    return said;
  }
}
