package io.relook.model.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.window;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.scenes.SceneGenerator;
import io.relook.scenes.SceneQuestion;
import io.relook.training.EmbeddedModel;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The two stages as a user meets them: in pipelines, saved and loaded, on rows good and bad. */
class TestImageTextTransformers {
  private static final StructType SCHEMA =
      StructType.fromDDL("id INT, question STRING, image BINARY");

  @TempDir private static Path model;
  @TempDir private Path folder;

  @BeforeAll
  static void unpack() {
    EmbeddedModel.unpack(model, true);
  }

  @Test
  void theScorerFindsWhatTheGeneratorStored() {
    PipelineModel pipeline = pipeline(generator().setSamples(3), scorer());
    List<Row> rows = pipeline.transform(frame(scenes(6))).orderBy("id", "sample").collectAsList();
    assertEquals(18, rows.size());
    int tokens = 0;
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      assertEquals(i / 3, row.<Integer>getAs("id"));
      assertEquals(i % 3, row.<Integer>getAs("sample"));
      assertNull(row.getAs("error"));
      assertNull(row.getAs("score_error"));
      assertTrue(List.of("stop", "length").contains(row.<String>getAs("finish")));
      List<Float> stored = list(row, "log_probs");
      List<Float> scored = list(row, "scored_log_probs");
      assertEquals(list(row, "completion_ids").size(), stored.size());
      assertEquals(stored.size(), scored.size());
      assertEquals(stored.size(), list(row, "entropies").size());
      for (int t = 0; t < stored.size(); t++, tokens++) {
        assertEquals(stored.get(t), scored.get(t), 2e-4, "row %d token %d".formatted(i, t));
      }
    }
    assertTrue(tokens > 100, "too little was compared: " + tokens);
    assertFalse(rows.get(0).<String>getAs("text").isEmpty());
  }

  @Test
  void aQuestionScoresAsItsTokenIdsDo() {
    Dataset<Row> generated = generator().generate(frame(scenes(2))).cache();
    List<Row> byQuestion =
        scorer()
            .setInputCols("question", "image", "completion_ids")
            .score(generated)
            .collectAsList();
    List<Row> byIds = scorer().score(generated).collectAsList();
    generated.unpersist();
    for (int i = 0; i < 2; i++) {
      assertFalse(list(byIds.get(i), "scored_log_probs").isEmpty());
      assertEquals(
          list(byIds.get(i), "scored_log_probs"), list(byQuestion.get(i), "scored_log_probs"));
    }
  }

  /** A black drawing on a transparent ground, whose stored colour is black too. */
  @Test
  void transparentPartsAreWhiteUnlessAlphaIsDropped() throws IOException {
    BufferedImage drawing = new BufferedImage(56, 56, BufferedImage.TYPE_INT_ARGB);
    BufferedImage onWhite = new BufferedImage(56, 56, BufferedImage.TYPE_INT_RGB);
    BufferedImage black = new BufferedImage(56, 56, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 56 * 56; i++) {
      boolean ink = i % 56 / 14 == i / 56 / 14;
      drawing.setRGB(i % 56, i / 56, ink ? 0xFF000000 : 0);
      onWhite.setRGB(i % 56, i / 56, ink ? 0 : 0xFFFFFF);
    }
    Map<BufferedImage, List<Object>> white = new HashMap<>();
    Map<BufferedImage, List<Object>> drop = new HashMap<>();
    List<Row> rows = new ArrayList<>();
    List<BufferedImage> shown = List.of(drawing, onWhite, black);
    for (BufferedImage image : shown) {
      ByteArrayOutputStream png = new ByteArrayOutputStream();
      ImageIO.write(image, "png", png);
      rows.add(RowFactory.create(rows.size(), "What is it?", png.toByteArray()));
    }
    Dataset<Row> asked =
        frame(rows).withColumn("answer", functions.lit("A blue star.")).repartition(1);
    ImageTextScorer scorer = scorer().setInputCols("question", "image", "answer");
    for (Row row : scorer.score(asked).collectAsList()) {
      white.put(shown.get(row.getInt(0)), list(row, "scored_log_probs"));
    }
    for (Row row : scorer.setTransparency("drop").score(asked).collectAsList()) {
      drop.put(shown.get(row.getInt(0)), list(row, "scored_log_probs"));
    }
    assertEquals(white.get(onWhite), white.get(drawing));
    assertEquals(drop.get(black), drop.get(drawing));
    assertNotEquals(white.get(drawing), drop.get(drawing));
    refused(() -> scorer.setTransparency("black").transformSchema(asked.schema()), "white", "drop");
  }

  @Test
  void partitionsOrderAndRetriesDoNotChangeTokens() {
    List<Row> rows = scenes(10);
    ImageTextGenerator generator = unsure().setSamples(2).setKeyCol("id");
    Map<String, List<Object>> one = tokens(generator.transform(frame(rows).repartition(1)));
    Collections.shuffle(rows, new Random(3));
    Map<String, List<Object>> three =
        tokens(generator.setBatchSize(3).transform(frame(rows).repartition(3)));
    assertEquals(20, one.size());
    assertEquals(one, three);
    assertNotEquals(one.get("0/0"), one.get("0/1"));
    assertNotEquals(one, tokens(generator.setSeed(1).transform(frame(rows))));
  }

  @Test
  void theKeyTellsApartRowsOfEqualContent() {
    Row first = scenes(1).get(0);
    List<Row> twice = List.of(first, RowFactory.create(1, first.get(1), first.get(2)));
    Map<String, List<Object>> byContent = tokens(unsure().transform(frame(twice)));
    assertEquals(byContent.get("0/0"), byContent.get("1/0"));
    Map<String, List<Object>> byKey = tokens(unsure().setKeyCol("id").transform(frame(twice)));
    assertNotEquals(byKey.get("0/0"), byKey.get("1/0"));
  }

  @Test
  void badRowsAreRowsWithErrorsAndTheOthersGoOn() {
    Row good = scenes(1).get(0);
    String question = good.getString(1);
    List<Row> rows =
        List.of(
            RowFactory.create(0, question, new byte[] {1, 2, 3}),
            RowFactory.create(1, question, null),
            RowFactory.create(2, null, good.get(2)),
            RowFactory.create(3, question + " why".repeat(5000), good.get(2)),
            RowFactory.create(4, question, good.get(2)));
    List<Row> done =
        pipeline(generator().setSamples(2), scorer())
            .transform(frame(rows).repartition(1))
            .orderBy("id", "sample")
            .collectAsList();
    assertEquals(10, done.size());
    List<String> reasons =
        List.of("cannot be decoded", "image is null", "question is null", "context");
    for (int i = 0; i < 8; i++) {
      Row row = done.get(i);
      String error = row.getAs("error");
      assertTrue(error.contains(reasons.get(i / 2)), error);
      assertEquals("error", row.getAs("finish"));
      assertNull(row.getAs("text"));
      assertNotNull(row.getAs("score_error"));
      assertNull(row.getAs("scored_log_probs"));
    }
    assertNull(done.get(8).getAs("error"));
    assertNull(done.get(9).getAs("score_error"));
    assertFalse(list(done.get(9), "scored_log_probs").isEmpty());
  }

  @Test
  void whatCannotBeScoredIsARowWithAnError() {
    StructType schema =
        StructType.fromDDL("prompt ARRAY<INT>, pictures ARRAY<BINARY>, answer ARRAY<INT>");
    byte[] picture = (byte[]) scenes(1).get(0).get(2);
    Object[] none = new Object[0];
    List<Row> rows =
        List.of(
            RowFactory.create(new Integer[] {1, 2}, none, new Integer[] {3, 4}),
            RowFactory.create(new Integer[] {1, 2}, none, new Integer[] {3, 999_999}),
            RowFactory.create(new Integer[] {1, 2}, new Object[] {picture}, new Integer[] {3}),
            RowFactory.create(new Integer[0], none, new Integer[] {3}),
            RowFactory.create(new Integer[] {1, null}, none, new Integer[] {3}),
            RowFactory.create(new Integer[] {1}, new Object[] {null}, new Integer[] {3}),
            RowFactory.create(new Integer[] {1}, none, Collections.nCopies(5000, 7).toArray()),
            RowFactory.create(new Integer[] {1, 2}, none, new Integer[0]));
    List<Row> done =
        scorer()
            .setInputCols("prompt", "pictures", "answer")
            .score(TestSession.spark().createDataFrame(rows, schema).coalesce(1))
            .collectAsList();
    List<String> reasons =
        Arrays.asList(
            null,
            "999999",
            "picture tokens",
            "empty",
            "prompt is null",
            "pictures is null",
            "context",
            null);
    for (int i = 0; i < reasons.size(); i++) {
      String error = done.get(i).getAs("score_error");
      assertEquals(reasons.get(i) == null, error == null, i + ": " + error);
      assertTrue(error == null || error.contains(reasons.get(i)), error);
    }
    assertEquals(2, list(done.get(0), "scored_log_probs").size());
    assertEquals(0, list(done.get(7), "scored_log_probs").size());
  }

  @Test
  void severalPicturesAndNoneArePrompts() {
    List<Row> scenes = scenes(2);
    Object first = scenes.get(0).get(2);
    Object second = scenes.get(1).get(2);
    List<Row> rows =
        List.of(
            RowFactory.create(0, "What differs?", new Object[] {first, second}),
            RowFactory.create(1, "What is two and two?", new Object[0]));
    Dataset<Row> frame =
        TestSession.spark()
            .createDataFrame(
                rows, StructType.fromDDL("id INT, question STRING, image ARRAY<BINARY>"));
    List<Row> done = generator().generate(frame).orderBy("id").collectAsList();
    assertNull(done.get(0).getAs("error"));
    assertNull(done.get(1).getAs("error"));
    assertTrue(list(done.get(0), "prompt_ids").size() > list(done.get(1), "prompt_ids").size() + 8);
  }

  @Test
  void savedStagesAndPipelinesComeBackEqual() throws IOException {
    ImageTextGenerator generator =
        generator()
            .setSamples(2)
            .setSeed(9)
            .setTopK(20)
            .setMinPixels(12544)
            .setStopStrings("</answer>")
            .setStopTokenIds(5, 6);
    generator.write().overwrite().save(folder.resolve("generator").toString());
    ImageTextGenerator loaded = ImageTextGenerator.load(folder.resolve("generator").toString());
    assertEquals(generator.uid(), loaded.uid());
    assertEquals(values(generator), values(loaded));
    assertEquals(values(generator), values(generator.copy(ParamMap.empty())));
    assertEquals(
        7, generator.copy(new ParamMap().put(generator.topK, 7)).getOrDefault(generator.topK));

    Pipeline pipeline = new Pipeline().setStages(new PipelineStage[] {generator, scorer()});
    pipeline.save(folder.resolve("pipeline").toString());
    Dataset<Row> frame = frame(scenes(2));
    PipelineModel fitted = Pipeline.load(folder.resolve("pipeline").toString()).fit(frame);
    fitted.save(folder.resolve("fitted").toString());
    PipelineModel back = PipelineModel.load(folder.resolve("fitted").toString());
    Dataset<Row> result = back.transform(frame).cache();
    assertEquals(tokens(generator.transform(frame)), tokens(result));
    assertEquals(0, result.where(col("score_error").isNotNull()).count());
    result.unpersist();
  }

  @Test
  void wrongColumnsAndSettingsAreSaidBeforeAnythingRuns() {
    StructType numbers = StructType.fromDDL("question INT, image STRING, id DOUBLE");
    refused(() -> generator().transformSchema(numbers), "question", "STRING", "INT");
    StructType texts = StructType.fromDDL("question STRING, image STRING, id DOUBLE");
    refused(() -> generator().transformSchema(texts), "image", "BINARY", "STRING");
    StructType keyed = StructType.fromDDL("question STRING, image BINARY, id DOUBLE");
    refused(() -> generator().setKeyCol("id").transformSchema(keyed), "id", "integer", "DOUBLE");
    refused(() -> generator().setInputCols("q").transformSchema(SCHEMA), "q", "question, image");
    refused(() -> scorer().transformSchema(SCHEMA), "prompt_ids", "setInputCols");
    StructType wide =
        StructType.fromDDL("prompt_ids ARRAY<BIGINT>, image BINARY, completion_ids ARRAY<INT>");
    refused(() -> scorer().transformSchema(wide), "prompt_ids", "ARRAY<INT>", "ARRAY<BIGINT>");
    refused(() -> generator().setOutputCols("a").transformSchema(SCHEMA), "7 outputCols");
    StructType taken = SCHEMA.add("text", "string");
    refused(() -> generator().transformSchema(taken), "text", "already");
    StructType loud = SCHEMA.add("TEXT", "string");
    refused(() -> generator().transformSchema(loud), "text", "already");
    StructType twice = SCHEMA.add("Image", "binary");
    refused(() -> generator().transformSchema(twice), "more than one column image", "rename");
    StructType others = SCHEMA.add("a", "int").add("a", "int");
    refused(() -> generator().transformSchema(others), "more than one column a", "rename");
    refused(() -> generator().setInputCols("id.q").transformSchema(SCHEMA), "id.q", "setInputCols");
    refused(() -> generator().setTopP(2).setMinP(-1).transformSchema(SCHEMA), "topP", "minP");
    refused(() -> generator().setDtype("int8").transformSchema(SCHEMA), "int8");
    refused(() -> new ImageTextScorer().transformSchema(SCHEMA), "setModelUrl");
    refused(() -> generator().setTemplateVariables("[]").transformSchema(SCHEMA), "JSON object");
    refused(
        () -> generator().setTemplateVariables("{\"tools\": 1}").transformSchema(SCHEMA), "tools");
    refused(
        () -> generator().setTemplateVariables("{\"a\": [1]}").transformSchema(SCHEMA),
        "templateVariables.a");
    generator().setTemplateVariables("{\"enable_thinking\": false}").transformSchema(SCHEMA);
  }

  @Test
  void templateVariablesReachTheTemplateOnExecutors() throws IOException {
    Path own = folder.resolve("own");
    Files.createDirectories(own);
    try (Stream<Path> files = Files.list(model)) {
      for (Path file : files.toList()) {
        Files.copy(file, own.resolve(file.getFileName()));
      }
    }
    Files.writeString(
        own.resolve("chat_template.jinja"),
        "{{ style }}:{% for part in messages[0].content %}{{ part.text or '<|image_pad|>' }}{%"
            + " endfor %}");
    ImageTextGenerator generator = generator().setModelUrl(own.toString()).setMaxNewTokens(1);
    Dataset<Row> frame = frame(scenes(1));
    Set<List<Integer>> prompts = new HashSet<>();
    for (String style : List.of("x", "y")) {
      Row row =
          generator
              .setTemplateVariables("{\"style\": \"%s\"}".formatted(style))
              .transform(frame)
              .first();
      prompts.add(row.getList(row.fieldIndex("prompt_ids")));
    }
    assertEquals(2, prompts.size(), "one executor, one checkpoint, two prompts");
  }

  @Test
  void columnsStayAsTheyAre() throws Exception {
    StructType schema =
        StructType.fromDDL(
            "id INT COMMENT 'of the row', Question STRING COLLATE UTF8_LCASE, scene STRUCT<image: STRUCT<bytes: BINARY, path: STRING>>, code STRING, span INTERVAL DAY TO SECOND, time TIMESTAMP");
    List<Row> rows = new ArrayList<>();
    for (Row scene : scenes(2)) {
      Row image = RowFactory.create(RowFactory.create(scene.get(2), null));
      rows.add(
          RowFactory.create(
              scene.get(0),
              scene.get(1),
              image,
              "ab",
              Duration.ofSeconds(scene.getInt(0)),
              new Timestamp(1_000L * scene.getInt(0))));
    }
    Dataset<Row> frame =
        TestSession.spark()
            .createDataFrame(rows, schema)
            .withColumn(
                "code", col("code"), new MetadataBuilder().putString("ml_attr", "x").build());
    ImageTextGenerator generator =
        generator()
            .setInputCols("question", "scene.image")
            .setKeyCol("ID")
            .setSamples(2)
            .setMaxNewTokens(1);
    Dataset<Row> done = generator.transform(frame);
    assertEquals(frame.schema(), new StructType(Arrays.copyOf(done.schema().fields(), 6)));
    assertEquals(done.schema(), generator.transformSchema(frame.schema()));
    List<Row> twice = frame.union(frame).orderBy("id").collectAsList();
    assertEquals(twice, done.orderBy("id").select(columns(frame)).collectAsList());
    assertEquals(0, done.where("error IS NOT NULL").count());
    assertEquals(2, done.select("question").distinct().where("question = upper(question)").count());

    String files = folder.resolve("frames").toString();
    frame.drop("span").write().parquet(files);
    Dataset<Row> stream =
        TestSession.spark()
            .readStream()
            .schema(frame.drop("span").schema())
            .parquet(files)
            .withWatermark("time", "1 second");
    // To append windows, Spark has to see the watermark behind the stage.
    StreamingQuery query =
        generator
            .transform(stream)
            .groupBy(window(col("time"), "1 second"))
            .count()
            .writeStream()
            .format("memory")
            .queryName("answered_windows")
            .outputMode("append")
            .trigger(Trigger.AvailableNow())
            .start();
    query.awaitTermination();
    assertTrue(query.exception().isEmpty());
  }

  private static Column[] columns(Dataset<Row> frame) {
    return Arrays.stream(frame.columns()).map(name -> col(name)).toArray(Column[]::new);
  }

  private static ImageTextGenerator generator() {
    return new ImageTextGenerator()
        .setModelUrl(model.toString())
        .setInputCols("question", "image")
        .setThreads(2)
        .setMaxNewTokens(24);
  }

  /** At so high a temperature that two streams do not agree by chance. */
  private static ImageTextGenerator unsure() {
    return generator().setTemperature(3);
  }

  private static ImageTextScorer scorer() {
    return new ImageTextScorer()
        .setModelUrl(model.toString())
        .setInputCols("prompt_ids", "image", "completion_ids")
        .setThreads(2);
  }

  private static PipelineModel pipeline(PipelineStage... stages) {
    return new Pipeline().setStages(stages).fit(frame(List.of()));
  }

  private static List<Row> scenes(int count) {
    SceneGenerator scenes = new SceneGenerator(77);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      SceneQuestion scene = scenes.question(i);
      rows.add(RowFactory.create(i, scene.question(), scene.png()));
    }
    return rows;
  }

  private static Dataset<Row> frame(List<Row> rows) {
    return TestSession.spark().createDataFrame(rows, SCHEMA);
  }

  /** Tokens by {@code id/sample}. */
  private static Map<String, List<Object>> tokens(Dataset<Row> generated) {
    Map<String, List<Object>> tokens = new HashMap<>();
    for (Row row : generated.select("id", "sample", "completion_ids").collectAsList()) {
      tokens.put(row.getInt(0) + "/" + row.getInt(1), list(row, "completion_ids"));
    }
    return tokens;
  }

  private static <T> List<T> list(Row row, String column) {
    return row.getList(row.fieldIndex(column));
  }

  private static Map<String, String> values(ImageTextGenerator stage) {
    Map<String, String> values = new HashMap<>();
    Arrays.stream(stage.params())
        .filter(stage::isDefined)
        .forEach(
            param -> {
              Object value = stage.getOrDefault(param);
              values.put(
                  param.name(),
                  value.getClass().isArray()
                      ? Arrays.deepToString(new Object[] {value})
                      : value.toString());
            });
    assertTrue(values.size() > 15, values.toString());
    return values;
  }

  private static void refused(Runnable work, String... words) {
    RelookException e = assertThrows(RelookException.class, work::run);
    assertEquals(Category.CONFIG, e.category());
    for (String word : words) {
      assertTrue(e.getMessage().contains(word), e.getMessage());
    }
  }
}
