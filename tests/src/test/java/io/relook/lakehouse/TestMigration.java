package io.relook.lakehouse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables as version 1 made them, from {@code resources/lakehouse/version-1.sql}. */
class TestMigration {
  @TempDir private static Path shared;
  @TempDir private Path folder;
  private final SparkSession spark = TestSession.spark();

  /**
   * What a table is: schema with comments and NOT NULL, its comment, its properties (without the
   * spaces that ALTER TABLE puts between the words of a constraint).
   */
  private record Described(String schema, String comment, Map<String, String> properties) {}

  /** Those that a migration changes; the others change their version alone. */
  static Stream<Table> changed() {
    return Stream.of(Table.values())
        .filter(t -> t == Table.RUNS || Migration.ALL.stream().anyMatch(m -> !m.of(t).isEmpty()));
  }

  @ParameterizedTest
  @MethodSource("changed")
  void aTableOfVersion1BecomesWhatANewOneIs(Table table) throws IOException {
    make(table, folder.resolve("old"), Integer.MAX_VALUE);
    read(folder.resolve("old"), table);
    read(shared, table);
    assertEquals(described(table, shared), described(table, folder.resolve("old")));
  }

  @Test
  void rowsOfVersion1StayAndNewOnesJoinThem() throws IOException {
    make(Table.REWARDS, folder, Integer.MAX_VALUE);
    make(Table.TRAINING_STEPS, folder, Integer.MAX_VALUE);
    spark.sql(
        "INSERT INTO delta.`%s/rewards` VALUES ('t0', 'vre-1', 1, 0, 0, 0.2, '3', null)"
            .formatted(folder));
    spark.sql(
        """
        INSERT INTO delta.`%s/training_steps` VALUES ('r', 1, 'grpo', 9, 0.1, 0.2, 0.3, 1, 2, 0.5, 0.5,
        null, null, null, null, 4, 3, array('t'), array(0.5D), map('rewards', 7L), 'a', 'b', 1.5)
        """
            .formatted(folder));

    Lakehouse lakehouse = Lakehouse.open(spark, folder.toString());
    Rows.Reward before = Rows.REWARD.fromRow(lakehouse.read(Table.REWARDS).first());
    assertEquals(new Rows.Reward("t0", "vre-1", 1.0, 0.0, 0.0, 0.2, "3", null, null), before);
    Rows.TrainingStep step =
        Rows.TRAINING_STEP.fromRow(lakehouse.read(Table.TRAINING_STEPS).first());
    assertEquals(3, step.groupsUsed());
    assertNull(step.groupsFiltered());
    assertEquals(List.of("t"), step.trainedIds());

    Rows.Reward added = (Rows.Reward) Examples.of(Table.REWARDS).full();
    lakehouse.merge(Table.REWARDS, List.of(Rows.REWARD.toRow(added)));
    assertEquals(
        List.of(before, added),
        lakehouse.read(Table.REWARDS).orderBy("trajectory_id").collectAsList().stream()
            .map(Rows.REWARD::fromRow)
            .toList());
    assertEquals(
        -0.5,
        lakehouse
            .read(Table.REWARDS)
            .selectExpr("custom['brevity'].value")
            .where("trajectory_id = 't1'")
            .first()
            .getDouble(0));
  }

  /** Who only looks changes nothing: no table is made, and an old one stays as it is. */
  @Test
  void findingATableOfVersion1LeavesItAsItIs() throws IOException {
    make(Table.TRAINING_STEPS, folder, Integer.MAX_VALUE);
    spark.sql(
        """
        INSERT INTO delta.`%s/training_steps` VALUES ('r', 1, 'grpo', 9, 0.1, 0.2, 0.3, 1, 2, 0.5, 0.5,
        null, null, null, null, 4, 3, array('t'), array(0.5D), map('rewards', 7L), 'a', 'b', 1.5)
        """
            .formatted(folder));
    Described before = described(Table.TRAINING_STEPS, folder);
    Lakehouse lakehouse = Lakehouse.open(spark, folder.toString());
    assertEquals(Optional.empty(), lakehouse.find(Table.RUNS));
    assertFalse(folder.resolve("runs").toFile().exists());
    Rows.TrainingStep step =
        Rows.TRAINING_STEP.fromRow(lakehouse.find(Table.TRAINING_STEPS).orElseThrow().first());
    assertEquals(1.5, step.seconds());
    assertNull(step.metrics());
    assertEquals(before, described(Table.TRAINING_STEPS, folder));
  }

