package io.relook.lakehouse;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.delta.tables.DeltaMergeBuilder;
import io.delta.tables.DeltaTable;
import io.relook.lakehouse.RelookException.Category;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.delta.DeltaConcurrentModificationException;
import scala.Option;

/**
 * The tables at one place: a folder, any Hadoop URI, or a {@link CatalogName} of two parts or more,
 * {@code catalog.schema}; a folder in the working directory whose name has a dot is {@code ./name}.
 * A table is made when it is first used. Writes are by key: writing the same rows twice changes
 * nothing (of {@link #append} its callers make sure). On S3 one process writes at a time; reading
 * is free.
 */
public final class Lakehouse implements AutoCloseable {
  /** So many rows are looked up by their keys before they replace any (our choice). */
  private static final int LOOKED_UP = 64;

  /** How often a write is tried while other runs commit to its table (our choice). */
  private static final int ATTEMPTS = 10;

  /** So many files of a table that grows by step are joined (our choice). */
  static final int MANY_FILES = 50;

  /** Of so many commits the first looks how many files there are (our choice). */
  static final int COUNT_EVERY = 10;

  /** What Kryo says of a class where all have to be registered. */
  private static final Pattern UNREGISTERED =
      Pattern.compile("Class is not registered: ([\\w.$\\[\\]]+)");

  /** What Delta says where a table is being made by another. */
  private static final Set<String> MADE_MEANWHILE =
      Set.of(
          "DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION",
          "DELTA_TABLE_ALREADY_EXISTS",
          "TABLE_OR_VIEW_ALREADY_EXISTS",
          "SCHEMA_ALREADY_EXISTS");

  /** Threads of one process make tables one after the other: Delta keeps its log among them. */
  private static final Object OPENING = new Object();

  private final SparkSession spark;
  private final String location;

  /** Null where the location is a folder or a URI. */
  private final CatalogName schema;

  private final Set<Table> ready = EnumSet.noneOf(Table.class);
  private final Map<Table, Integer> commits = new EnumMap<>(Table.class);

  /** Null until something is written. */
  private SingleWriter writer;

  /** Null where no run was locked. */
  private RunLock run;

  private Lakehouse(SparkSession spark, String location) {
    this.spark = spark;
    this.schema = CatalogName.parse(location).filter(name -> name.parts().size() > 1).orElse(null);
    if (schema != null && !schema.isCatalogOf(spark)) {
      throw noCatalog(schema);
    }
    this.location =
        schema != null
            ? schema.toString()
            : absolute(spark, location.replaceFirst("(?<=.)/+$", ""));
  }

  /** Delta names tables by absolute paths only. */
  private static String absolute(SparkSession spark, String folder) {
    Path path = new Path(folder);
    if (path.isAbsolute()) {
      return folder;
    }
    try {
      return path.getFileSystem(spark.sessionState().newHadoopConf())
          .makeQualified(path)
          .toString();
    } catch (IOException e) {
      throw noPlace(folder, e);
    }
  }

  private static RelookException noPlace(String folder, IOException cause) {
    return new RelookException(
        Category.CONFIG,
        "There is no such place as %s: %s.".formatted(folder, cause.getMessage()),
        cause);
  }

  private static RelookException noCatalog(CatalogName schema) {
    String catalog = schema.parts().get(0);
    return new RelookException(
        Category.CONFIG,
        "There is no catalog %s: set spark.sql.catalog.%s, or write ./%s for a folder."
            .formatted(catalog, catalog, schema));
  }

  public static Lakehouse open(SparkSession spark, String location) {
    return new Lakehouse(spark, location);
  }

  public SparkSession spark() {
    return spark;
  }

  /**
   * Where two drivers that write at once would lose each other's commits, makes this process the
   * one that writes until {@link #close}, or is refused; elsewhere nothing. Every write does this
   * first; a driver does it before it works for hours.
   */
  public void claim() {
    requireRun();
    try {
      if (writer == null) {
        writer = SingleWriter.of(spark, schema != null ? schemaFolder() : location);
      }
      writer.claim();
    } catch (IOException e) {
      throw noPlace(location, e);
    }
  }

  /**
   * Makes this the one driver of a run until the lock is closed, or is refused. Each write asks
   * before and after whether that still holds.
   *
   * @param application its name, for whoever is refused
   */
  public RunLock lockRun(String runId, String application) {
    run =
        RunLock.ofRun(
            folder("locks"),
            new RunName(runId).value(),
            application,
            spark.sessionState().newHadoopConf());
    return run;
  }

