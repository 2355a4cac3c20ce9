package io.relook.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.RunLock;
import io.relook.lakehouse.Table;
import io.relook.training.CleanUp;
import io.relook.training.Replay;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Two questions of four samples each, scored, and the third GRPO step that learnt of one. */
class TestSqlCommand {
  @TempDir private static Path folder;

  private record Output(int code, String out, String err) {
    List<String> lines() {
      return out.lines().toList();
    }
  }

  /** A session of its own, so that the views of one test are not those of another. */
  @BeforeAll
  static void fill() {
    SparkSession.setActiveSession(TestSession.spark().newSession());
    Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), folder.toString());
    List<Row> queries = new ArrayList<>();
    List<Row> samples = new ArrayList<>();
    List<Row> rewards = new ArrayList<>();
    List<Row> difficulty = new ArrayList<>();
    for (int q = 0; q < 2; q++) {
      queries.add(
          Rows.QUERY.toRow(
              new Rows.Query(
                  "q" + q, "s", "train", "How \"many\", then?", "" + q, List.of(), null, 1)));
      for (int k = 0; k < 4; k++) {
        String id = "q" + q + "k" + k;
        samples.add(sample(id, "q" + q, k));
        rewards.add(
            Rows.REWARD.toRow(
                new Rows.Reward(
                    id, "v", 1.0, k % 2 == q ? 1.0 : 0.0, null, k * 0.5, "" + k, null, Map.of())));
      }
      difficulty.add(
          Rows.DIFFICULTY.toRow(
              new Rows.Difficulty(
                  "r", 1, "q" + q, "p", 4, q + 1, (q + 1) / 4.0, 0, 1, "unstable", true)));
    }
    lakehouse.merge(Table.QUERIES, queries);
    lakehouse.merge(Table.TRAJECTORIES, samples);
    lakehouse.merge(Table.REWARDS, rewards);
    lakehouse.merge(Table.DIFFICULTY, difficulty);
    lakehouse.merge(
        Table.TRAINING_STEPS,
        List.of(
            Rows.TRAINING_STEP.toRow(
                new Rows.TrainingStep(
                    "r",
                    1,
                    "grpo",
                    3,
                    0.1,
                    0.2,
                    1e-4,
                    2,
                    4,
                    0.5,
                    0.5,
                    null,
                    null,
                    null,
                    null,
                    2,
                    1,
                    List.of(new Rows.GroupFiltered("q0", "all rewards are equal")),
                    List.of("q1k0", "q1k3"),
                    Arrays.asList(-0.7, 0.7),
                    Map.of("rewards", 1L),
                    "a",
                    "b",
                    1.5,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    "vre-1"))));
  }

  @AfterAll
  static void leaveTheSession() {
    SparkSession.clearActiveSession();
  }

  private static Row sample(String id, String query, int k) {
    String text = "Line one,\n\"two\" \u001b[31m" + k;
    return Rows.TRAJECTORY.toRow(
        new Rows.Trajectory(
            id,
            "r",
            1,
            "rl",
            3,
            query,
            k,
            "p",
            null,
            List.of(1),
            List.of(2, 3),
            List.of(-0.5f, -1f),
            text,
            "stop",
            null,
            1.0,
            64,
            List.of(),
            "f"));
  }

  private static Output sql(String query, String... options) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine relook =
        Relook.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    List<String> arguments = new ArrayList<>(List.of("sql", query));
    arguments.addAll(List.of(options));
    if (!arguments.contains("--lakehouse")) {
      arguments.addAll(List.of("--lakehouse", folder.toString()));
    }
    int code = relook.execute(arguments.toArray(String[]::new));
    return new Output(code, out.toString(), err.toString());
  }

  @Test
  void passRateByTrueAnswer() {
    Output output =
        sql(
            "SELECT q.answer, avg(d.pass_rate) FROM difficulty d JOIN queries q USING (query_id) GROUP BY 1 ORDER BY 1");
    assertEquals(0, output.code, output.err);
    assertEquals(
        List.of("answer  avg(pass_rate)", "0       0.25", "1       0.5", "2 rows"), output.lines());
  }

  @Test
  void theRowsOfOneQueryWithRewards() {
    Output output =
        sql(
            "SELECT sample, text, accuracy, reflection FROM trajectories JOIN rewards USING (trajectory_id) WHERE query_id = 'q1' ORDER BY sample");
    assertEquals(6, output.lines().size());
    assertEquals("1       Line one, \"two\" [31m1  1.0       null", output.lines().get(2));
    assertFalse(output.out.contains("\u001b"), "nothing that a terminal obeys");
  }

  @Test
  void whatTheThirdGrpoStepWasTrainedOn() {
    Output output =
        sql(
            "SELECT t.query_id, t.sample, x.advantages AS advantage FROM (SELECT inline(arrays_zip(trained_ids, advantages)) FROM training_steps WHERE stage = 'grpo' AND step = 3) x JOIN trajectories t ON t.trajectory_id = x.trained_ids ORDER BY t.sample",
            "--format",
            "csv");
    assertEquals(List.of("query_id,sample,advantage", "q1,0,-0.7", "q1,3,0.7"), output.lines());
    Output filtered =
        sql(
            "SELECT inline(groups_filtered) FROM training_steps WHERE step = 3",
            "--format",
            "json");
    assertEquals(
        List.of("{\"query_id\":\"q0\",\"reason\":\"all rewards are equal\"}"), filtered.lines());
  }

  /** Same names twice, as a join gives them, are no problem. */
  @Test
  void csvQuotesAndTellsNullFromEmpty() {
    Output output =
        sql(
            "SELECT 'a,b' a, 'say \"so\"' a, 'two\nlines' AS `x,y`, NULL n, '' e, array(1, NULL) l, map('k', struct(1 AS f)) m, X'00FF' b, TIMESTAMP '2026-01-02 03:04:05' t, 1.5D d",
            "--format",
            "csv");
    assertEquals(0, output.code, output.err);
    assertEquals(
        "a,a,\"x,y\",n,e,l,m,b,t,d\n"
            + "\"a,b\",\"say \"\"so\"\"\",\"two\nlines\",,\"\",\"[1,null]\",\"{\"\"k\"\":{\"\"f\"\":1}}\",AP8=,2026-01-02 03:04:05,1.5\n",
        output.out.replace(System.lineSeparator(), "\n"));
  }

  @Test
  void jsonKeepsNull() {
    assertEquals(
        List.of("{\"n\":null,\"s\":\"two\\nlines\",\"l\":[1,2],\"b\":\"AP8=\"}"),
        sql("SELECT string(NULL) n, 'two\nlines' s, array(1, 2) l, X'00FF' b", "--format", "json")
            .lines());
  }

  @Test
  void noRowsIsNoError() {
    assertEquals(
        List.of("sample", "0 rows"), sql("SELECT sample FROM trajectories WHERE false").lines());
  }

  @Test
  void aQueryThatFailsSaysWhyAndExitsWith1() {
    for (String[] wrong :
        new String[][] {
          {"SELECT nope FROM queries", "UNRESOLVED_COLUMN"},
          {"SELECT 1 FROM trajectory", "TABLE_OR_VIEW_NOT_FOUND"},
          {"SELEC 1", "PARSE_SYNTAX_ERROR"},
          {"SELECT 1 / sample FROM trajectories", "DIVIDE_BY_ZERO"}
        }) {
      Output output = sql(wrong[0]);
      assertEquals(1, output.code, wrong[0]);
      assertEquals("", output.out);
      assertTrue(output.err.startsWith("relook: The query failed: "), output.err);
      assertTrue(output.err.contains(wrong[1]), output.err);
      assertEquals(1, output.err.lines().count(), output.err);
    }
  }

  @Test
  void itReadsUnlessItIsAskedToWrite() {
    Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), folder.toString());
    lakehouse.read(Table.REJECTS);
    lakehouse.merge(Table.RUNS, List.of(Rows.RUN.toRow(new Rows.Run("r", "{}", Instant.EPOCH))));
    for (String writing :
        List.of(
            "DELETE FROM rewards",
            "INSERT INTO rejects VALUES ('a', 's', 'p', 'why')",
            "WITH one AS (SELECT 'a', 's', 'p', 'why') INSERT INTO rejects SELECT * FROM one",
            "UPDATE queries SET answer = '1'",
            "MERGE INTO rejects USING queries ON false WHEN MATCHED THEN DELETE",
            "CREATE TABLE t (a INT) USING delta",
            "DROP VIEW queries",
            "TRUNCATE TABLE rewards",
            "SET x.y = 1",
            "EXECUTE IMMEDIATE 'DELETE FROM rewards'",
            "BEGIN DELETE FROM rewards; END")) {
      Output output = sql(writing);
      assertEquals(1, output.code, writing);
      assertTrue(output.err.contains("ask for it with --write"), writing + ": " + output.err);
    }
    assertEquals(8, lakehouse.read(Table.REWARDS).count());
    for (String reading :
        List.of(
            "DESCRIBE queries",
            "SHOW TABLES",
            "EXPLAIN DELETE FROM rewards",
            "VALUES (1)",
            "FROM queries SELECT query_id",
            "DESCRIBE HISTORY delta.`" + folder + "/queries`")) {
      Output output = sql(reading);
      assertEquals(0, output.code, reading + ": " + output.err);
    }
    try (RunLock driver = lakehouse.lockRun("r", "relook demo")) {
      Output refused = sql("DELETE FROM rejects", "--write");
      assertTrue(refused.err.contains("The run r has a driver already"), refused.err);
    }
    Output insert = sql("INSERT INTO rejects VALUES ('a', 's', 'p', 'why')", "--write");
    assertEquals(0, insert.code, insert.err);
    assertEquals(0, sql("DELETE FROM rejects WHERE reject_id = 'a'", "--write").code);
    assertEquals(0, lakehouse.read(Table.REJECTS).count());
  }

  @Test
  void nothingIsMadeWhereThereIsNoLakehouse() throws IOException {
    Path nowhere = Files.createDirectory(folder.resolve("empty"));
    Lakehouse none = Lakehouse.open(TestSession.spark(), nowhere.toString());
    for (Executable reader :
        List.<Executable>of(
            () -> new Replay(none, new Replay.Config("r", 1, "grpo", 1)),
            () -> new CleanUp(none, Duration.ZERO).run(),
            none::registerExisting,
            none::registerToWrite)) {
      RelookException error = assertThrows(RelookException.class, reader);
      assertTrue(error.getMessage().contains("There is no lakehouse at"), error.getMessage());
    }
    for (String command : List.of("watch", "report")) {
      StringWriter err = new StringWriter();
      int code =
          Relook.commandLine()
              .setErr(new PrintWriter(err))
              .execute(command, "--lakehouse", nowhere.toString());
      assertEquals(1, code, command + ": " + err);
    }
    try (Stream<Path> made = Files.list(nowhere)) {
      assertEquals(List.of(), made.toList());
    }
  }

  @Test
  void aMissingLakehouseAndWrongUsageAreTold() {
    Output missing = sql("SELECT 1", "--lakehouse", folder.resolve("nowhere").toString());
    assertEquals(1, missing.code);
    assertTrue(missing.err.contains("There is no lakehouse at"), missing.err);
    assertFalse(folder.resolve("nowhere").toFile().exists());
    assertEquals(2, sql("SELECT 1", "--format", "xml").code);
  }
}
