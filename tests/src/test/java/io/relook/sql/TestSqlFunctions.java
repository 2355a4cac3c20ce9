package io.relook.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.RelookException;
import io.relook.model.spark.ImageTextGenerator;
import io.relook.model.text.TextProcessor;
import io.relook.rewards.Rewards;
import io.relook.scenes.SceneGenerator;
import io.relook.scenes.SceneQuestion;
import io.relook.training.EmbeddedModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The model and the rewards as functions of SQL. */
class TestSqlFunctions {
  private static final SparkSession SPARK = TestSession.spark().newSession();
  private static final ModelMetrics METRICS = new ModelMetrics();

  /** Rows of the table {@code scenes}. */
  private static final int SCENES = 6;

  @TempDir private static Path model;
  @TempDir private Path folder;

  @BeforeAll
  static void open() {
    EmbeddedModel.unpack(model, true);
    SPARK.sparkContext().addSparkListener(METRICS);
    frame(scenes(SCENES)).coalesce(1).createOrReplaceTempView("scenes");
  }

  @AfterAll
  static void close() {
    SPARK.sparkContext().removeSparkListener(METRICS);
  }

  @Test
  void answersAreThoseOfTheTransformer() {
    Dataset<Row> scenes = SPARK.table("scenes");
    List<Row> expected =
        generator().setTemperature(0).generate(scenes).orderBy("id").collectAsList();
    List<Row> greedy =
        rows(
            "SELECT g.* FROM (SELECT id, relook_generate($, question, image, temperature => 0, max_new_tokens => 12) g FROM scenes) ORDER BY id");
    assertSameAnswers(expected, greedy);

    List<Row> samples =
        generator()
            .setSamples(3)
            .setSeed(5)
            .generate(scenes)
            .orderBy("id", "sample")
            .collectAsList();
    List<Row> exploded =
        rows(
            "SELECT g.* FROM scenes LATERAL VIEW posexplode(relook_generate($, question, image, map('samples', 3, 'seed', 5, 'max_new_tokens', 12))) AS k, g ORDER BY id, k");
    assertEquals(3 * SCENES, exploded.size());
    assertSameAnswers(samples, exploded);
  }

  @Test
  void aWindowOfRowsGoesThroughTheEngineAtOnce() {
    String query =
        "SELECT count(g.text) FROM (SELECT relook_generate($, question, image, max_new_tokens => 2%s) g FROM scenes)";
    ModelMetrics.Counts together = counts(query.formatted(""));
    assertEquals(SCENES, together.rows());
    assertEquals(1, together.windows());
    assertEquals(3, counts(query.formatted(", batch_size => 2")).windows());
  }

  @Test
  void logProbsAreWhatTheGeneratorStored() {
    List<Row> scored =
        rows(
            "WITH done AS (SELECT id, question, image, relook_generate($, question, image, max_new_tokens => 12) g FROM scenes) SELECT g.log_probs, relook_log_probs($, question, image, g.completion_ids) s FROM done ORDER BY id");
    assertEquals(SCENES, scored.size());
    for (Row row : scored) {
      List<Float> stored = row.getList(0);
      List<Float> again = row.getStruct(1).getList(0);
      assertEquals(stored.size(), again.size());
      assertEquals(stored.size(), row.getStruct(1).getList(1).size());
      for (int t = 0; t < stored.size(); t++) {
        assertEquals(stored.get(t), again.get(t), 2e-4);
      }
    }
  }

  @Test
  void aTextIsScoredAsItsTokens() {
    String text = "I see <answer>two</answer>";
    int[] ids;
    try (TextProcessor tokenizer = TextProcessor.load(model)) {
      ids = tokenizer.encodeAsText(text);
    }
    Row row =
        rows("SELECT relook_log_probs($, question, image, '%s') a, relook_log_probs($, question, image, array(%s)) b, relook_log_probs($, question, '%s') c FROM scenes LIMIT 1"
                .formatted(text, Arrays.toString(ids).replaceAll("[\\[\\]]", ""), text))
            .get(0);
    assertEquals(ids.length, row.getStruct(0).getList(0).size());
    assertEquals(row.getStruct(0), row.getStruct(1));
    assertEquals(ids.length, row.getStruct(2).getList(0).size());
    assertNotEquals(row.getStruct(0), row.getStruct(2));
  }

