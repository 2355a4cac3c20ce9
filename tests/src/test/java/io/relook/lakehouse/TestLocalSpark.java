package io.relook.lakehouse;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a session is given beside the user's settings; no session is started here. */
final class TestLocalSpark {
  private static final String OURS =
      "io.delta.sql.DeltaSparkSessionExtension,io.relook.sql.RelookExtensions";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|" + OURS,
        "a.B|a.B," + OURS,
        "' a.B , c.D,'|a.B,c.D," + OURS,
        "io.relook.sql.RelookExtensions,a.B|io.relook.sql.RelookExtensions,a.B,io.delta.sql.DeltaSparkSessionExtension",
        OURS + "|" + OURS
      })
  void extensionsAreAddedToTheUsers(String given, String all) {
    SparkConf conf = new SparkConf(false).set("spark.sql.extensions", given);
    assertEquals(all, LocalSpark.settings(conf).get("spark.sql.extensions"));
  }

  @Test
  void whatIsSetStays() {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.sql.catalog.spark_catalog", "io.unitycatalog.spark.UCSingleCatalog")
            .set("spark.sql.session.timeZone", "America/New_York")
            .set("spark.sql.adaptive.enabled", "true");
    Map<String, String> settings = LocalSpark.settings(conf);
    assertEquals("local[2]", settings.get("spark.master"));
    for (String key :
        new String[] {
          "spark.sql.catalog.spark_catalog",
          "spark.sql.session.timeZone",
          "spark.sql.adaptive.enabled"
        }) {
      assertFalse(settings.containsKey(key), key);
    }
    Map<String, String> submitted =
        LocalSpark.settings(new SparkConf(false).set("spark.master", "yarn"));
    assertEquals(
        Map.of(
            "spark.sql.extensions", OURS,
            "spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog",
            "spark.sql.session.timeZone", "UTC"),
        submitted);
  }

  @Test
  void aSessionThatRunsIsLeftAsItIs() {
    Map<String, String> before = conf();
    LocalSpark.session("another name");
    assertEquals(before, conf());
  }

  private static Map<String, String> conf() {
    return scala.jdk.javaapi.CollectionConverters.asJava(TestSession.spark().conf().getAll());
  }

  /** The class path that the tests run on is what {@code pom.xml} asks for. */
  @Test
  void theVersionsOfTheBuildAreThoseThatItIsFor() {
    assertDoesNotThrow(() -> BuiltFor.require());
  }

  @ParameterizedTest
  @CsvSource({"4.1.0,4.4.0", "4.1.7,4.0.1", "4.1.2-amzn-0,4.1.0", "4.1,4"})
  void anotherPatchIsTaken(String spark, String delta) {
    assertDoesNotThrow(() -> BuiltFor.require(spark, delta));
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "none",
      value = {
        "4.2.0,4.4.0",
        "4.0.1,4.0.0",
        "3.5.7,3.3.2",
        "4.10.0,4.4.0",
        "4.1.0,3.3.0",
        "4.1.0,40.1",
        "4.1.0,none"
      })
  void anotherVersionIsToldInOneLine(String spark, String delta) {
    RelookException e = assertThrows(RelookException.class, () -> BuiltFor.require(spark, delta));
    assertEquals(RelookException.Category.CONFIG, e.category());
    assertTrue(e.getMessage().contains("built for Spark 4.1 with Delta 4"), e.getMessage());
    assertTrue(e.getMessage().contains("here is Spark " + spark), e.getMessage());
    assertTrue(e.getMessage().contains(delta == null ? "no Delta" : "Delta " + delta));
    assertEquals(1, e.getMessage().lines().count());
    assertEquals(0, e.getStackTrace().length);
  }
}