  /**
   * Every run of the lakehouse at once, for whoever changes its tables by hand; closing gives them
   * back.
   */
  public Closeable lockRuns(String application) {
    List<String> names =
        find(Table.RUNS)
            .map(runs -> runs.select("run_id").distinct().collectAsList())
            .orElse(List.of())
            .stream()
            .map(row -> row.getString(0))
            .toList();
    List<RunLock> locks = new ArrayList<>();
    Closeable all = () -> locks.forEach(RunLock::close);
    try {
      for (String name : names) {
        locks.add(lockRun(name, application));
      }
      return all;
    } catch (RuntimeException e) {
      locks.forEach(RunLock::close);
      throw e;
    }
  }

  private void requireRun() {
    if (run != null && !run.isClosed()) {
      run.requireHeld();
    }
  }

  /** This process writes no more. */
  @Override
  public void close() {
    if (writer != null) {
      writer.giveUp();
    }
  }

  /** Where the schema's tables lie, or will. */
  private String schemaFolder() {
    String warehouse = spark.conf().get("spark.sql.warehouse.dir");
    if (!spark.catalog().databaseExists(schema.quoted())) {
      return warehouse;
    }
    return spark
        .sql("DESCRIBE SCHEMA " + schema.quoted())
        .where("info_name = 'Location'")
        .collectAsList()
        .stream()
        .findFirst()
        .map(row -> row.<String>getAs("info_value"))
        .orElse(warehouse);
  }

  /** Where checkpoints and other files of this lakehouse go: a path, or a URI with its scheme. */
  public String folder(String name) {
    return schema != null
        ? spark.conf().get("spark.sql.warehouse.dir") + "/" + location + "/" + name
        : location + "/" + name;
  }

  /** The table's rows as they are now. */
  public Dataset<Row> read(Table table) {
    ensure(table);
    return spark.table(identifier(table));
  }

  /**
   * As above, of a table that exists: nothing is made or upgraded. Columns that an older table
   * lacks are NULL.
   */
  public Optional<Dataset<Row>> find(Table table) {
    if (!ready.contains(table) && !exists(table)) {
      return Optional.empty();
    }
    Dataset<Row> rows = spark.table(identifier(table));
    List<String> there = List.of(rows.columns());
    return Optional.of(
        rows.select(
            Arrays.stream(table.schema().fields())
                .map(
                    f ->
                        there.contains(f.name())
                            ? col(f.name())
                            : lit(null).cast(f.dataType()).as(f.name()))
                .toArray(Column[]::new)));
  }

  /** The table's Delta version. */
  public long version(Table table) {
    ensure(table);
    return spark
        .sql("DESCRIBE HISTORY " + identifier(table) + " LIMIT 1")
        .select("version")
        .first()
        .getLong(0);
  }

  /** The table's rows as they were at a Delta version. */
  public Dataset<Row> read(Table table, long version) {
    ensure(table);
    return spark.sql("SELECT * FROM %s VERSION AS OF %d".formatted(identifier(table), version));
  }

  /** When a Delta version was committed. */
  public Optional<Instant> committedAt(Table table, long version) {
    ensure(table);
    return spark
        .sql("DESCRIBE HISTORY " + identifier(table))
        .where("version = " + version)
        .select("timestamp")
        .collectAsList()
        .stream()
        .findFirst()
        .map(row -> RecordCodec.instant(row.get(0)));
  }

  /** Joins small files; the rows stay as they are. */
  public void compact(Table table) {
    ensure(table);
    claim();
    delta(table).optimize().executeCompaction();
  }

  /**
   * Deletes the files of a table that no version since then needs. Delta's own limit does not hold
   * here: whoever calls this knows what has to stay.
   */
  public void vacuum(Table table, Duration since) {
    ensure(table);
    claim();
    Map<String, String> settings =
        Map.of(
            "spark.databricks.delta.retentionDurationCheck.enabled", "false",
            // A listing is so many tasks: by default ten thousand, for a folder or two.
            "spark.sql.sources.parallelPartitionDiscovery.parallelism", "8");
    Map<String, Option<String>> before = new TreeMap<>();
    settings.keySet().forEach(key -> before.put(key, spark.conf().getOption(key)));
    settings.forEach(spark.conf()::set);
    try {
      // Delta counts whole hours.
      delta(table).vacuum(Math.ceil(since.toMillis() / 3.6e6));
    } finally {
      before.forEach(
          (key, value) -> {
            if (value.isDefined()) {
              spark.conf().set(key, value.get());
            } else {
              spark.conf().unset(key);
            }
          });
    }
  }

