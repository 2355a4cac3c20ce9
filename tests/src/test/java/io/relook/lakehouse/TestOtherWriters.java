package io.relook.lakehouse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every table by delta-rs and by polars, which {@code tests/writers.sh} installs and names. */
@Tag("killed")
final class TestOtherWriters {
  @TempDir private Path folder;

  @Test
  void newTablesTakeTheirRows() throws Exception {
    tryAll(folder.resolve("new"));
  }

  @Test
  void tablesOfTheFirstVersionDoSoOnceTheyAreUpgraded() throws Exception {
    Path old = folder.resolve("old");
    for (Table table : Table.values()) {
      TestMigration.make(table, old, Integer.MAX_VALUE);
    }
    tryAll(old);
  }

  private void tryAll(Path place) throws Exception {
    Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), place.toString());
    Path rows = folder.resolve("rows");
    for (Table table : Table.values()) {
      lakehouse.read(table);
      Examples.Of<?> examples = Examples.of(table);
      stage(table, rows, "right", examples.codec(), examples.full(), examples.bare());
      for (String check : table.checks().keySet()) {
        stage(table, rows, "breaks-" + check, examples.codec(), Examples.breaking(table, check));
      }
    }
    String python = System.getProperty("relook.python");
    assertNotNull(python, "run tests/writers.sh");
    Path script = Path.of(System.getProperty("relook.root"), "tests", "other_writers.py");
    Path said = folder.resolve("said");
    Process process =
        new ProcessBuilder(python, script.toString(), place.toString(), rows.toString())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    int code = process.waitFor();
    System.out.println(place.getFileName() + " lakehouse: " + Files.readString(said));
    assertEquals(0, code, Files.readString(said));
    for (Table table : Table.values()) {
      List<String> right = content(rows.resolve(table.tableName()).resolve("right"));
      assertEquals(
          Stream.concat(right.stream(), right.stream()).sorted().toList(),
          content(place.resolve(table.tableName())),
          table.tableName());
    }
  }

  @SuppressWarnings("unchecked")
  private <T extends Record> void stage(
      Table table, Path rows, String name, RecordCodec<T> codec, Record... records) {
    List<Row> given = Stream.of(records).map(record -> codec.toRow((T) record)).toList();
    TestSession.spark()
        .createDataFrame(given, table.schema())
        .coalesce(1)
        .write()
        .format("delta")
        .mode("overwrite")
        .save(rows.resolve(table.tableName()).resolve(name).toString());
  }

  private static List<String> content(Path table) {
    List<String> rows =
        TestSession.spark().read().format("delta").load(table.toString()).toJSON().collectAsList();
    assertTrue(!rows.isEmpty(), table.toString());
    return rows.stream().sorted().toList();
  }
}
