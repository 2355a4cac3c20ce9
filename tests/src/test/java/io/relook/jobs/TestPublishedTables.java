package io.relook.jobs;

import static org.apache.spark.sql.functions.col;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.DevCatalog;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.preset.Preset;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tables that Hugging Face's datasets, pandas, pyarrow, polars and delta-rs wrote ({@code
 * resources/published/make.py}), and sources by all their names.
 */
class TestPublishedTables {
  private static final SparkSession SPARK = TestSession.spark();

  @TempDir private Path folder;
  private Path data;
  private Lakehouse lakehouse;

  @BeforeEach
  void open() throws Exception {
    data = published();
    lakehouse = Lakehouse.open(SPARK, folder.resolve("lakehouse").toString());
  }

  private static Path published() throws URISyntaxException {
    return Path.of(TestPublishedTables.class.getResource("/published").toURI());
  }

  @Test
  void picturesOfHuggingFaceStandWhereTheMarksAre() {
    IngestJob.Result one = file("datasets.parquet", mapping("image", null));
    assertEquals(new IngestJob.Result("published/datasets.parquet", 1, 0, 0, 0, 2), one);
    Set<String> reasons = column(Table.REJECTS, "reason");
    assertTrue(
        reasons.stream().anyMatch(r -> r.contains("has 2 <image> marks but 1 pictures")),
        reasons::toString);
    assertEquals(Set.of("<image>\nWhat colour?"), column(Table.QUERIES, "question"));

    file("datasets.parquet", mapping("images", "choices"));
    Rows.Query query = query("Is it <image> or <image>?\n(A) left\n(B) right");
    assertEquals(List.of(21, 22), query.imageIds().stream().map(this::width).toList());
    assertEquals(1, query("<image>\nWhat colour?\nA. red\nB. blue").imageIds().size());
  }

  @Test
  void wholeNumbersOfPandasAreWholeAndGapsAreNone() {
    Preset.Mapping mapping =
        new Preset.Mapping(
            "question", "answer", "image", "id", "choices", null, null, "level", Map.of());
    assertEquals(
        new IngestJob.Result("published/pandas.parquet", 3, 0, 0, 0, 0),
        file("pandas.parquet", mapping));
    Rows.Query many = query("How many?\n(A) 3\n(B) 4");
    assertEquals("3", many.answer());
    assertEquals(1, many.difficulty());
    assertEquals("2.5", query("How long?\n(A) 2.5\n(B) 0.00001").answer());
    Rows.Query none = query("How far?\n(A) 12345678901\n(B) 1");
    assertEquals(null, none.answer());
    assertEquals(3, none.difficulty());
    assertEquals(List.of(21), none.imageIds().stream().map(this::width).toList());
  }

  @Test
  void anIdThatComesAsADoubleNamesItsPicture() throws IOException {
    Path pictures = Files.createDirectories(folder.resolve("data"));
    byte[] png = lakehousePicture();
    for (int i : new int[] {17, 18}) {
      Files.write(pictures.resolve(i + ".png"), png);
    }
    Files.copy(data.resolve("pandas.parquet"), pictures.resolve("p.parquet"));
    Preset.Mapping mapping =
        new Preset.Mapping("question", "answer", "id", "id", null, null, null, null, Map.of());
    Preset.Ingest ingest =
        new Preset.Ingest(
            List.of(new Preset.QuestionFile("p.parquet", "train", "{}.png", 0, 0)),
            List.of(),
            mapping);
    IngestJob.Result result =
        new IngestJob(lakehouse, new IngestJob.Config(pictures.toString(), ingest, 1)).run().get(0);
    assertEquals(new IngestJob.Result("data/p.parquet", 2, 0, 0, 0, 1), result);
    assertEquals(Set.of("row 3"), column(Table.REJECTS, "place"));
  }

  @Test
  void arrowsLargeTypesAndBytesAloneAreRead() {
    assertEquals(2, file("pyarrow.parquet", mapping("image", null)).taken());
    assertEquals("yes", query("One?").answer());
    assertEquals(
        1, file("pyarrow.parquet", mapping("images", null)).taken(), "Two? shows the same again");
    assertEquals(Set.of("One?", "Two?"), column(Table.QUERIES, "question"));
    assertEquals(2, file("polars.parquet", mapping("image", null)).taken());
    assertEquals("6", query("Six?").answer());
    assertEquals(null, query("Nothing?").answer(), "NaN");
  }