  @Test
  void aBadRowIsAnErrorInItsRow() {
    Row good = scenes(1).get(0);
    String question = good.getString(1);
    frame(
            List.of(
                RowFactory.create(0, question, new byte[] {1, 2, 3}, "1"),
                RowFactory.create(1, question, null, "1"),
                RowFactory.create(2, null, good.get(2), "1"),
                RowFactory.create(3, question + " why".repeat(5000), good.get(2), "1"),
                RowFactory.create(4, question, good.get(2), "1")))
        .createOrReplaceTempView("bad");
    List<Row> done =
        rows(
            "SELECT relook_generate($, question, image, max_new_tokens => 2) g, relook_log_probs($, question, image, array(5, NULL)) s FROM bad ORDER BY id");
    List<String> reasons =
        List.of("cannot be decoded", "image is null", "prompt is null", "context");
    for (int i = 0; i < 4; i++) {
      Row answer = done.get(i).getStruct(0);
      assertEquals("error", answer.getAs("finish"));
      assertTrue(answer.<String>getAs("error").contains(reasons.get(i)), answer.toString());
      assertNull(answer.getAs("text"));
    }
    assertNotNull(done.get(4).getStruct(0).getAs("text"));
    assertTrue(done.get(4).getStruct(1).<String>getAs("error").contains("completion is null"));
  }

  @Test
  void noRowIsAnsweredTwiceAndNoneThatNobodyAsksFor() {
    String call = "relook_generate($, question, image, max_new_tokens => 2)";
    String made = "(SELECT id, question, answer, " + call + " g FROM scenes)";
    answers(SCENES, SCENES, "SELECT " + call + ".text a, " + call + ".finish b FROM scenes");
    answers(SCENES, SCENES, "SELECT id FROM " + made + " WHERE g.error IS NULL");
    answers(
        SCENES,
        SCENES,
        "SELECT %s.text t FROM scenes WHERE %s.error IS NULL ORDER BY %s.finish, id"
            .replace("%s", call));
    answers(2, 2, "SELECT g.text FROM " + made + " WHERE g.error IS NULL AND id < 2");
    answers(
        2, 2, "SELECT " + call + ".text FROM scenes WHERE id < 2 AND " + call + ".error IS NULL");
    answers(2, 2, "SELECT g.text FROM " + made + " LIMIT 2");
    answers(1, 0, "SELECT count(*) FROM " + made);
    answers(SCENES, 0, "SELECT id FROM " + made);
    answers(
        2 * SCENES,
        SCENES,
        "WITH m AS " + made + " SELECT g.text FROM m UNION ALL SELECT g.finish FROM m");
    answers(
        SCENES, SCENES, "WITH m AS " + made + " SELECT a.g.text FROM m a JOIN m b ON a.id = b.id");
  }

  @Test
  void callsStandWhereOtherFunctionsStand() {
    String call = "relook_generate($, question, image, max_new_tokens => 2)";
    answers(1, SCENES, "SELECT avg(size(" + call + ".completion_ids)) FROM scenes");
    answers(
        1,
        SCENES,
        "SELECT %s.finish, count(*) FROM scenes GROUP BY %s.finish HAVING %s.finish = 'length'"
            .replace("%s", call));
    answers(
        1,
        1,
        "SELECT q, relook_generate($, q, max_new_tokens => 2).error e FROM (SELECT 'what?' q FROM scenes) GROUP BY q HAVING e IS NULL");
    answers(1, 1, "SELECT relook_generate($, max(question), max_new_tokens => 2).text FROM scenes");
    answers(SCENES, SCENES, "SELECT id FROM scenes ORDER BY " + call + ".text");
    answers(
        SCENES, SCENES, "SELECT row_number() OVER (ORDER BY " + call + ".text, id) FROM scenes");
    answers(
        SCENES,
        SCENES,
        "SELECT id FROM scenes WHERE id IN (SELECT id FROM scenes WHERE "
            + call
            + ".error IS NULL)");
    answers(
        SCENES,
        SCENES,
        "SELECT o.id FROM scenes o WHERE EXISTS (SELECT 1 FROM scenes i WHERE i.id = o.id AND relook_generate($, i.question, i.image, max_new_tokens => 2).error IS NULL)");
    answers(
        SCENES,
        SCENES,
        "SELECT a.id FROM scenes a LEFT JOIN scenes b ON a.id = b.id AND relook_generate($, b.question, b.image, max_new_tokens => 2).error IS NULL");
    answers(
        SCENES,
        SCENES,
        "SELECT a.id FROM scenes a JOIN scenes b ON relook_generate($, a.question, b.image, max_new_tokens => 2).error IS NULL WHERE a.id = 1");
    answers(
        SCENES,
        SCENES,
        "SELECT (SELECT relook_generate($, o.question, o.image, max_new_tokens => 2).text) FROM scenes o");
    answers(
        SCENES,
        SCENES + 1,
        "SELECT relook_generate($, concat(question, (SELECT relook_generate($, 'hello', max_new_tokens => 2).finish)), image, max_new_tokens => 2).text FROM scenes");
    answers(
        SCENES,
        2 * SCENES,
        "SELECT relook_generate($, concat(question, "
            + call
            + ".text), image, max_new_tokens => 2).text FROM scenes");
    answers(
        2,
        2,
        "SELECT relook_generate($, x, max_new_tokens => 2).text FROM VALUES ('a'), ('b') t(x)");
  }

