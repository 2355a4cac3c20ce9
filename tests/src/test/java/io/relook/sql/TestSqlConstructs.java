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
import io.relook.scenes.SceneGenerator;
import io.relook.scenes.SceneQuestion;
import io.relook.training.EmbeddedModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The functions within what SQL is built of: views, functions, parameters, files, changes. */
class TestSqlConstructs {
  private static final SparkSession SPARK = TestSession.spark().newSession();
  private static final String CALL =
      "relook_generate($, question, image, temperature => 0, max_new_tokens => 2)";

  @TempDir private static Path model;
  @TempDir private static Path folder;

  /** Two rows in two files, kept by Delta. */
  @BeforeAll
  static void open() {
    EmbeddedModel.unpack(model, true);
    SceneGenerator scenes = new SceneGenerator(77);
    for (int i = 0; i < 2; i++) {
      SceneQuestion scene = scenes.question(i);
      Row row = RowFactory.create(i, scene.question(), scene.png(), scene.answer());
      SPARK
          .createDataFrame(
              List.of(row),
              StructType.fromDDL("id INT, question STRING, image BINARY, answer STRING"))
          .write()
          .format("delta")
          .mode("append")
          .save(folder.resolve("scenes").toString());
    }
    scenes()
        .withColumn("file", functions.col("_metadata.file_name"))
        .coalesce(1)
        .createOrReplaceTempView("scenes");
  }

  @AfterAll
  static void close() {
    SPARK.sql("DROP VIEW IF EXISTS relook_view");
    SPARK.sql("DROP FUNCTION IF EXISTS relook_ask");
    SPARK.sql("DROP FUNCTION IF EXISTS relook_right");
  }

  @Test
  void whatIsPermanentMayCall() {
    rows(
        "CREATE VIEW relook_view AS SELECT id, question, image, answer, %s.text AS t FROM delta.`%s`"
            .formatted(CALL, folder.resolve("scenes")));
    rows(
        "CREATE FUNCTION relook_ask(question STRING, image BINARY) RETURNS STRING RETURN "
            + CALL
            + ".text");
    rows(
        "CREATE FUNCTION relook_right(q STRING, c STRING, t STRING) RETURNS DOUBLE RETURN relook_score(q, c, t).accuracy");
    rows(
        "CREATE TEMPORARY FUNCTION asks(q STRING) RETURNS TABLE (t STRING) RETURN SELECT relook_generate($, q, max_new_tokens => 1).finish");
    List<Row> done =
        SPARK
            .newSession()
            .sql(
                sql(
                    "SELECT t, %s.text, relook_ask(question, image), relook_right(question, concat('<answer>', answer, '</answer>'), answer) FROM relook_view ORDER BY id"
                        .formatted(CALL)))
            .collectAsList();
    assertEquals(2, done.size());
    for (Row row : done) {
      assertNotNull(row.get(0));
      assertEquals(row.get(0), row.get(1));
      assertEquals(row.get(0), row.get(2));
      assertEquals(1.0, row.get(3));
    }
    assertEquals(
        List.of("length", "length"), texts("SELECT a.t FROM scenes s, LATERAL asks(s.question) a"));
  }

