package io.relook.lakehouse;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.lit;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructField;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TestLakehouse {
  @TempDir private static Path folder;
  private static Lakehouse lakehouse;

  @BeforeAll
  static void open() {
    lakehouse = Lakehouse.open(TestSession.spark(), folder.toString());
  }

  @ParameterizedTest
  @EnumSource(Table.class)
  void rowsComeBackAsTheyWereWritten(Table table) {
    roundTrip(table, Examples.of(table));
  }

  private <T extends Record> void roundTrip(Table table, Examples.Of<T> example) {
    RecordCodec<T> codec = example.codec();
    lakehouse.merge(table, List.of(codec.toRow(example.full()), codec.toRow(example.bare())));
    List<T> read = lakehouse.read(table).collectAsList().stream().map(codec::fromRow).toList();
    assertEquals(2, read.size());
    for (T expected : List.of(example.full(), example.bare())) {
      assertTrue(read.stream().anyMatch(r -> same(expected, r)), expected + " among " + read);
    }
  }

  /** Records equal each other but for arrays. */
  private static boolean same(Record expected, Record read) {
    if (expected instanceof Rows.Image wanted && read instanceof Rows.Image got) {
      return wanted.imageId().equals(got.imageId())
          && Arrays.equals(wanted.bytes(), got.bytes())
          && wanted.width() == got.width()
          && wanted.height() == got.height();
    }
    return expected.equals(read);
  }

  /** The codec refuses it, before Spark would end with an internal error. */
  @ParameterizedTest
  @EnumSource(Table.class)
  void everyNotNullColumnNeedsAValue(Table table) {
    everyColumn(table, Examples.of(table));
  }

  private <T extends Record> void everyColumn(Table table, Examples.Of<T> example) {
    var components = example.full().getClass().getRecordComponents();
    StructField[] fields = table.schema().fields();
    for (int i = 0; i < fields.length; i++) {
      if (!fields[i].nullable() && !components[i].getType().isPrimitive()) {
        T lacking = Examples.changed(example.full(), components[i].getName(), null);
        RelookException e =
            assertThrows(
                RelookException.class, () -> example.codec().toRow(lacking), fields[i].name());
        assertTrue(e.getMessage().contains(table.tableName()), e.getMessage());
        assertTrue(e.getMessage().contains(fields[i].name()), e.getMessage());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Table.class)
  void theTableKeepsTypesCommentsAndNotNull(Table table) {
    assertEquals(table.schema(), lakehouse.read(table).schema());
  }

  /** A row that no codec made. */
  @Test
  void theTableItselfRefusesNull() {
    Dataset<Row> rows =
        lakehouse
            .spark()
            .sql("SELECT 'r' reject_id, 's' source, CAST(NULL AS STRING) place, 'x' reason");
    RelookException e =
        assertThrows(RelookException.class, () -> lakehouse.merge(Table.REJECTS, rows));
    assertTrue(e.getMessage().contains("NOT NULL"), e.getMessage());
    assertTrue(e.getMessage().contains("place"), e.getMessage());
  }

  static Stream<Arguments> checks() {
    return Stream.of(Table.values())
        .flatMap(t -> t.checks().keySet().stream().map(check -> Arguments.of(t, check)));
  }

  @ParameterizedTest
  @MethodSource("checks")
  void aValueThatACheckForbidsIsRefusedByName(Table table, String check) {
    refused(table, check, Examples.of(table).codec(), Examples.breaking(table, check));
  }

  @SuppressWarnings("unchecked")
  private <T extends Record> void refused(
      Table table, String check, RecordCodec<T> codec, Record row) {
    long before = lakehouse.read(table).count();
    List<Row> rows = List.of(codec.toRow((T) row));
    RelookException e = assertThrows(RelookException.class, () -> lakehouse.merge(table, rows));
    assertTrue(e.getMessage().contains(table.tableName()), e.getMessage());
    assertTrue(e.getMessage().contains(check), e.getMessage());
    assertEquals(before, lakehouse.read(table).count());
  }

  @Test
  void writingTwiceChangesNothing() {
    Lakehouse other = Lakehouse.open(TestSession.spark(), folder.resolve("other").toString());
    List<Row> rows = List.of(Rows.REJECT.toRow(new Rows.Reject("r", "s", "row 1", "broken")));
    other.merge(Table.REJECTS, rows);
    other.merge(Table.REJECTS, rows);
    assertEquals(1, other.read(Table.REJECTS).count());
  }

  /** {@code ml-dev.relook} was a folder of this name; a catalog that is not there is told. */
  @Test
  void aNameWithAHyphenIsNoFolder() {
    RelookException error =
        assertThrows(
            RelookException.class, () -> Lakehouse.open(TestSession.spark(), "no-such.relook"));
    assertEquals(
        "There is no catalog no-such: set spark.sql.catalog.no-such, or write ./no-such.relook for a folder.",
        error.getMessage());
    String folder = Lakehouse.open(TestSession.spark(), "./no-such.relook").folder("policies");
    assertTrue(folder.endsWith("/no-such.relook/policies"), folder);
  }

  @ParameterizedTest
  @ValueSource(strings = {"spark_catalog", "ml-dev"})
  void aSchemaOfACatalogIsALakehouseToo(String catalog) {
    DevCatalog.register("ml-dev");
    String schema = "relook_" + Long.toHexString(System.nanoTime());
    String name = catalog + "." + schema;
    Lakehouse named = Lakehouse.open(TestSession.spark(), name);
    RelookException empty = assertThrows(RelookException.class, named::registerExisting);
    assertTrue(empty.getMessage().contains(name), empty.getMessage());
    try {
      List<Row> rows = List.of(Rows.REJECT.toRow(new Rows.Reject("r", "s", "row 1", "broken")));
      named.merge(Table.REJECTS, rows);
      Lakehouse again = Lakehouse.open(TestSession.spark(), name);
      again.merge(Table.REJECTS, rows);
      again.replace(Table.REJECTS, rows);
      assertEquals(1, again.read(Table.REJECTS).count());
      again.replace(
          Table.REJECTS, List.of(Rows.REJECT.toRow(new Rows.Reject("q", "s", "row 2", "empty"))));
      assertEquals(2, again.read(Table.REJECTS).count());
      again.registerExisting();
      assertEquals(2, TestSession.spark().sql("SELECT * FROM rejects").count());
      assertEquals(
          2, TestSession.spark().table("`%s`.%s.rejects".formatted(catalog, schema)).count());
      String warehouse = TestSession.spark().conf().get("spark.sql.warehouse.dir");
      assertEquals(warehouse + "/" + name + "/policies", again.folder("policies"));
    } finally {
      TestSession.spark().sql("DROP SCHEMA IF EXISTS " + schema + " CASCADE");
    }
  }

  @Test
  void replacingGivesTheNewValuesAndNoRowTwice() {
    Lakehouse other = Lakehouse.open(TestSession.spark(), folder.resolve("replaced").toString());
    other.merge(
        Table.REJECTS, List.of(Rows.REJECT.toRow(new Rows.Reject("r", "s", "row 1", "broken"))));
    other.replace(
        Table.REJECTS,
        List.of(
            Rows.REJECT.toRow(new Rows.Reject("r", "s", "row 1", "empty")),
            Rows.REJECT.toRow(new Rows.Reject("q", "s", "row 2", "broken"))));
    List<Row> rows = other.read(Table.REJECTS).orderBy("place").collectAsList();
    assertEquals(
        List.of("empty", "broken"), rows.stream().map(r -> r.<String>getAs("reason")).toList());
  }

  /** A process that finds many small files joins them once, and leaves the result alone. */
  @Test
  void manySmallFilesAreJoinedOnce() {
    String place = folder.resolve("small").toString();
    rewards(Lakehouse.open(TestSession.spark(), place), "many", Lakehouse.MANY_FILES - 1);
    Lakehouse later = Lakehouse.open(TestSession.spark(), place);
    rewards(later, "one", 1);
    rewards(later, "another", 1);
    assertEquals(
        List.of("CREATE TABLE", "WRITE", "WRITE", "OPTIMIZE", "WRITE"),
        operations(later, Path.of(place, "rewards")));
    assertEquals(Lakehouse.MANY_FILES + 1, later.read(Table.REWARDS).count());
  }

  /** What is committed is no failure of the append: here a file that was to be joined is gone. */
  @Test
  void smallFilesThatCannotBeJoinedEndNoRun() throws IOException {
    Path place = folder.resolve("broken");
    rewards(
        Lakehouse.open(TestSession.spark(), place.toString()), "many", Lakehouse.MANY_FILES - 1);
    try (Stream<Path> files = Files.list(place.resolve("rewards"))) {
      Files.delete(files.filter(f -> f.toString().endsWith(".parquet")).findFirst().orElseThrow());
    }
    Lakehouse later = Lakehouse.open(TestSession.spark(), place.toString());
    rewards(later, "one", 1);
    assertEquals(
        List.of("CREATE TABLE", "WRITE", "WRITE"), operations(later, place.resolve("rewards")));
    assertEquals(1, later.read(Table.REWARDS).where("trajectory_id = 'one0'").count());
  }

  private static List<String> operations(Lakehouse lakehouse, Path table) {
    return lakehouse
        .spark()
        .sql("DESCRIBE HISTORY delta.`" + table + "`")
        .orderBy("version")
        .select("operation")
        .collectAsList()
        .stream()
        .map(row -> row.getString(0))
        .toList();
  }

  /** So many rows, each in a file of its own. */
  private static void rewards(Lakehouse lakehouse, String name, int count) {
    Rows.Reward reward = (Rows.Reward) Examples.of(Table.REWARDS).full();
    List<Row> rows =
        IntStream.range(0, count)
            .mapToObj(i -> Rows.REWARD.toRow(Examples.changed(reward, "trajectoryId", name + i)))
            .toList();
    SparkSession spark = lakehouse.spark();
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    lakehouse.append(
        Table.REWARDS,
        spark.createDataFrame(context.parallelize(rows, count), Table.REWARDS.schema()));
  }

  /** Delta refuses a merge whose table got rows meanwhile; runs share tables, not keys. */
  @Test
  void runsThatWriteAtOnceLoseNothing() throws Exception {
    String place = folder.resolve("shared").toString();
    Lakehouse.open(TestSession.spark(), place).read(Table.REJECTS);
    ExecutorService runs = Executors.newFixedThreadPool(2);
    try {
      List<Future<?>> done = new ArrayList<>();
      for (String run : List.of("a", "b")) {
        Lakehouse own = Lakehouse.open(TestSession.spark(), place);
        done.add(
            runs.submit(
                () -> {
                  for (int i = 0; i < 2; i++) {
                    own.merge(
                        Table.REJECTS,
                        List.of(Rows.REJECT.toRow(new Rows.Reject(run + i, "s", "row", "broken"))));
                    own.replace(
                        Table.REJECTS,
                        List.of(Rows.REJECT.toRow(new Rows.Reject(run + i, "s", "row", "empty"))));
                    // As scoring does: what is added was read from the table.
                    own.append(
                        Table.REJECTS,
                        own.read(Table.REJECTS)
                            .where(col("reject_id").equalTo(run + i))
                            .withColumn("reject_id", concat(lit("copy of "), col("reject_id"))));
                  }
                }));
      }
      for (Future<?> run : done) {
        run.get();
      }
    } finally {
      runs.shutdown();
    }
    Lakehouse after = Lakehouse.open(TestSession.spark(), place);
    assertEquals(8, after.read(Table.REJECTS).where("reason = 'empty'").count());
    assertEquals(8, after.read(Table.REJECTS).count());
  }

  /** Eight drivers begin a lakehouse, in a place with a name that SQL has to quote. */
  @Test
  void manyMayOpenOneAtOnce() throws Exception {
    String place = folder.resolve("it`s ``new`").toString();
    ExecutorService drivers = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> done = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        Lakehouse own = Lakehouse.open(TestSession.spark(), place);
        String name = "r" + i;
        done.add(
            drivers.submit(
                () ->
                    own.merge(
                        Table.REJECTS,
                        List.of(Rows.REJECT.toRow(new Rows.Reject(name, "s", "row", "broken"))))));
      }
      for (Future<?> driver : done) {
        driver.get();
      }
    } finally {
      drivers.shutdown();
    }
    assertEquals(8, Lakehouse.open(TestSession.spark(), place).read(Table.REJECTS).count());
  }

  /** What is appended unseen is checked all the same. */
  @Test
  void newRowsAreAppendedUnderTheTablesChecks() {
    Lakehouse other = Lakehouse.open(TestSession.spark(), folder.resolve("added").toString());
    Rows.Query query = new Rows.Query("q", "s", "train", "How many?", null, List.of(), null, null);
    other.replace(Table.QUERIES, List.of(Rows.QUERY.toRow(query)));
    long version = other.version(Table.QUERIES);
    Rows.Query broken = new Rows.Query("p", "s", "train", null, null, List.of(), null, null);
    assertThrows(
        RelookException.class,
        () -> other.replace(Table.QUERIES, List.of(Rows.QUERY.toRow(broken))));
    assertEquals(version, other.version(Table.QUERIES));
    assertEquals(1, other.read(Table.QUERIES).count());
  }

  /** Root may write where permission bits forbid it: these places refuse everybody. */
  @Test
  void aPlaceThatCannotBeWrittenIsNamedWithWhatToDo() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    for (String place : List.of("/proc/relook", file.resolve("lakehouse").toString())) {
      Lakehouse readOnly = Lakehouse.open(TestSession.spark(), place);
      RelookException e =
          assertThrows(RelookException.class, () -> readOnly.read(Table.RUNS), place);
      assertEquals(RelookException.Category.STORAGE, e.category());
      assertTrue(e.getMessage().contains("Cannot write table"), e.getMessage());
      assertTrue(e.getMessage().contains(place + "/runs"), e.getMessage());
      assertTrue(e.getMessage().contains("Check permissions"), e.getMessage());
    }
  }

  @Test
  void aRelativeFolderIsALakehouseWhereTheProcessRuns() {
    Path place = folder.resolve("relative").toAbsolutePath();
    String relative = Path.of("").toAbsolutePath().relativize(place).toString();
    Lakehouse here = Lakehouse.open(TestSession.spark(), relative + "/");
    here.merge(
        Table.REJECTS, List.of(Rows.REJECT.toRow(new Rows.Reject("r", "s", "row 1", "broken"))));
    Lakehouse there = Lakehouse.open(TestSession.spark(), place.toString());
    assertEquals(1, there.read(Table.REJECTS).count());
    assertTrue(here.folder("policies").startsWith("file:/"), here.folder("policies"));
  }

  @Test
  void partsOfAKeyCannotRunTogether() {
    assertTrue(!Keys.of("ab", "c").equals(Keys.of("a", "bc")));
    assertEquals(64, Keys.trajectory("r", 1, Phase.RL, 2, "q", 3).length());
  }
}