  @Test
  void whatWasAnsweredIsKeptInTablesAndCaches() {
    String made =
        "SELECT id, relook_generate($, question, image, max_new_tokens => 2) g FROM scenes";
    String path = folder.resolve("answers").toString();
    assertEquals(SCENES, counts("CREATE TABLE delta.`" + path + "` USING delta AS " + made).rows());
    assertEquals(SCENES, rows("SELECT g.text FROM delta.`" + path + "`").size());
    assertEquals(
        SCENES,
        counts(
                "MERGE INTO delta.`%s` t USING (%s) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET t.g = s.g"
                    .formatted(path, made))
            .rows());
    SPARK.sql(sql("CREATE TEMPORARY VIEW made AS " + made));
    assertEquals(SCENES, counts("CACHE TABLE made").rows());
    assertEquals(0, counts("SELECT g.finish FROM made WHERE id > 2 AND g.error IS NULL").rows());
    SPARK.sql("UNCACHE TABLE made");
  }

  @Test
  void compiledAndAdaptivePlansGiveTheSame() {
    String query =
        "SELECT m.g.text, count(*) FROM (SELECT id, relook_generate($, question, image, max_new_tokens => 6) g FROM scenes) m JOIN scenes s ON m.id = s.id GROUP BY 1 ORDER BY 1";
    List<Row> plain = rows(query);
    SparkSession other = SPARK.newSession();
    other.conf().set("spark.sql.adaptive.enabled", "true");
    other.conf().set("spark.sql.codegen.wholeStage", "true");
    other.conf().set("spark.sql.codegen.factoryMode", "CODEGEN_ONLY");
    other.conf().set("spark.sql.autoBroadcastJoinThreshold", "-1");
    other
        .createDataFrame(scenes(SCENES), schema())
        .repartition(3)
        .createOrReplaceTempView("scenes");
    Dataset<Row> adaptive = other.sql(sql(query));
    assertEquals(plain, adaptive.collectAsList());
    assertTrue(adaptive.count() > 0);
  }

  @Test
  void theSeedTellsApartWhatContentDoesNot() {
    String query =
        "SELECT relook_generate($, question, image, temperature => 3, max_new_tokens => 12, seed => %d).completion_ids FROM scenes ORDER BY id";
    List<Row> first = rows(query.formatted(1));
    SPARK.sql("SELECT * FROM scenes DISTRIBUTE BY id % 3").createOrReplaceTempView("apart");
    assertEquals(first, rows(query.formatted(1).replace("scenes", "apart")));
    assertNotEquals(first, rows(query.formatted(2)));
  }

  @Test
  void thePlanShowsTheNode() {
    String plan =
        rows("EXPLAIN SELECT g.text FROM (SELECT id, relook_generate($, question, image, max_new_tokens => 2) g FROM scenes) WHERE id < 2 AND g.error IS NULL")
            .get(0)
            .getString(0);
    int node = plan.indexOf("EvalModel relook_generate(" + model);
    assertTrue(node > 0, plan);
    assertTrue(plan.indexOf("maxNewTokens=2") > node, plan);
    assertTrue(plan.indexOf("id#") < plan.length(), plan);
    assertTrue(rows("DESCRIBE FUNCTION relook_generate").toString().contains("model, prompt"));
  }

