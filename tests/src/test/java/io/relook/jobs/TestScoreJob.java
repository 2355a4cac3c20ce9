package io.relook.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.lit;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.preset.Preset.OwnReward;
import io.relook.rewards.CustomReward;
import io.relook.rewards.Rewards;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Completions of three questions: the truth of q1 and q2 is 1, that of q3 is not known. */
class TestScoreJob {
  @TempDir private static Path folder;
  private static Lakehouse lakehouse;

  @BeforeAll
  static void takeIn() {
    lakehouse = Lakehouse.open(TestSession.spark(), folder.toString());
    List<Row> queries = new ArrayList<>();
    List<Row> samples = new ArrayList<>();
    for (int q = 1; q <= 3; q++) {
      queries.add(
          Rows.QUERY.toRow(
              new Rows.Query(
                  "q" + q, "s", "train", "How many?", q == 3 ? null : "1", List.of(), "count", 1)));
      for (int k = 0; k < 3; k++) {
        samples.add(sample("q" + q, k, k == 2 ? "length" : "stop", null));
      }
    }
    samples.add(sample("q1", 3, "error", "picture broken"));
    lakehouse.merge(Table.QUERIES, queries);
    lakehouse.merge(Table.TRAJECTORIES, samples);
  }

  private static Row sample(String query, int k, String finish, String error) {
    List<Integer> ids = error == null ? List.of(1, 2, 3, 4, 5) : List.of();
    List<Float> logProbs = ids.stream().map(i -> -1f).toList();
    return Rows.TRAJECTORY.toRow(
        new Rows.Trajectory(
            query + "/" + k,
            "r",
            1,
            "rl",
            1,
            query,
            k,
            "p",
            null,
            List.of(9),
            ids,
            logProbs,
            error == null ? "I see <answer>" + k + "</answer>" : "",
            finish,
            error,
            1.0,
            5,
            List.of(),
            "f"));
  }

  private static OwnReward ofClass(String name, double weight, Class<?> type) {
    return new OwnReward(name, weight, type.getName(), null, null);
  }

  private static OwnReward ofSql(String name, double weight, String sql, String version) {
    return new OwnReward(name, weight, null, sql, version);
  }

  private static Rewards rewards(double accuracy, double reflection, OwnReward... settings) {
    return new Rewards(
        0.2, accuracy, reflection, CustomReward.resolve(TestSession.spark(), List.of(settings)));
  }

  private static Map<String, Rows.Reward> scores(Rewards rewards) {
    Map<String, Rows.Reward> scores = new TreeMap<>();
    lakehouse
        .read(Table.REWARDS)
        .where("version = '" + rewards.version() + "'")
        .collectAsList()
        .forEach(row -> scores.put(row.getAs("trajectory_id"), Rows.REWARD.fromRow(row)));
    return scores;
  }

  @Test
  void ownRewardsStandBesideTheBuiltInOnesAndEnterTheTotal() {
    Rewards rewards =
        rewards(
            1,
            0.2,
            ofClass("brevity", 2, OwnRewards.Brevity.class),
            ofSql("ratio", 0.5, "1 / int(answer)", null),
            ofSql("both", 0, "custom['brevity'].value + custom['ratio'].value + format", "x"));
    new ScoreJob(lakehouse, rewards, 0.5).run("r");
    new ScoreJob(lakehouse, rewards, 0.5).run("r");
    Map<String, Rows.Reward> scores = scores(rewards);
    assertEquals(10, scores.size());

    Rows.Reward right = scores.get("q1/1");
    assertEquals(new Rows.CustomReward("7", -0.05, null), right.custom().get("brevity"));
    assertEquals(new Rows.CustomReward("1", 1.0, null), right.custom().get("ratio"));
    assertEquals("x", right.custom().get("both").version());
    assertEquals(1.95, right.custom().get("both").value(), 1e-12);
    assertEquals(0.2 + 1 + 0 + 2 * -0.05 + 0.5 * 1, right.total(), 1e-12);
    assertNull(right.reason());

    Rows.Reward divided = scores.get("q1/0");
    assertNull(divided.custom().get("ratio").value());
    assertEquals(
        "failed: the expression ended with an error", divided.custom().get("ratio").reason());
    assertEquals("the expression is NULL", divided.custom().get("both").reason());
    assertNull(divided.total(), "a part that has weight is NULL");
    assertEquals("ratio: failed: the expression ended with an error", divided.reason());
    assertEquals(0.0, divided.accuracy());

    Rows.Reward cut = scores.get("q1/2");
    assertEquals(
        new Rows.CustomReward("7", null, "no value for this completion"),
        cut.custom().get("brevity"));

    Rows.Reward broken = scores.get("q1/3");
    assertEquals("no completion: picture broken", broken.reason());
    broken.custom().values().forEach(c -> assertEquals("no completion", c.reason()));
    assertNull(broken.total());

    Rows.Reward unknown = scores.get("q3/1");
    assertNull(unknown.accuracy());
    assertEquals(-0.05, unknown.custom().get("brevity").value());
    assertNull(unknown.total());
  }

  @Test
  void withoutWeightOnTheTruthQuestionsWithoutOneHaveATotal() {
    Rewards rewards = rewards(0, 0, ofSql("size", -0.1, "tokens", null));
    new ScoreJob(lakehouse, rewards, 0).run("r");
    assertEquals(0.2 - 0.5, scores(rewards).get("q3/1").total(), 1e-12);
    assertNull(scores(rewards).get("q1/3").total(), "no completion");
  }