  /** Adds the rows whose keys are new; the others stay as they are. */
  public void merge(Table table, Dataset<Row> rows) {
    ensure(table);
    claim();
    commit(table, () -> matched(table, rows).whenNotMatched().insertAll().execute());
  }

  /**
   * As above; of a row that is there already a column takes the new value where there is one, and
   * it differs.
   */
  public void merge(Table table, Dataset<Row> rows, String updated) {
    ensure(table);
    claim();
    String differs = "s.%1$s IS NOT NULL AND NOT s.%1$s <=> t.%1$s".formatted(updated);
    commit(
        table,
        () ->
            matched(table, rows)
                .whenMatched(differs)
                .updateExpr(Map.of(updated, "s." + updated))
                .whenNotMatched()
                .insertAll()
                .execute());
  }

  /** Again where another run's commit, or a compaction, came between. */
  private void commit(Table table, Runnable write) {
    for (int attempt = 1; ; attempt++) {
      try {
        write.run();
        requireRun(); // It may have slept meanwhile.
        break;
      } catch (Exception | FSError e) {
        if (attempt == ATTEMPTS || !(e instanceof DeltaConcurrentModificationException)) {
          throw unwritable(table, e);
        }
        // Up to nine seconds, each run its own: two that try in step would meet again.
        LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(attempt * 1_000_000_000L));
      }
    }
    if (table.growsByStep()) {
      keepCompact(table);
    }
  }

  /**
   * Joins small files now and then. Delta's own auto-compaction forgets what a table had when the
   * process began, and then rewrites it at every append (delta-io/delta 4045 and 4487).
   */
  private void keepCompact(Table table) {
    if (commits.merge(table, 1, Integer::sum) % COUNT_EVERY != 1) {
      return;
    }
    try {
      if (delta(table).detail().select("numFiles").first().getLong(0) >= MANY_FILES) {
        compact(table);
      }
    } catch (Exception | FSError e) {
      // The rows are committed, and the next look is soon enough: where another run changed the
      // same files that is all, and a full disk ends the next write.
      if (!(e instanceof DeltaConcurrentModificationException)) {
        System.getLogger(Lakehouse.class.getName())
            .log(Level.WARNING, "cannot join the small files of " + identifier(table), e);
      }
    }
  }

  /** As above, of rows in memory. */
  public void merge(Table table, List<Row> rows) {
    if (!rows.isEmpty()) {
      merge(table, inMemory(table, rows));
    }
  }

  /**
   * Adds rows whose keys the caller has seen to be new: quicker than a merge, and no other run's
   * rows stand in its way unless these rows were read from the table itself.
   */
  public void append(Table table, Dataset<Row> rows) {
    ensure(table);
    claim();
    commit(table, () -> added(table, rows.write().format("delta").mode(SaveMode.Append)));
  }

  private void added(Table table, DataFrameWriter<Row> rows) {
    if (schema != null) {
      rows.saveAsTable(identifier(table));
    } else {
      rows.save(location + "/" + table.tableName());
    }
  }

  /** Writes the rows; those whose keys are there already take the new values. */
  public void replace(Table table, List<Row> rows) {
    if (rows.isEmpty()) {
      return;
    }
    Dataset<Row> fresh = inMemory(table, rows);
    if (rows.size() <= LOOKED_UP && !anyIn(table, rows)) {
      append(table, fresh);
      return;
    }
    claim();
    commit(
        table,
        () ->
            matched(table, fresh).whenMatched().updateAll().whenNotMatched().insertAll().execute());
  }

  /** Makes every table visible to SQL by its bare name. */
  public void register() {
    for (Table table : Table.values()) {
      read(table).createOrReplaceTempView(table.tableName());
    }
  }

  /**
   * Makes the tables that exist visible to SQL by their bare names, as this version knows them;
   * nothing is made or upgraded.
   */
  public void registerExisting() {
    requireThere();
    for (Table table : Table.values()) {
      find(table).ifPresent(rows -> rows.createOrReplaceTempView(table.tableName()));
    }
  }

  /** As above, the tables themselves, upgraded where they are old: statements may change them. */
  public void registerToWrite() {
    requireThere();
    for (Table table : Table.values()) {
      if (exists(table)) {
        read(table).createOrReplaceTempView(table.tableName());
      }
    }
  }

  /** For whoever does not begin a lakehouse: none of its tables is an error. */
  public void requireThere() {
    if (Arrays.stream(Table.values()).noneMatch(this::exists)) {
      throw new RelookException(
          Category.CONFIG,
          "There is no lakehouse at %s: name the folder that a run wrote.".formatted(location));
    }
  }

  private void ensure(Table table) {
    if (!ready.add(table)) {
      return;
    }
    try {
      synchronized (OPENING) {
        for (int attempt = 1; !makeReady(table, attempt == ATTEMPTS); attempt++) {
          LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(attempt * 200_000_000L));
        }
      }
    } catch (Exception | FSError e) {
      ready.remove(table);
      throw unwritable(table, e);
    }
  }

  /** False where another process made or upgraded the table at the same time: then look again. */
  private boolean makeReady(Table table, boolean last) {
    TableDefinition definition = new TableDefinition(spark, table, identifier(table));
    boolean there = exists(table);
    try {
      if (!there) {
        claim();
        if (schema != null) {
          spark.sql("CREATE SCHEMA IF NOT EXISTS " + schema.quoted());
        }
        definition.create();
      } else if (definition.isOld()) {
        claim();
        definition.upgrade();
      }
      return true;
    } catch (Exception e) {
      if (last || !isRace(e, there)) {
        throw e;
      }
      return false;
    }
  }

  /** Of a table that was not there: another's first commit is on its way, or is done. */
  private static boolean isRace(Exception e, boolean there) {
    return e instanceof DeltaConcurrentModificationException
        || !there
            && e instanceof SparkThrowable known
            && MADE_MEANWHILE.contains(String.valueOf(known.getCondition()));
  }

  private DeltaMergeBuilder matched(Table table, Dataset<Row> rows) {
    String condition =
        table.key().stream().map(k -> "t." + k + " = s." + k).collect(Collectors.joining(" AND "));
    return delta(table).as("t").merge(rows.as("s"), condition);
  }

  /** Whether a row of the table has the key of one of these. */
  private boolean anyIn(Table table, List<Row> rows) {
    Column any = lit(false);
    for (Row row : rows) {
      Column same = lit(true);
      for (String key : table.key()) {
        same = same.and(col(key).equalTo(row.get(table.schema().fieldIndex(key))));
      }
      any = any.or(same);
    }
    return !read(table).where(any).isEmpty();
  }

  private Dataset<Row> inMemory(Table table, List<Row> rows) {
    return spark.createDataFrame(rows, table.schema()).coalesce(1);
  }

  private boolean exists(Table table) {
    return schema != null
        ? spark.catalog().tableExists(identifier(table))
        : DeltaTable.isDeltaTable(spark, location + "/" + table.tableName());
  }

  private DeltaTable delta(Table table) {
    return schema != null
        ? DeltaTable.forName(spark, identifier(table))
        : DeltaTable.forPath(spark, location + "/" + table.tableName());
  }

  private String identifier(Table table) {
    return schema != null
        ? schema.plus(table.tableName()).quoted()
        : "delta.`%s/%s`".formatted(location.replace("`", "``"), table.tableName());
  }

  /**
   * Spark throws checked exceptions that it does not declare, and Hadoop an FSError where a local
   * disk is full, so the cause is any.
   */
  private RelookException unwritable(Table table, Throwable cause) {
    if (cause instanceof RelookException) {
      return (RelookException) cause;
    }
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    Matcher unregistered = UNREGISTERED.matcher(String.valueOf(root.getMessage()));
    if (unregistered.find()) {
      return new RelookException(
          Category.CONFIG,
          "Cannot write table %s: spark.kryo.registrationRequired is set, and %s, which Delta sends, is not registered. Add it to spark.kryo.classesToRegister, or take spark.kryo.registrationRequired out."
              .formatted(identifier(table), unregistered.group(1)),
          cause);
    }
    return new RelookException(
        Category.STORAGE,
        "Cannot write table %s: %s. Check permissions and free space, then run the same command again."
            .formatted(identifier(table), root.getMessage()),
        cause);
  }
}
