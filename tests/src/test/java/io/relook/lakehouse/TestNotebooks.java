package io.relook.lakehouse;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.TestSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

/**
 * The Jupyter notebook and the Zeppelin note, without a kernel: {@code notebooks/run.sh} and {@code
 * notebooks/zeppelin.sh} run them.
 */
class TestNotebooks {
  private static final Path FOLDER = Path.of(System.getProperty("relook.root"), "notebooks");
  private static final String INTERPRETER = "%jupyter(kernel=relook-java)\n";
  private static final Pattern QUERY =
      Pattern.compile("spark\\.sql\\(\"((?:[^\"\\\\]|\\\\.)*)\"\\)");

  @Test
  void theNoteIsTheNotebook() throws IOException {
    List<String> note = new ArrayList<>();
    for (JsonNode paragraph : read("relook.zpln").get("paragraphs")) {
      assertFalse(paragraph.get("title").asText().isBlank());
      String text = paragraph.get("text").asText();
      assertEquals(INTERPRETER, text.substring(0, INTERPRETER.length()));
      note.add(text.substring(INTERPRETER.length()));
    }
    assertEquals(notebook(), note);
  }

  @Test
  void everyQueryRunsOnTheTables() throws IOException {
    SparkSession spark = TestSession.spark().newSession();
    for (Table table : Table.values()) {
      register(spark, table, Examples.of(table));
    }
    int queries = 0;
    for (String cell : notebook()) {
      String code = cell.replace("\" + run + \"", "r");
      List<String> found = QUERY.matcher(code).results().map(m -> m.group(1)).toList();
      assertEquals(code.split("spark\\.sql\\(", -1).length - 1, found.size(), code);
      for (String query : found) {
        assertDoesNotThrow(() -> spark.sql(query.translateEscapes()).collectAsList(), query);
      }
      queries += found.size();
    }
    assertEquals(7, queries);
    String one = Files.readString(FOLDER.resolveSibling("docs").resolve("follow-one-question.sql"));
    assertDoesNotThrow(() -> spark.sql(one).collectAsList());
  }

  private static <T extends Record> void register(
      SparkSession spark, Table table, Examples.Of<T> rows) {
    RecordCodec<T> codec = rows.codec();
    spark
        .createDataFrame(
            List.of(codec.toRow(rows.full()), codec.toRow(rows.bare())), table.schema())
        .createOrReplaceTempView(table.tableName());
  }

  /** The code of the notebook's cells. */
  private static List<String> notebook() throws IOException {
    List<String> code = new ArrayList<>();
    for (JsonNode cell : read("relook.ipynb").get("cells")) {
      if (cell.get("cell_type").asText().equals("code")) {
        StringBuilder source = new StringBuilder();
        cell.get("source").forEach(line -> source.append(line.asText()));
        code.add(source.toString());
      }
    }
    return code;
  }

  private static JsonNode read(String name) throws IOException {
    return new ObjectMapper().readTree(FOLDER.resolve(name).toFile());
  }
}