  @Test
  void jsonNumbersKeepTheirOwnDigits() throws IOException {
    Path pictures = Files.createDirectories(folder.resolve("data"));
    String image =
        "{\"bytes\": \"%s\"}".formatted(Base64.getEncoder().encodeToString(lakehousePicture()));
    Map<String, String> answers =
        Map.of(
            "3.0", "3",
            "1e999999999", "1e999999999",
            "1e99999999999", "1e99999999999",
            "3.14159265358979323846", "3.14159265358979323846",
            "12345678901234567890123", "12345678901234567890123",
            "2.50", "2.50",
            "true", "true");
    String rows =
        answers.keySet().stream()
            .map(
                a ->
                    "{\"question\": \"is %s\", \"answer\": %s, \"image\": [%s]}"
                        .formatted(a, a, image))
            .collect(Collectors.joining("\n"));
    Files.writeString(pictures.resolve("a.jsonl"), rows);
    Files.writeString(pictures.resolve("b.json"), "[" + rows.replace("\n", ",") + "]");
    for (String name : List.of("a.jsonl", "b.json")) {
      Preset.Ingest ingest =
          new Preset.Ingest(
              List.of(new Preset.QuestionFile(name, "train", "{}", 0, 0)),
              List.of(),
              mapping("image", null));
      new IngestJob(lakehouse, new IngestJob.Config(pictures.toString(), ingest, 0)).run();
    }
    assertEquals(2L * answers.size(), lakehouse.read(Table.QUERIES).count());
    lakehouse
        .read(Table.QUERIES)
        .collectAsList()
        .forEach(
            row -> {
              Rows.Query query = Rows.QUERY.fromRow(row);
              assertEquals(answers.get(query.question().substring(3)), query.answer());
            });
  }

  /** By place, by SQL's name of a place, by a catalog's name with hyphens. */
  @Test
  void aTableHasManyNames() {
    String place = data.resolve("delta-rs").toString();
    DevCatalog.register("ml-dev");
    SPARK.sql("CREATE SCHEMA IF NOT EXISTS my_data");
    try {
      SPARK.sql("CREATE TABLE my_data.q USING delta LOCATION '" + place + "'");
      for (String name :
          List.of(
              place,
              "delta.`" + place + "`",
              "`delta`.`" + place + "`",
              "file:" + place,
              "my_data.q",
              "spark_catalog.my_data.q",
              "ml-dev.my_data.q",
              "`ml-dev`.my_data.`q`",
              "parquet.`" + place + "/*.parquet`",
              data.resolve("p*arrow.parquet").toString())) {
        assertEquals(2, table(name).taken(), name);
      }
      assertEquals("1", query("Which?").answer());
    } finally {
      SPARK.sql("DROP SCHEMA my_data CASCADE");
    }
  }

  @Test
  void aTableThatIsNotThereIsToldInOneLine() throws IOException {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    refused("there is no table at " + folder + "/gone", folder + "/gone");
    refused("there is no table at " + folder + "/gone", "delta.`" + folder + "/gone`");
    refused("there is no Delta table at " + empty, "delta.`" + empty + "`");
    refused("cannot open the table " + empty, empty.toString());
    refused("there is no table gone (a folder is written with a slash: ./gone)", "gone");
    refused("there is no catalog no-such for the table", "no-such.relook.gone");
    refused("there is no table default.gone", "default.gone");
    refused("cannot open the table s3x://b/t", "s3x://b/t");
    refused("nothing.`" + empty, "nothing.`" + empty + "`");
  }

  private void refused(String said, String table) {
    RelookException error = assertThrows(RelookException.class, () -> table(table), table);
    assertTrue(error.getMessage().contains(said), error.getMessage());
    assertEquals(1, error.getMessage().lines().count(), error.getMessage());
  }

  private IngestJob.Result file(String name, Preset.Mapping mapping) {
    Preset.Ingest ingest =
        new Preset.Ingest(
            List.of(new Preset.QuestionFile(name, "train", "{}", 0, 0)), List.of(), mapping);
    return new IngestJob(lakehouse, new IngestJob.Config(data.toString(), ingest, 1)).run().get(0);
  }

  private IngestJob.Result table(String name) {
    Preset.Ingest ingest =
        new Preset.Ingest(
            List.of(),
            List.of(new Preset.QuestionTable(name, "train", "{}")),
            mapping("image", null));
    return new IngestJob(lakehouse, new IngestJob.Config(null, ingest, 1)).run().get(0);
  }

  private static Preset.Mapping mapping(String picture, String options) {
    return new Preset.Mapping(
        "question", "answer", picture, null, options, null, null, null, Map.of());
  }

  private Rows.Query query(String question) {
    return Rows.QUERY.fromRow(
        lakehouse.read(Table.QUERIES).where(col("question").equalTo(question)).first());
  }

  private int width(String imageId) {
    return lakehouse
        .read(Table.IMAGES)
        .where(col("image_id").equalTo(imageId))
        .select("width")
        .first()
        .getInt(0);
  }

  private Set<String> column(Table table, String name) {
    return lakehouse.read(table).select(name).collectAsList().stream()
        .map(row -> row.getString(0))
        .collect(Collectors.toSet());
  }

  /** One that the tables hold. */
  private byte[] lakehousePicture() {
    return SPARK
        .read()
        .parquet(data.resolve("polars.parquet").toString())
        .select("image")
        .first()
        .getAs(0);
  }
}
