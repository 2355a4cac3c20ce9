package io.relook.jobs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.preset.Preset;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestIngestJob {
  private static final SparkSession SPARK = TestSession.spark();

  @TempDir private Path folder;
  private Path data;
  private Lakehouse lakehouse;

  @BeforeEach
  void drawPictures() throws IOException {
    data = Files.createDirectories(folder.resolve("data"));
    lakehouse = Lakehouse.open(SPARK, folder.resolve("lakehouse").toString());
    for (int i = 0; i < 3; i++) {
      Files.write(data.resolve(i + ".png"), png(20 + i, 20));
    }
  }

  @Test
  void whatCannotBeUsedIsRefusedWithTheReasonAndTheRestIsTakenIn() throws IOException {
    Files.write(data.resolve("cut.png"), java.util.Arrays.copyOf(png(64, 64), 90));
    Files.write(data.resolve("thread.png"), png(1, 500));
    Files.writeString(data.resolve("text.png"), "no picture");
    Files.createDirectories(data.resolve("folder.png"));
    Files.write(folder.resolve("secret.png"), png(9, 9));
    Files.createSymbolicLink(data.resolve("link.png"), folder.resolve("secret.png"));
    Map<String, String> refused = new TreeMap<>();
    refused.put("{\"question\": \"cut off", "no JSON");
    refused.put("{\"question\": \"two\", \"image\": \"0.png\"} {}", "no JSON");
    refused.put("7", "no object");
    refused.put("{\"image\": \"0.png\"}", "no question");
    refused.put("{\"question\": \" \\n\", \"image\": \"0.png\"}", "no question");
    refused.put("{\"question\": [\"a\"], \"image\": \"0.png\"}", "question is no text");
    refused.put("{\"question\": \"bell \\u0007?\", \"image\": \"0.png\"}", "U+0007");
    refused.put(
        "{\"question\": \"half \\ud83d?\", \"image\": \"0.png\"}",
        "question holds half a character, U+D83D");
    refused.put(
        "{\"question\": \"half \\ude00\", \"image\": \"0.png\"}", "half a character, U+DE00");
    refused.put(
        "{\"question\": \"a\", \"answer\": \"\\u0000\", \"image\": \"0.png\"}", "answer holds");
    refused.put("{\"question\": \"no picture\"}", "no picture in image");
    refused.put("{\"question\": \"none\", \"image\": []}", "no picture in image");
    refused.put("{\"question\": \"a\", \"image\": \"7.png\"}", "there is no picture 7.png");
    refused.put("{\"question\": \"a\", \"image\": [\"0.png\", \"7.png\"]}", "no picture 7.png");
    refused.put("{\"question\": \"a\", \"image\": \"folder.png\"}", "is no file");
    refused.put("{\"question\": \"a\", \"image\": \"cut.png\"}", "cannot be decoded");
    refused.put("{\"question\": \"a\", \"image\": \"text.png\"}", "no PNG, JPEG");
    refused.put("{\"question\": \"a\", \"image\": \"thread.png\"}", "1 × 500 pixels");
    refused.put("{\"question\": \"a\", \"image\": \"../secret.png\"}", "outside the data folder");
    refused.put("{\"question\": \"a\", \"image\": \"x/../../secret.png\"}", "outside the data");
    refused.put("{\"question\": \"b\", \"image\": \"/etc/passwd\"}", "outside the data folder");
    refused.put("{\"question\": \"c\", \"image\": \"link.png\"}", "outside the data folder");
    refused.put("{\"question\": \"a\", \"image\": \"\\u0000.png\"}", "is no path");
    refused.put("{\"question\": \"a\", \"image\": \"\"}", "outside the data folder");
    List<String> lines = new java.util.ArrayList<>(refused.keySet());
    lines.add("");
    lines.add("{\"question\": \"how many \\ud83d\\ude00?\", \"answer\": 2, \"image\": \"0.png\"}");
    lines.add(
        "{\"question\": \"which is larger?\", \"answer\": \"b\", \"image\": [\"0.png\", \"1.png\"]}");
    lines.add("{\"question\": \"the same picture?\", \"image\": {\"path\": \"x/../1.png\"}}");
    Files.write(data.resolve("rows.jsonl"), lines);
    Preset.Ingest ingest = files(mapping("question", "answer", "image"), file("rows.jsonl"));

    for (int run = 0; run < 2; run++) {
      assertEquals(
          List.of(
              new IngestJob.Result(
                  "data/rows.jsonl", run == 0 ? 3 : 0, run == 0 ? 0 : 3, 0, 0, refused.size())),
          new IngestJob(lakehouse, new IngestJob.Config(data.toString(), ingest, 1)).run());
      assertEquals(3, lakehouse.read(Table.QUERIES).count());
      assertEquals(2, lakehouse.read(Table.IMAGES).count(), "a picture is stored once");
      assertEquals(refused.size(), lakehouse.read(Table.REJECTS).count());
    }
    for (Row row : lakehouse.read(Table.REJECTS).collectAsList()) {
      Rows.Reject reject = Rows.REJECT.fromRow(row);
      int number = Integer.parseInt(reject.place().replace("row ", ""));
      String line = lines.get(number - 1);
      assertTrue(reject.reason().contains(refused.get(line)), line + " → " + reject.reason());
    }
    Rows.Query two = query("which is larger?");
    assertEquals(2, two.imageIds().size());
    assertEquals("2", query("how many \uD83D\uDE00?").answer());
    Rows.Image second =
        Rows.IMAGE.fromRow(
            lakehouse
                .read(Table.IMAGES)
                .where("image_id = '" + two.imageIds().get(1) + "'")
                .first());
    assertArrayEquals(png(21, 20), second.bytes());
    assertEquals(21, second.width());

    IngestJob strict = new IngestJob(lakehouse, new IngestJob.Config(data.toString(), ingest, 0.5));
    RelookException e = assertThrows(RelookException.class, strict::run);
    assertTrue(e.getMessage().contains("24 of 27 rows failed"), e.getMessage());
  }

  @Test
  void picturesMayHaveAnyNameThatTheFileSystemTakes() throws IOException {
    Path odd = Files.createDirectories(folder.resolve("da:ta #1%20"));
    List<String> names =
        List.of("a:b.png", "file:c.png", "x:y/2: z.png", "50% [a] {b}?#*.png", "s3://d.png", " e");
    StringBuilder rows = new StringBuilder("[");
    for (int i = 0; i < names.size(); i++) {
      Files.createDirectories(odd.resolve(names.get(i)).getParent());
      Files.write(odd.resolve(names.get(i)), png(30 + i, 20));
      rows.append(i == 0 ? "" : ",").append("[\"q%d\", \"%s\"]".formatted(i, names.get(i)));
    }
    Files.writeString(odd.resolve("rows:1.json"), rows.append("]"));
    Preset.Ingest ingest = files(mapping("0", "5", "1"), file("rows:1.json"));
    assertEquals(
        List.of(new IngestJob.Result("da:ta #1%20/rows:1.json", names.size(), 0, 0, 0, 0)),
        new IngestJob(lakehouse, new IngestJob.Config(odd.toString(), ingest, 0)).run());
    assertEquals(
        IntStream.range(30, 30 + names.size()).boxed().toList(),
        lakehouse.read(Table.IMAGES).orderBy("width").collectAsList().stream()
            .map(row -> Rows.IMAGE.fromRow(row).width())
            .toList());
  }

  @Test
  void rightAnswersThatTheVerifierCannotReadAreToldAndTakenIn() throws IOException {
    String row = "{\"question\": \"%s\", \"answer\": \"%s\", \"image\": \"0.png\"}";
    List<String> answers =
        List.of("<answer> 3 </answer>", "#### 42", "B. red", "\\\\frac{1}{", "word ".repeat(30));
    Files.write(
        data.resolve("rows.jsonl"),
        IntStream.range(0, 5).mapToObj(i -> row.formatted("q" + i, answers.get(i))).toList());
    Preset.Ingest ingest = files(mapping("question", "answer", "image"), file("rows.jsonl"));
    IngestJob job = new IngestJob(lakehouse, new IngestJob.Config(data.toString(), ingest, 1));
    job.run();
    assertEquals(5, lakehouse.read(Table.QUERIES).count());
    assertEquals(1, job.warnings().size());
    String told = job.warnings().get(0);
    assertTrue(told.startsWith("data/rows.jsonl: 2 of 5 right answers, such as row 4: "), told);
    assertTrue(told.contains("mathematics that the verifier does not read"), told);
  }

  @Test
  void arraysCsvAndParquetHoldTheSameQuestions() throws IOException {
    Files.writeString(
        data.resolve("a.json"),
        "[[\"what, exactly?\", \"a \\\"b\\\"\", 0],\n [\"two\\nlines\", null, 1]]");
    Files.writeString(
        data.resolve("b.csv"),
        "question,answer,image,note\n\"what, exactly?\",\"a \"\"b\"\"\",0,x\n\"two\nlines\",,1,y\nshort\n");
    StructType schema = StructType.fromDDL("q STRING, a STRING, i INT");
    Path parquet = folder.resolve("parquet");
    SPARK
        .createDataFrame(
            List.of(
                RowFactory.create("skipped", null, 1),
                RowFactory.create("what, exactly?", "a \"b\"", 0),
                RowFactory.create("two\nlines", null, 1),
                RowFactory.create("beyond the limit", null, 1)),
            schema)
        .coalesce(1)
        .write()
        .parquet(parquet.toString());
    try (var parts = Files.list(parquet)) {
      Path part = parts.filter(p -> p.toString().endsWith(".parquet")).findFirst().orElseThrow();
      Files.move(part, data.resolve("c.parquet"));
    }
    String pictures = "{}.png";
    run(files(mapping("0", "1", "2"), new Preset.QuestionFile("a.json", "test", pictures, 0, 0)));
    run(
        files(
            mapping("question", "answer", "image"),
            new Preset.QuestionFile("b.csv", "train", pictures, 0, 0)));
    run(
        files(
            mapping("q", "a", "i"), new Preset.QuestionFile("c.parquet", "train", pictures, 1, 2)));
    Dataset<Row> queries = lakehouse.read(Table.QUERIES);
    assertEquals(6, queries.count());
    assertEquals(2, queries.select("question", "answer", "image_ids").distinct().count());
    assertEquals(2, queries.where("split = 'test'").count());
    assertEquals(
        "data/b.csv row 3 the row does not have the header's columns.",
        lakehouse
            .read(Table.REJECTS)
            .selectExpr("concat_ws(' ', source, place, reason)")
            .first()
            .getString(0));
  }

  @Test
  void aPlanCountsAllRowsBySplitAndTakesInAFew() throws IOException {
    StringBuilder rows = new StringBuilder("question,answer,image,part\n");
    for (int i = 0; i < 9; i++) {
      rows.append("q%d,a,%d.png,%s\n".formatted(i, i % 3, i % 3 == 0 ? "testmini" : "train"));
    }
    Files.writeString(data.resolve("a.csv"), rows);
    Preset.Mapping mapping =
        new Preset.Mapping(
            "question",
            "answer",
            "image",
            null,
            null,
            "part",
            null,
            null,
            Map.of("testmini", "test"));
    String table = folder.resolve("delta").toString();
    append(
        table,
        StructType.fromDDL("question STRING, answer STRING, image STRING, part STRING"),
        RowFactory.create("t0", "a", "0.png", "train"),
        RowFactory.create("t1", "a", "1.png", "train"),
        RowFactory.create("t2", "a", "2.png", "train"));
    Preset.Ingest ingest =
        new Preset.Ingest(
            List.of(new Preset.QuestionFile("a.csv", null, "{}", 0, 0)),
            List.of(new Preset.QuestionTable(table, null, "{}")),
            mapping);
    IngestJob job = new IngestJob(lakehouse, new IngestJob.Config(data.toString(), ingest, 1));
    assertEquals(Map.of("train", 9L, "test", 3L), job.perSplit());
    job.look(2);
    assertEquals(4, lakehouse.read(Table.QUERIES).count());
    assertEquals(
        0, lakehouse.read(Table.INGESTS).count(), "a run takes in the table from its start");
  }

  @Test
  void aFileThatCannotBeReadEndsTheJobWithItsName() throws IOException {
    Files.writeString(data.resolve("cut.json"), "[[\"a\", \"b\", 0], [\"c\"");
    Files.writeString(data.resolve("object.json"), "{\"a\": 1}");
    Files.writeString(data.resolve("a.csv"), "question,image\na,0.png\n");
    Preset.Mapping mapping = mapping("0", "1", "2");
    assertRefused("cut.json is no JSON after row 1", files(mapping, file("cut.json")));
    assertRefused("object.json is no JSON array", files(mapping, file("object.json")));
    assertRefused("there is no file lost.json", files(mapping, file("lost.json")));
    assertRefused("outside the data folder", files(mapping, file("../a.json")));
    assertRefused("is no .json, .jsonl", files(mapping, file("0.png")));
    assertRefused(
        "there is no column 0 (there are question, image); there is no column 1",
        files(mapping, file("a.csv")));
    assertRefused("there is no table no.such", tables(mapping, "no.such"));
  }

  @Test
  void ofADeltaTableARunReadsWhatWasAddedSinceTheRunBefore() throws Exception {
    String table = folder.resolve("source").toString();
    StructType schema =
        StructType.fromDDL(
            "id STRING, q STRING, image STRUCT<bytes: BINARY, path: STRING>, s STRING");
    Row first = RowFactory.create("1", "one", RowFactory.create(png(30, 20), null), "val");
    Row second = RowFactory.create("2", "two", RowFactory.create(null, "0.png"), "train");
    Row lost = RowFactory.create("3", "three", RowFactory.create(null, null), "train");
    Row third = RowFactory.create("4", "four", RowFactory.create(png(31, 20), "?"), "train");
    append(table, schema, first, second, lost);
    Preset.Mapping mapping =
        new Preset.Mapping(
            "q", null, "image", "id", null, "s", null, null, Map.of("val", "validation"));
    Preset.Ingest ingest =
        new Preset.Ingest(List.of(), List.of(new Preset.QuestionTable(table, null, "{}")), mapping);

    assertEquals(List.of(new IngestJob.Result(table, 2, 0, 0, 0, 1)), run(ingest));
    assertEquals("validation", query("one").split());
    assertEquals("id 3", lakehouse.read(Table.REJECTS).select("place").first().getString(0));
    assertEquals(
        List.of(new IngestJob.Result(table, 0, 0, 0, 0, 0)), run(ingest), "nothing was added");
    append(table, schema, third);
    SPARK.sql("OPTIMIZE delta.`" + table + "`");
    assertEquals(
        List.of(new IngestJob.Result(table, 1, 0, 0, 0, 0)), run(ingest), "one row was added");

    // Overwritten: the new rows count as added, what was taken in stays.
    Row fourth = RowFactory.create("5", "five", RowFactory.create(png(32, 20), null), "train");
    SPARK
        .createDataFrame(List.of(fourth), schema)
        .write()
        .format("delta")
        .mode("overwrite")
        .save(table);
    assertEquals(List.of(new IngestJob.Result(table, 1, 0, 0, 0, 0)), run(ingest));
    assertEquals(4, lakehouse.read(Table.QUERIES).count());

    // Vacuumed: files of a version that was not read yet are gone, so all of the table is read.
    append(table, schema, first);
    Row fifth = RowFactory.create("6", "six", RowFactory.create(png(33, 20), null), "train");
    SPARK
        .createDataFrame(List.of(fourth, fifth), schema)
        .coalesce(1)
        .write()
        .format("delta")
        .mode("overwrite")
        .save(table);
    SPARK.conf().set("spark.databricks.delta.retentionDurationCheck.enabled", "false");
    SPARK.conf().set("spark.sql.sources.parallelPartitionDiscovery.parallelism", "2");
    try {
      SPARK.sql("VACUUM delta.`" + table + "` RETAIN 0 HOURS");
    } finally {
      SPARK.conf().unset("spark.databricks.delta.retentionDurationCheck.enabled");
      SPARK.conf().unset("spark.sql.sources.parallelPartitionDiscovery.parallelism");
    }
    assertEquals(List.of(new IngestJob.Result(table, 1, 1, 0, 0, 0)), run(ingest));
    assertEquals(5, lakehouse.read(Table.QUERIES).count());
    assertEquals(4, lakehouse.read(Table.INGESTS).count());
  }

  @Test
  void aCorrectedAnswerIsToldAndTakenWhenAsked() throws IOException {
    Preset.Ingest file = files(mapping("question", "answer", "image"), file("q.jsonl"));
    write("a", "\"1\"", "b", "2", "c", "null");
    assertEquals(new IngestJob.Result("data/q.jsonl", 3, 0, 0, 0, 0), run(file).get(0));
    // 2.0 is 2 as before; none is no answer; a question that comes twice is known the second time.
    write("a", "\"9\"", "b", "2.0", "b", "null", "c", "5", "d", "6");
    IngestJob.Result told = run(file).get(0);
    assertEquals(new IngestJob.Result("data/q.jsonl", 1, 2, 2, 0, 0), told);
    assertEquals(
        "data/q.jsonl: 1 taken in, 2 known, 2 known with another answer (the old one stays; --update-answers takes the new), 0 refused",
        told.told());
    assertEquals("{a=1, b=2, c=null, d=6}", answers(lakehouse.read(Table.QUERIES)));

    long before = lakehouse.version(Table.QUERIES);
    assertEquals(
        new IngestJob.Result("data/q.jsonl", 0, 3, 0, 2, 0), updating(file).get(0), "a and c");
    assertEquals("{a=9, b=2, c=5, d=6}", answers(lakehouse.read(Table.QUERIES)));
    assertEquals("{a=1, b=2, c=null, d=6}", answers(lakehouse.read(Table.QUERIES, before)));
    assertEquals(new IngestJob.Result("data/q.jsonl", 0, 5, 0, 0, 0), updating(file).get(0));
  }

  /** What a run was told of stays out until it is asked for, although the version was read. */
  @Test
  void aCorrectedAnswerOfADeltaTableIsTakenLater() throws IOException {
    String table = folder.resolve("source").toString();
    StructType schema = StructType.fromDDL("question STRING, answer STRING, image STRING");
    append(
        table, schema, RowFactory.create("a", "1", "0.png"), RowFactory.create("b", "2", "1.png"));
    Preset.Ingest ingest = tables(mapping("question", "answer", "image"), table);
    assertEquals(new IngestJob.Result(table, 2, 0, 0, 0, 0), run(ingest).get(0));
    SPARK.sql("UPDATE delta.`" + table + "` SET answer = '7' WHERE question = 'a'");
    assertEquals(1, run(ingest).get(0).changed());
    assertEquals(new IngestJob.Result(table, 0, 0, 0, 0, 0), run(ingest).get(0));
    assertEquals(new IngestJob.Result(table, 0, 1, 0, 1, 0), updating(ingest).get(0));
    assertEquals("{a=7, b=2}", answers(lakehouse.read(Table.QUERIES)));
  }

  private List<IngestJob.Result> updating(Preset.Ingest ingest) {
    return new IngestJob(lakehouse, new IngestJob.Config(data.toString(), ingest, 0.5, true)).run();
  }

  /** Questions, each with its answer as JSON, to q.jsonl. */
  private void write(String... pairs) throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < pairs.length; i += 2) {
      rows.append(
          "{\"question\": \"%s\", \"answer\": %s, \"image\": \"0.png\"}%n"
              .formatted(pairs[i], pairs[i + 1]));
    }
    Files.writeString(data.resolve("q.jsonl"), rows);
  }

  private static String answers(Dataset<Row> queries) {
    Map<String, String> answers = new TreeMap<>();
    queries
        .select("question", "answer")
        .collectAsList()
        .forEach(row -> answers.put(row.getString(0), row.getString(1)));
    return answers.toString();
  }

  @Test
  void tablesOfACatalogGiveSeveralPicturesAQuestion() throws IOException {
    StructType schema = StructType.fromDDL("q STRING, images ARRAY<BINARY>, choices ARRAY<STRING>");
    SPARK
        .createDataFrame(
            List.of(
                RowFactory.create(
                    "which?",
                    new Object[] {png(40, 20), png(41, 20)},
                    new String[] {"left", "right"}),
                RowFactory.create("none", new Object[0], null)),
            schema)
        .createOrReplaceTempView("shown_pairs");
    String warehouse = folder.resolve("pairs").toString();
    SPARK.sql(
        "CREATE TABLE pairs USING parquet LOCATION '"
            + warehouse
            + "' AS SELECT * FROM shown_pairs");
    try {
      Preset.Mapping mapping =
          new Preset.Mapping("q", null, "images", null, "choices", null, null, null, Map.of());
      for (String table : List.of("pairs", "shown_pairs", warehouse)) {
        assertEquals(
            List.of(new IngestJob.Result(table, 1, 0, 0, 0, 1)), run(tables(mapping, table)));
      }
      Rows.Query query = query("which?\n(A) left\n(B) right");
      assertEquals(2, query.imageIds().size());
      assertEquals(
          "question none, pictures",
          lakehouse.read(Table.REJECTS).select("place").first().getString(0));
      assertEquals(2, lakehouse.read(Table.IMAGES).count());
    } finally {
      SPARK.sql("DROP TABLE pairs");
    }
  }

  @Test
  void publishedQuestionsAreTakenIn() {
    Path shared = shared();
    Preset.Mapping math =
        new Preset.Mapping(
            "question", "answer", "id", "id", "options", null, "subject", "level", Map.of());
    Preset.Mapping we =
        new Preset.Mapping(
            "question",
            "answer",
            "image_path",
            "ID",
            "option",
            "split",
            "knowledge concept",
            null,
            Map.of("testmini", "test"));
    Preset.Mapping logic = mapping("question", "answer", "imagename");
    Map<String, Preset.Ingest> sources =
        Map.of(
            "mathvision",
            files(math, new Preset.QuestionFile("records.jsonl", "test", "{}.jpg", 0, 0)),
            "wemath",
            files(we, new Preset.QuestionFile("records.jsonl", null, "{}", 0, 0)),
            "logicvista",
            files(logic, file("records.jsonl")),
            "../easy-vqa/easy_vqa/data",
            files(
                mapping("0", "1", "2"),
                new Preset.QuestionFile(
                    "train/questions.json", "train", "train/images/{}.png", 0, 100)));
    Map<String, Long> taken =
        sources.entrySet().stream()
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey,
                    e ->
                        new IngestJob(
                                lakehouse,
                                new IngestJob.Config(
                                    shared.resolve(e.getKey()).toString(), e.getValue(), 0))
                            .run()
                            .get(0)
                            .taken()));
    assertEquals(
        Map.of(
            "mathvision", 40L, "wemath", 35L, "logicvista", 30L, "../easy-vqa/easy_vqa/data", 100L),
        taken);
    Dataset<Row> queries = lakehouse.read(Table.QUERIES);
    assertEquals(205, queries.count());
    assertEquals("blue", query("what color is the shape?").answer());
    assertEquals(35, queries.where("split = 'test' and source like 'wemath/%'").count());
    assertEquals(
        1,
        queries
            .where("question like '%m}^{2}$\\n(E) $15 %' and answer = 'A' and difficulty = 5")
            .count());
  }

  private static Path shared() {
    Path path =
        Path.of(System.getProperty("relook.root", ".."), "..", "shared", "data", "samples")
            .normalize();
    if (!Files.isDirectory(path)) {
      System.err.println("NOT RUN: there are no data in " + path);
    }
    Assumptions.assumeTrue(Files.isDirectory(path));
    return path;
  }

  private List<IngestJob.Result> run(Preset.Ingest ingest) {
    return new IngestJob(lakehouse, new IngestJob.Config(data.toString(), ingest, 0.5)).run();
  }

  private void assertRefused(String message, Preset.Ingest ingest) {
    RelookException e = assertThrows(RelookException.class, () -> run(ingest));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  private Rows.Query query(String question) {
    return Rows.QUERY.fromRow(
        lakehouse
            .read(Table.QUERIES)
            .where(org.apache.spark.sql.functions.col("question").equalTo(question))
            .first());
  }

  private static void append(String table, StructType schema, Row... rows) {
    SPARK
        .createDataFrame(List.of(rows), schema)
        .coalesce(1)
        .write()
        .format("delta")
        .mode("append")
        .save(table);
  }

  private static Preset.Mapping mapping(String question, String answer, String picture) {
    return new Preset.Mapping(question, answer, picture, null, null, null, null, null, Map.of());
  }

  private static Preset.QuestionFile file(String path) {
    return new Preset.QuestionFile(path, "train", "{}", 0, 0);
  }

  private static Preset.Ingest files(Preset.Mapping mapping, Preset.QuestionFile... files) {
    return new Preset.Ingest(List.of(files), List.of(), mapping);
  }

  private static Preset.Ingest tables(Preset.Mapping mapping, String table) {
    return new Preset.Ingest(
        List.of(), List.of(new Preset.QuestionTable(table, "train", "{}")), mapping);
  }

  /** A picture that differs with its size. */
  private static byte[] png(int width, int height) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    IntStream.range(0, width * height)
        .forEach(i -> image.setRGB(i % width, i / width, new Color(i % 255, 90, 7).getRGB()));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "png", out);
    return out.toByteArray();
  }
}