  /** Killed behind so many statements of the migration; the version was not written. */
  static IntStream statements() {
    return IntStream.rangeClosed(1, Migration.ALL.get(0).of(Table.REWARDS).size());
  }

  @ParameterizedTest
  @MethodSource("statements")
  void aMigrationThatWasKilledIsFinished(int done) throws IOException {
    make(Table.REWARDS, folder, Integer.MAX_VALUE);
    String identifier = "delta.`" + folder + "/rewards`";
    Migration.ALL.get(0).of(Table.REWARDS).stream()
        .limit(done)
        .forEach(s -> spark.sql(s.sql(identifier)));
    read(folder, Table.REWARDS);
    read(shared, Table.REWARDS);
    assertEquals(described(Table.REWARDS, shared), described(Table.REWARDS, folder));
  }

  /** Version 1 added constraints after the table: killed between, they were missing. */
  @Test
  void constraintsThatVersion1DidNotComeToAreAdded() throws IOException {
    make(Table.TRAJECTORIES, folder, 2);
    read(folder, Table.TRAJECTORIES);
    read(shared, Table.TRAJECTORIES);
    assertEquals(described(Table.TRAJECTORIES, shared), described(Table.TRAJECTORIES, folder));
  }

  @Test
  void theNewestVersionIsOpenedWithoutACommit() {
    read(shared, Table.RUNS);
    long before = Lakehouse.open(spark, shared.toString()).version(Table.RUNS);
    assertEquals(before, Lakehouse.open(spark, shared.toString()).version(Table.RUNS));
    assertEquals(0, before, "a table is made in one commit");
  }

  @Test
  void aNewerSchemaIsRefused() {
    refusal("'relook.schemaVersion' = '99'", "99");
  }

  @Test
  void aTableThatIsNotRelooksIsRefused() {
    refusal("'relook.schemaVersion' = 'mine'", "not made by Relook");
  }

  private void refusal(String property, String said) {
    read(folder, Table.RUNS);
    spark.sql("ALTER TABLE delta.`%s/runs` SET TBLPROPERTIES (%s)".formatted(folder, property));
    RelookException e = assertThrows(RelookException.class, () -> read(folder, Table.RUNS));
    assertTrue(e.getMessage().contains(said), e.getMessage());
    assertTrue(e.getMessage().contains("runs"), e.getMessage());
  }

  private void read(Path place, Table table) {
    Lakehouse.open(spark, place.toString()).read(table);
  }

  /** The first statements of version 1 for a table. */
  static void make(Table table, Path place, int statements) throws IOException {
    try (var in = TestMigration.class.getResourceAsStream("/lakehouse/version-1.sql")) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      Stream.of(text.split(";\n"))
          .filter(s -> s.contains("/" + table.tableName() + "`"))
          .limit(statements)
          .map(s -> s.replaceAll("(?m)^--.*", "").replace("{}", place.toString()))
          .forEach(TestSession.spark()::sql);
    }
  }

  private Described described(Table table, Path place) {
    String identifier = "delta.`%s/%s`".formatted(place, table.tableName());
    Map<String, String> properties = new TreeMap<>();
    spark
        .sql("SHOW TBLPROPERTIES " + identifier)
        .collectAsList()
        .forEach(row -> properties.put(row.getString(0), row.getString(1).replace(" ", "")));
    return new Described(
        spark.table(identifier).schema().json(),
        spark.sql("DESCRIBE DETAIL " + identifier).select("description").first().getString(0),
        properties);
  }
}