  @Test
  void functionsMayTakeTheModelAndOptions() {
    rows(
        "CREATE TEMPORARY FUNCTION asked(m STRING, q STRING, n INT DEFAULT 2) RETURNS STRING RETURN relook_generate(m, q, max_new_tokens => n, temperature => 0).text");
    rows(
        "CREATE TEMPORARY FUNCTION asked_on(m STRING, q STRING) RETURNS STRING RETURN asked(m, q, 1 + 1)");
    rows(
        "CREATE TEMPORARY FUNCTION asked_all(m STRING) RETURNS TABLE (t STRING) RETURN SELECT relook_generate(m, question, max_new_tokens => 2, temperature => 0).text FROM scenes");
    List<String> expected =
        texts(
            "SELECT relook_generate($, question, max_new_tokens => 2, temperature => 0).text FROM scenes ORDER BY id");
    assertEquals(expected, texts("SELECT asked($, question) FROM scenes ORDER BY id"));
    assertEquals(expected, texts("SELECT asked_on($, question) FROM scenes ORDER BY id"));
    assertEquals(
        expected.stream().sorted().toList(), texts("SELECT t FROM asked_all($) ORDER BY t"));
    for (String query :
        List.of(
            "SELECT asked(question, question) FROM scenes",
            "SELECT asked(NULL, question) FROM scenes",
            "SELECT relook_generate(question, question) FROM scenes")) {
      RelookException refused =
          assertThrows(RelookException.class, () -> SPARK.sql(sql(query)), query);
      assertTrue(refused.getMessage().contains("model must be a constant"), refused.getMessage());
    }
    RelookException nowhere =
        assertThrows(RelookException.class, () -> rows("SELECT asked('/nowhere', 'x')"));
    assertTrue(nowhere.getMessage().contains("/nowhere"), nowhere.getMessage());
  }

  @Test
  void deltaSaysThatGeneratedColumnsTakeNoFunctionsOfOthers() {
    for (String call : List.of("relook_score(q, q, q).reason", "relook_generate($, q).text")) {
      AnalysisException refused =
          assertThrows(
              AnalysisException.class,
              () ->
                  rows(
                      "CREATE TABLE delta.`%s` (q STRING, s STRING GENERATED ALWAYS AS (%s)) USING delta"
                          .formatted(folder.resolve("generated"), call)));
      assertTrue(
          refused.getMessage().contains("DELTA_UDF_IN_GENERATED_COLUMN"), refused.getMessage());
    }
  }

  @Test
  void parametersAreBoundBesideDelta() {
    List<String> expected = texts("SELECT " + CALL + ".text FROM scenes ORDER BY id");
    String named =
        "SELECT relook_generate(:m, question, image, struct(0 AS temperature, :n AS max_new_tokens)).text FROM scenes ORDER BY id";
    String places = named.replace(":m", "?").replace(":n", "?");
    assertEquals(expected, texts(SPARK.sql(named, Map.of("m", model.toString(), "n", 2))));
    assertEquals(expected, texts(SPARK.sql(places, new Object[] {model.toString(), 2})));
    assertEquals(expected, texts("EXECUTE IMMEDIATE '" + named + "' USING $ AS m, 2 AS n"));
    assertEquals(expected, texts("EXECUTE IMMEDIATE '" + places + "' USING $, 2"));
    Row told =
        SPARK.sql("SELECT :x, '${spark.app.name}'", Map.of("x", "a '${spark.app.name}' ?")).head();
    assertEquals("a '${spark.app.name}' ?", told.get(0));
    assertEquals(SPARK.conf().get("spark.app.name"), told.get(1));
    AnalysisException unbound =
        assertThrows(AnalysisException.class, () -> SPARK.sql("SELECT :y", Map.of("x", 1)).head());
    assertTrue(unbound.getMessage().contains("UNBOUND_SQL_PARAMETER"), unbound.getMessage());
  }

  @Test
  void tableExpressionsMayAskAgainAndAgain() {
    List<Row> steps =
        rows(
            "WITH RECURSIVE r(n, t) AS (SELECT 0, 'hello' UNION ALL SELECT n + 1, relook_generate($, t, temperature => 0, max_new_tokens => 2).text FROM r WHERE n < 2) SELECT * FROM r ORDER BY n");
    assertEquals(3, steps.size());
    for (int i = 1; i < 3; i++) {
      assertEquals(
          texts(
              "SELECT relook_generate($, '%s', temperature => 0, max_new_tokens => 2).text"
                  .formatted(steps.get(i - 1).getString(1))),
          List.of(steps.get(i).getString(1)));
    }
  }

