package io.relook.lakehouse;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.types.StructType;

/** The tables of a lakehouse; each is defined by its file under {@code resources/tables}. */
public enum Table {
  QUERIES,
  IMAGES,
  REJECTS,
  INGESTS,
  TRAJECTORIES,
  REWARDS,
  DIFFICULTY,
  REFLECTIONS,
  SFT_EXAMPLES,
  TRAINING_STEPS,
  CHECKPOINTS,
  EVALUATIONS,
  ATTENTION,
  JUDGEMENTS,
  RUNS,
  STAGES;

  private final String comment;
  private final List<String> key;
  private final Map<String, String> checks;
  private final Map<String, String> properties;
  private final boolean growsByStep;
  private final String columns;
  private final StructType schema;

  Table() {
    List<String> lines = lines("/tables/" + tableName() + ".sql");
    this.comment = lines.get(0).substring(3);
    List<String> keyColumns = List.of();
    for (String line : lines) {
      if (line.startsWith("-- key: ")) {
        keyColumns = List.of(line.substring(8).split(", "));
      }
    }
    this.key = keyColumns;
    this.checks = named(lines, "-- check ");
    this.properties = named(lines, "-- property ");
    this.growsByStep = lines.contains("-- grows by step");
    this.columns =
        lines.stream().filter(line -> !line.startsWith("--")).collect(Collectors.joining("\n"));
    this.schema = StructType.fromDDL(columns.replace("''", "\\'"));
  }

  /** The table's name in SQL. */
  public String tableName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What a row is. */
  public String comment() {
    return comment;
  }

  /** The columns that name a row. */
  public List<String> key() {
    return key;
  }

  /** CHECK constraints by name. */
  Map<String, String> checks() {
    return checks;
  }

  /** Whether each step adds a few rows, or changes some: such tables are kept compact. */
  public boolean growsByStep() {
    return growsByStep;
  }

  /** Delta's settings of the table, beside the constraints. */
  Map<String, String> properties() {
    return properties;
  }

  /** The columns as DDL. */
  String columns() {
    return columns;
  }

  /** Columns with NOT NULL and comments. */
  public StructType schema() {
    return schema;
  }

  /** What stands behind lines such as {@code -- check name: rule}. */
  private static Map<String, String> named(List<String> lines, String head) {
    Map<String, String> found = new LinkedHashMap<>();
    for (String line : lines) {
      if (line.startsWith(head)) {
        int colon = line.indexOf(": ");
        found.put(line.substring(head.length(), colon), line.substring(colon + 2));
      }
    }
    return found;
  }

  static List<String> lines(String resource) {
    try (InputStream in = Table.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
