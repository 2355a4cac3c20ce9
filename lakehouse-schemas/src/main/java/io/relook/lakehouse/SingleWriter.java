package io.relook.lakehouse;

import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/**
 * That one driver at a time writes a lakehouse where Delta cannot keep two apart. Its log store for
 * S3 looks whether a version is there and then writes it: of two drivers that do so at once one
 * loses its commit without a word, whatever their runs are. A process holds the place, whichever of
 * its objects writes.
 */
final class SingleWriter {
  private static final Set<String> SCHEMES = Set.of("s3", "s3a", "s3n");
  private static final String LOG_STORE = "S3SingleDriverLogStore";
  private static final Map<String, RunLock> HELD = new ConcurrentHashMap<>();

  private final SparkSession spark;
  private final String place;
  private final boolean needed;

  private SingleWriter(SparkSession spark, String place, boolean needed) {
    this.spark = spark;
    this.place = place;
    this.needed = needed;
  }

  /**
   * @param folder under which the tables lie
   */
  static SingleWriter of(SparkSession spark, String folder) throws IOException {
    Path path = new Path(folder);
    Path place = path.getFileSystem(hadoop(spark)).makeQualified(path);
    return new SingleWriter(
        spark,
        place.toString(),
        isNeeded(place.toUri().getScheme(), spark.sparkContext().getConf()));
  }

  /** Delta's rules: a log store for the scheme, or one for all, or its own choice. */
  static boolean isNeeded(String scheme, SparkConf conf) {
    if (!SCHEMES.contains(scheme)) {
      return false;
    }
    String forAll = conf.get("spark.delta.logStore.class", LOG_STORE);
    return conf.get("spark.delta.logStore.%s.impl".formatted(scheme), forAll).endsWith(LOG_STORE);
  }

  /** Holds the place from now on, or is refused; elsewhere nothing. */
  void claim() {
    if (needed) {
      HELD.computeIfAbsent(place, p -> RunLock.ofLakehouse(p, application(), hadoop(spark)))
          .requireHeld(Instant.now());
    }
  }

  void giveUp() {
    RunLock lock = HELD.remove(place);
    if (lock != null) {
      lock.close();
    }
  }

  private String application() {
    return "%s (%s)"
        .formatted(spark.sparkContext().appName(), spark.sparkContext().applicationId());
  }

  private static Configuration hadoop(SparkSession spark) {
    return spark.sessionState().newHadoopConf();
  }
}