  @Test
  void wrongCallsAreRefusedBeforeAnythingRuns() {
    refused(
        "SELECT relook_generate($, question, temperatur => 0) FROM scenes",
        "temperatur",
        "nearest: temperature");
    refused(
        "SELECT relook_generate($, question, image, max_new_tokens => 'many', seed => 1.5, stop_strings => array('a')) FROM scenes",
        "max_new_tokens must be a whole number, not many",
        "seed must be a whole number");
    refused("SELECT relook_generate($, question, image, top_p => 2) FROM scenes", "topP");
    refused(
        "SELECT relook_generate(question, question) FROM scenes", "the model must be a constant");
    refused(
        "SELECT relook_generate($, question, seed => id) FROM scenes", "seed must be a constant");
    refused("SELECT relook_generate(3, question) FROM scenes", "checkpoint's path");
    refused("SELECT relook_generate($, id) FROM scenes", "prompt", "STRING", "INT");
    refused("SELECT relook_generate($, question, answer) FROM scenes", "image", "BINARY");
    refused("SELECT relook_generate($) FROM scenes", "relook_generate(model, prompt[, image]");
    refused(
        "SELECT relook_log_probs($, question, image, 7) FROM scenes", "completion", "ARRAY<INT>");
    refused("SELECT relook_generate('/nowhere/at/all', question) FROM scenes", "/nowhere/at/all");
    refused("SELECT relook_score(answer) FROM scenes", "relook_score(question, completion, truth)");
    refused("SELECT relook_score(question, id, answer) FROM scenes", "INT");
    AnalysisException lambda =
        assertThrows(
            AnalysisException.class,
            () -> rows("SELECT transform(array('a'), x -> relook_generate($, x).text)"));
    assertTrue(lambda.getMessage().contains("relook_generate"), lambda.getMessage());
  }

  @Test
  void scoresAreTheRewardsOfTheText() {
    List<Row> scored =
        rows(
            "SELECT relook_score('How many?', text, truth) s FROM VALUES ('So <answer>2</answer>', '2.0'), ('So <answer>3</answer>', '2'), ('Look <reflection>again now</reflection> <answer>2</answer>', '2'), ('2', '2'), ('<answer>2</answer>', NULL), (NULL, '2') t(text, truth)");
    List<List<Object>> parts = new ArrayList<>();
    for (Row row : scored) {
      Row scores = row.getStruct(0);
      parts.add(
          Arrays.asList(
              scores.getAs("format"), scores.getAs("accuracy"), scores.getAs("reflection")));
      assertEquals(Rewards.VERSION, scores.getAs("version"));
    }
    assertEquals(
        List.of(
            Arrays.asList(1.0, 1.0, 0.0),
            Arrays.asList(1.0, 0.0, 0.0),
            Arrays.asList(1.0, 1.0, 1.0),
            Arrays.asList(0.0, 0.0, 0.0),
            Arrays.asList(1.0, null, null),
            Arrays.asList(null, null, null)),
        parts);
    assertEquals("2", scored.get(0).getStruct(0).getAs("answer"));
    assertTrue(scored.get(4).getStruct(0).<String>getAs("reason").contains("not known"));
    assertTrue(scored.get(5).getStruct(0).<String>getAs("reason").contains("no completion"));
  }

  private static ImageTextGenerator generator() {
    return new ImageTextGenerator()
        .setModelUrl(model.toString())
        .setInputCols("question", "image")
        .setMaxNewTokens(12)
        .setOutputCols(
            "sample", "text", "prompt_ids", "completion_ids", "log_probs", "finish", "error");
  }

  private static void assertSameAnswers(List<Row> expected, List<Row> given) {
    assertEquals(expected.size(), given.size());
    for (int i = 0; i < expected.size(); i++) {
      for (String field : List.of("text", "completion_ids", "log_probs", "finish", "error")) {
        assertEquals(expected.get(i).<Object>getAs(field), given.get(i).getAs(field), field);
      }
    }
  }

  /** A query has so many rows, and so many went through the model for it. */
  private static void answers(int rows, int answered, String query) {
    ModelMetrics.Counts counts =
        METRICS.during(() -> assertEquals(rows, rows(query).size(), query));
    assertEquals(
        answered,
        counts.rows(),
        query + "\n" + SPARK.sql(sql("EXPLAIN EXTENDED " + query)).head().getString(0));
  }

  private static ModelMetrics.Counts counts(String query) {
    return METRICS.during(() -> rows(query));
  }

  private static List<Row> rows(String query) {
    return SPARK.sql(sql(query)).collectAsList();
  }

  /** {@code $} is the model. */
  private static String sql(String query) {
    return query.replace("$", "'" + model + "'");
  }

  private static StructType schema() {
    return StructType.fromDDL("id INT, question STRING, image BINARY, answer STRING");
  }

  private static Dataset<Row> frame(List<Row> rows) {
    return SPARK.createDataFrame(rows, schema());
  }

  private static List<Row> scenes(int count) {
    SceneGenerator scenes = new SceneGenerator(77);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      SceneQuestion scene = scenes.question(i);
      rows.add(RowFactory.create(i, scene.question(), scene.png(), scene.answer()));
    }
    return rows;
  }

  private static void refused(String query, String... words) {
    RelookException e = assertThrows(RelookException.class, () -> rows(query));
    for (String word : words) {
      assertTrue(e.getMessage().contains(word), e.getMessage());
    }
  }
}