  @Test
  void aClassThatFailsIsNullWithTheReasonUntilTheBudgetIsSpent() {
    Rewards rewards = rewards(1, 0, ofClass("fragile", 1, OwnRewards.Fragile.class));
    new ScoreJob(lakehouse, rewards, 0.3).run("r");
    Map<String, Rows.Reward> scores = scores(rewards);
    assertEquals(10, scores.size());
    assertEquals(
        "failed: java.io.IOException: broken", scores.get("q2/0").custom().get("fragile").reason());
    assertEquals("failed: the value is NaN", scores.get("q2/1").custom().get("fragile").reason());
    assertEquals(
        "failed: java.lang.StackOverflowError",
        scores.get("q2/2").custom().get("fragile").reason());
    for (int k = 0; k < 3; k++) {
      assertNull(scores.get("q2/" + k).custom().get("fragile").value());
      assertNull(scores.get("q2/" + k).total());
    }
    assertEquals(2.2, scores.get("q1/1").total(), 1e-12);

    RelookException e =
        assertThrows(RelookException.class, () -> new ScoreJob(lakehouse, rewards, 0.29).run("r"));
    assertEquals(Category.DATA, e.category());
    assertTrue(e.getMessage().contains("3 of 10 rows"), e.getMessage());
    assertTrue(e.getMessage().contains("fragile, failed: "), e.getMessage());
  }

  @Test
  void aRunWithoutARightSampleIsTold() {
    Rewards rewards = rewards(0.7, 0);
    ScoreJob job = new ScoreJob(lakehouse, rewards, 0);
    job.run("r");
    assertEquals(Optional.empty(), job.noneRight("r"), "sample 1 is right");
    assertEquals(Optional.empty(), job.noneRight("none of it"));
    lakehouse.append(
        Table.TRAJECTORIES,
        lakehouse
            .read(Table.TRAJECTORIES)
            .where("query_id = 'q1' and sample in (0, 2)")
            .withColumn("run_id", lit("wrong"))
            .withColumn("trajectory_id", concat(lit("wrong/"), col("sample"))));
    job.run("wrong");
    String told = job.noneRight("wrong").orElseThrow();
    assertTrue(
        told.startsWith("not one of 2 samples is right; one answers \"0\" where \"1\""), told);
  }

  @Test
  void anotherVersionMakesNewRowsAndKeepsTheOldOnes() {
    Rewards first = rewards(1, 0.2, ofSql("flag", 1, "finish = 'stop'", "1"));
    Rewards second = rewards(1, 0.2, ofSql("flag", 1, "finish = 'stop'", "2"));
    new ScoreJob(lakehouse, first, 0).run("r");
    Map<String, Rows.Reward> before = scores(first);
    new ScoreJob(lakehouse, second, 0).run("r");
    assertEquals(before, scores(first));
    assertEquals(10, scores(second).size());
    assertEquals("2", scores(second).get("q1/1").custom().get("flag").version());
    assertEquals(1.0, scores(second).get("q1/1").custom().get("flag").value());
    assertEquals(0.0, scores(second).get("q1/2").custom().get("flag").value());
  }

  @Test
  void allThatIsWrongWithOwnRewardsIsSaidAtOnceBeforeAnyWork() {
    RelookException e =
        assertThrows(
            RelookException.class,
            () ->
                rewards(
                    1,
                    0,
                    new OwnReward("missing", 1, "com.example.Absent", null, null),
                    ofClass("text", 1, String.class),
                    ofClass("closed", 1, OwnRewards.Closed.class),
                    new OwnReward("old", 1, OwnRewards.Brevity.class.getName(), null, "6"),
                    ofSql("unknown", 1, "lenght(text)", null),
                    ofSql("column", 1, "txt", null),
                    ofSql("syntax", 1, "1 +", null),
                    ofSql("words", 1, "text", null),
                    ofSql("rank", 1, "rank() over (order by text)", null),
                    ofSql("sum", 1, "sum(sample)", null),
                    ofSql("many", 1, "explode(array(1, 2))", null),
                    ofSql("random", 1, "rand()", null),
                    ofSql("nested", 1, "(select count(1) from range(3))", null),
                    ofSql("fine", 1, "sample", null),
                    ofSql("fine", 1, "sample", null),
                    ofSql("a b", 1, "sample", null),
                    new OwnReward("neither", 1, null, null, null)));
    assertEquals(Category.CONFIG, e.category());
    String message = e.getMessage();
    assertTrue(message.contains("16 problems"), message);
    for (String said :
        List.of(
            "missing: no class com.example.Absent on the class path",
            "text: java.lang.String does not implement io.relook.rewards.Reward",
            "closed: ",
            "old: the preset wants version 6, the class path has 7",
            "unknown: the expression does not analyse: [UNRESOLVED_ROUTINE]",
            "column: the expression does not analyse: [UNRESOLVED_COLUMN",
            "syntax: the expression does not analyse: ",
            "[PARSE_SYNTAX_ERROR]",
            "words: the expression is of type STRING, not a number",
            "rank: the expression must follow from its row alone",
            "sum: the expression must follow from its row alone",
            "many: the expression does not analyse: [UNSUPPORTED_GENERATOR",
            "random: the expression must follow from its row alone",
            "nested: the expression must follow from its row alone",
            "fine: the name stands twice",
            "a b: the name must be",
            "neither: give one of class and sql")) {
      assertTrue(message.contains(said), said + " in " + message);
    }
  }
}
