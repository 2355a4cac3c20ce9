package io.relook.lakehouse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestLakehouse {
  @TempDir private Path folder;
  private Lakehouse lakehouse;

  @BeforeEach
  void open() {
    lakehouse = Lakehouse.open(TestSession.spark(), folder.toString());
  }

  @Test
  void everyTablesRowsComeBackAsTheyWereWritten() {
    check(
        Table.QUERIES,
        Rows.QUERY,
        new Rows.Query("q", "s", "train", "?", null, List.of("i", "j"), null, 3));
    check(Table.REJECTS, Rows.REJECT, new Rows.Reject("r", "s", "row 1", "broken"));
    check(
        Table.INGESTS,
        Rows.INGEST,
        new Rows.Ingest("t", "id", "m", 3, 8, 1, Instant.ofEpochSecond(9)));
    check(Table.TRAJECTORIES, Rows.TRAJECTORY, trajectory("t", "stop", null));
    check(
        Table.REWARDS,
        Rows.REWARD,
        new Rows.Reward("t", "v", 1.0, null, null, 0.5, null, "no truth"));
    check(
        Table.DIFFICULTY,
        Rows.DIFFICULTY,
        new Rows.Difficulty("r", 1, "q", "p", 8, 4, 0.5, 0.2, 0.8, "unstable", true));
    check(
        Table.REFLECTIONS,
        Rows.REFLECTION,
        new Rows.Reflection("f", "r", 1, "q", "t", "corrective", "I see", false, true, true, null));
    check(
        Table.SFT_EXAMPLES,
        Rows.SFT_EXAMPLE,
        new Rows.SftExample(
            "e", "r", 1, "q", "f", "recheck", List.of(1, 2), List.of(3), List.of()));
    check(
        Table.TRAINING_STEPS,
        Rows.TRAINING_STEP,
        new Rows.TrainingStep(
            "r",
            1,
            "grpo",
            2,
            0.1,
            0.2,
            1e-4,
            8,
            90,
            0.5,
            null,
            null,
            null,
            null,
            null,
            4,
            3,
            List.of("t"),
            List.of(0.5),
            Map.of("trajectories", 7L),
            "a",
            "b",
            1.5));
    check(
        Table.CHECKPOINTS,
        Rows.CHECKPOINT,
        new Rows.CheckpointRow(
            "v", "r", 1, "sft", 3, "file:/x", null, null, Instant.ofEpochSecond(9)));
    check(
        Table.EVALUATIONS,
        Rows.EVALUATION,
        new Rows.Evaluation("e", "r", "v", "held-out", "q", "t", true, null));
    check(Table.ATTENTION, Rows.ATTENTION, new Rows.Attention("t", 0, 1, List.of(0.25f, 0.5f)));
    check(Table.JUDGEMENTS, Rows.JUDGEMENT, new Rows.Judgement("j", "m", "1", "{}", 0.5, null));
    check(Table.RUNS, Rows.RUN, new Rows.Run("r", "model: embedded", Instant.ofEpochSecond(9)));
  }

  @Test
  void writingTwiceChangesNothing() {
    List<Row> rows = List.of(Rows.REJECT.toRow(new Rows.Reject("r", "s", "row 1", "broken")));
    lakehouse.merge(Table.REJECTS, rows);
    lakehouse.merge(Table.REJECTS, rows);
    assertEquals(1, lakehouse.read(Table.REJECTS).count());
  }

  @Test
  void aValueThatACheckForbidsIsRefusedWithTheTablesName() {
    List<Row> rows = List.of(Rows.TRAJECTORY.toRow(trajectory("t", "lost", null)));
    RelookException e =
        assertThrows(RelookException.class, () -> lakehouse.merge(Table.TRAJECTORIES, rows));
    assertTrue(
        e.getMessage().contains("trajectories") && e.getMessage().contains("finish"),
        e.getMessage());
  }

  @Test
  void aNewerSchemaIsRefused() {
    lakehouse.read(Table.RUNS);
    TestSession.spark()
        .sql(
            "ALTER TABLE delta.`%s/runs` SET TBLPROPERTIES ('relook.schemaVersion' = '99')"
                .formatted(folder));
    Lakehouse other = Lakehouse.open(TestSession.spark(), folder.toString());
    RelookException e = assertThrows(RelookException.class, () -> other.read(Table.RUNS));
    assertTrue(e.getMessage().contains("99"), e.getMessage());
  }

  @Test
  void aSchemaOfACatalogIsALakehouseToo() {
    String name = "spark_catalog.relook_" + Long.toHexString(System.nanoTime());
    Lakehouse named = Lakehouse.open(TestSession.spark(), name);
    RelookException empty = assertThrows(RelookException.class, named::registerExisting);
    assertTrue(empty.getMessage().contains(name), empty.getMessage());
    try {
      List<Row> rows = List.of(Rows.REJECT.toRow(new Rows.Reject("r", "s", "row 1", "broken")));
      named.merge(Table.REJECTS, rows);
      Lakehouse again = Lakehouse.open(TestSession.spark(), name);
      again.merge(Table.REJECTS, rows);
      again.registerExisting();
      assertEquals(1, again.read(Table.REJECTS).count());
      assertEquals(1, TestSession.spark().sql("SELECT * FROM rejects").count());
      assertEquals(1, TestSession.spark().table(name + ".rejects").count());
      String warehouse = TestSession.spark().conf().get("spark.sql.warehouse.dir");
      assertEquals(warehouse + "/" + name + "/policies", again.folder("policies"));
    } finally {
      TestSession.spark().sql("DROP SCHEMA IF EXISTS " + name + " CASCADE");
    }
  }

  @Test
  void aRelativeFolderIsALakehouseWhereTheProcessRuns() {
    String relative = Path.of("").toAbsolutePath().relativize(folder.toAbsolutePath()).toString();
    Lakehouse here = Lakehouse.open(TestSession.spark(), relative + "/");
    here.merge(
        Table.REJECTS, List.of(Rows.REJECT.toRow(new Rows.Reject("r", "s", "row 1", "broken"))));
    assertEquals(1, lakehouse.read(Table.REJECTS).count());
    assertTrue(here.folder("policies").startsWith("file:/"), here.folder("policies"));
  }

  @Test
  void partsOfAKeyCannotRunTogether() {
    assertTrue(!Keys.of("ab", "c").equals(Keys.of("a", "bc")));
    assertEquals(64, Keys.trajectory("r", 1, Phase.RL, 2, "q", 3).length());
  }

  private <T extends Record> void check(Table table, RecordCodec<T> codec, T value) {
    lakehouse.merge(table, List.of(codec.toRow(value)));
    assertEquals(value, codec.fromRow(lakehouse.read(table).first()), table.tableName());
  }

  private static Rows.Trajectory trajectory(String id, String finish, String error) {
    return new Rows.Trajectory(
        id,
        "r",
        1,
        "rl",
        2,
        "q",
        3,
        "p",
        null,
        List.of(1),
        List.of(2, 3),
        List.of(-0.5f, -1f),
        "text",
        finish,
        error,
        1.0,
        64,
        List.of("i"),
        "f");
  }
}