  @Test
  void picturesAndOptionsStandInStructs() {
    Row done =
        rows("SELECT %s a, %s b, %s c, %s d, %s e, relook_log_probs($, question, array(), array()) f FROM scenes WHERE id = 0"
                .formatted(
                    CALL,
                    CALL.replace("image", "named_struct('bytes', image, 'path', 'a.png')"),
                    CALL.replace("image", "array(struct(image AS bytes))"),
                    CALL.replace("image", "array()"),
                    CALL.replace("image", "named_struct('path', 'a.png', 'bytes', binary(NULL))")))
            .get(0);
    assertNull(done.getStruct(0).getAs("error"));
    assertEquals(done.getStruct(0), done.getStruct(1));
    assertEquals(done.getStruct(0), done.getStruct(2));
    assertNull(done.getStruct(3).getAs("error"));
    assertNotEquals(done.getStruct(0).getList(2), done.getStruct(3).getList(2));
    assertTrue(done.getStruct(4).<String>getAs("error").contains("a.png"), done.toString());
    assertEquals(List.of(), done.getStruct(5).getList(0));
    assertEquals(
        texts("SELECT " + CALL + ".text FROM scenes"),
        texts(
            "SELECT relook_generate(left(concat($, '/'), length($)), question, image, struct(nvl(NULL, 2) AS max_new_tokens, 1 - 1 AS temperature)).text FROM scenes"));
  }

  @Test
  void rowsKnowTheirFileAboveAndBelowACall() {
    for (Row row :
        rows(
            "SELECT file, below, input_file_name() LIKE concat('%%', file), start, g.error FROM (SELECT file, input_file_name() LIKE concat('%%', file) below, input_file_block_start() start, %s g FROM scenes) WHERE g.error IS NULL AND input_file_name() LIKE '%%parquet'"
                .formatted(CALL.replace("question", "concat(question, input_file_name())")))) {
      assertEquals(List.of(true, true, 0L), List.of(row.get(1), row.get(2), row.get(3)));
    }
    List<Row> files =
        new ImageTextGenerator()
            .setModelUrl(model.toString())
            .setInputCols("question", "image")
            .setMaxNewTokens(1)
            .setSamples(2)
            .transform(
                scenes().withColumn("file", functions.col("_metadata.file_name")).coalesce(1))
            .selectExpr("file", "input_file_name() LIKE concat('%', file) same")
            .collectAsList();
    assertEquals(4, files.size());
    assertEquals(2, files.stream().map(row -> row.get(0)).distinct().count());
    assertTrue(files.stream().allMatch(row -> row.getBoolean(1)), files.toString());
  }

  @Test
  void rowsAreChangedAsACallSays() {
    String table = "delta.`" + folder.resolve("changed") + "`";
    rows("CREATE TABLE " + table + " USING delta AS SELECT * FROM scenes");
    rows(
        "UPDATE "
            + table
            + " SET answer = "
            + CALL
            + ".finish WHERE id = 0 AND "
            + CALL
            + ".error IS NULL");
    rows(
        "UPDATE %s SET question = relook_generate($, 'hello', max_new_tokens => 1).finish WHERE %s.error IS NOT NULL OR id = 1"
            .formatted(table, CALL));
    assertEquals(
        List.of("0 length", "1 length"),
        texts(
            "SELECT concat(id, ' ', CASE id WHEN 0 THEN answer ELSE question END) FROM "
                + table
                + " ORDER BY id"));
    rows(
        "DELETE FROM "
            + table
            + " WHERE relook_generate($, 'hello', max_new_tokens => 1).error IS NOT NULL");
    assertEquals(2, rows("SELECT id FROM " + table).size());
    rows("DELETE FROM " + table + " WHERE id = 1 AND " + CALL + ".error IS NULL");
    assertEquals(List.of("0"), texts("SELECT string(id) FROM " + table));
  }

  private static Dataset<Row> scenes() {
    return SPARK.read().format("delta").load(folder.resolve("scenes").toString());
  }

  private static List<String> texts(String query) {
    return texts(SPARK.sql(sql(query)));
  }

  private static List<String> texts(Dataset<Row> rows) {
    return rows.collectAsList().stream().map(row -> row.getString(0)).toList();
  }

  private static List<Row> rows(String query) {
    return SPARK.sql(sql(query)).collectAsList();
  }

  /** {@code $} is the model. */
  private static String sql(String query) {
    return query.replace("$", "'" + model + "'");
  }
}
