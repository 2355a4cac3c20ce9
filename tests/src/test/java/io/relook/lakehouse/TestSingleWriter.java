package io.relook.lakehouse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.stores.SharedStores;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

/** On S3 a lakehouse has one driver that writes. */
class TestSingleWriter {
  private static final List<Row> ROWS =
      List.of(Rows.RUN.toRow(new Rows.Run("r", "{}", Instant.EPOCH)));

  private final SparkSession spark = TestSession.spark();
  private final String place = SharedStores.s3a("lake-" + UUID.randomUUID());

  @Test
  void aSecondDriverIsRefusedAndAfterTheFirstAdmitted() {
    try (Lakehouse lakehouse = Lakehouse.open(spark, place)) {
      try (RunLock first = first(place)) {
        String refusal = refused(lakehouse::claim);
        for (String part :
            List.of(
                "The lakehouse " + place + " has a writer already: relook demo (app-1)",
                "process " + ProcessHandle.current().pid(),
                "since 20",
                "wait for it, or stop it; reading is free")) {
          assertTrue(refusal.contains(part), refusal);
        }
        refused(() -> lakehouse.merge(Table.RUNS, ROWS));
      }
      lakehouse.merge(Table.RUNS, ROWS);
      refused(() -> first(place));
      try (Lakehouse ofTheSameProcess = Lakehouse.open(spark, place)) {
        ofTheSameProcess.merge(Table.RUNS, ROWS);
        assertEquals(1, ofTheSameProcess.read(Table.RUNS).count());
      }
    }
    try (RunLock next = first(place)) {
      Lakehouse reader = Lakehouse.open(spark, place);
      reader.registerExisting();
      assertEquals(1, reader.read(Table.RUNS).count());
      refused(() -> reader.replace(Table.RUNS, ROWS));
    }
  }

  @Test
  void ofDriversThatStartAtOnceOneIsAdmitted() throws Exception {
    ExecutorService drivers = Executors.newFixedThreadPool(8);
    try {
      List<Future<RunLock>> started = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        started.add(drivers.submit(() -> first(place)));
      }
      List<RunLock> admitted = new ArrayList<>();
      for (Future<RunLock> driver : started) {
        try {
          admitted.add(driver.get());
        } catch (java.util.concurrent.ExecutionException e) {
          assertTrue(e.getMessage().contains("has a writer already"), e.getMessage());
        }
      }
      admitted.forEach(RunLock::close);
      assertEquals(1, admitted.size());
    } finally {
      drivers.shutdownNow();
    }
  }

  /** A driver that slept for a minute, and was taken for dead. */
  @Test
  void aDriverThatWasReplacedWritesNoMore() throws Exception {
    try (RunLock first = first(place)) {
      Path file = new Path(place, "locks/writer");
      FileSystem files = file.getFileSystem(hadoop());
      byte[] other =
          "{\"owner\": \"o\", \"application\": \"b\", \"host\": \"elsewhere\", \"pid\": 1, \"renewed\": \"%s\"}"
              .formatted(Instant.now())
              .getBytes();
      try (var out = files.create(file, true)) {
        out.write(other);
      }
      first.requireHeld(Instant.now());
      refused(() -> first.requireHeld(Instant.now().plusSeconds(60)));
      first.close();
      assertTrue(files.exists(file), "the other's lock stays");
    }
  }

  @Test
  void aSchemasTablesDecideWhereItIsHeld() {
    spark.sql("CREATE SCHEMA on_s3 LOCATION '%s'".formatted(place));
    try (RunLock first = first(place);
        Lakehouse lakehouse = Lakehouse.open(spark, "spark_catalog.on_s3")) {
      refused(lakehouse::claim);
    } finally {
      spark.sql("DROP SCHEMA on_s3");
    }
  }

  @Test
  void deltasOwnLogStoreForS3NeedsIt() {
    assertTrue(isNeeded("s3a"));
    assertTrue(isNeeded("s3"));
    assertFalse(isNeeded("hdfs"));
    assertFalse(isNeeded("file"));
    String dynamo = "io.delta.storage.S3DynamoDBLogStore";
    assertFalse(isNeeded("s3a", "spark.delta.logStore.s3a.impl", dynamo));
    assertTrue(isNeeded("s3n", "spark.delta.logStore.s3a.impl", dynamo));
    assertFalse(isNeeded("s3a", "spark.delta.logStore.class", "org.example.OwnLogStore"));
    String single = "io.delta.storage.S3SingleDriverLogStore";
    assertTrue(isNeeded("s3a", "spark.delta.logStore.s3a.impl", single));
  }

  private static boolean isNeeded(String scheme, String... setting) {
    SparkConf conf = new SparkConf(false);
    if (setting.length > 0) {
      conf.set(setting[0], setting[1]);
    }
    return SingleWriter.isNeeded(scheme, conf);
  }

  private RunLock first(String held) {
    return RunLock.ofLakehouse(held, "relook demo (app-1)", hadoop());
  }

  private Configuration hadoop() {
    return spark.sessionState().newHadoopConf();
  }

  private static String refused(org.junit.jupiter.api.function.Executable write) {
    RelookException error = assertThrows(RelookException.class, write);
    assertEquals(RelookException.Category.CONFIG, error.category());
    assertTrue(error.getMessage().contains("has a writer already"), error.getMessage());
    return error.getMessage();
  }
}
