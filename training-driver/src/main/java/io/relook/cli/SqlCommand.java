package io.relook.cli;

import static org.apache.spark.sql.functions.base64;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.LocalSpark;
import io.relook.lakehouse.RelookException;
import java.io.Closeable;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code relook sql}: a query over a lakehouse's tables, by their bare names. */
@Command(
    name = "sql",
    mixinStandardHelpOptions = true,
    description =
        "Prints the result of a query over a lakehouse's tables; it reads, unless --write.")
final class SqlCommand implements Callable<Integer> {
  /** How the result is printed. */
  enum Format {
    table,
    csv,
    json
  }

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "QUERY")
  private String query;

  @Option(
      names = "--lakehouse",
      required = true,
      description = "folder, Hadoop URI or catalog.schema")
  private String lakehouse;

  @Option(names = "--format", defaultValue = "table", description = "${COMPLETION-CANDIDATES}")
  private Format format;

  @Option(
      names = "--write",
      description =
          "the statement may change tables, and does so while no run has a driver (default: it reads)")
  private boolean write;

  @Override
  public Integer call() {
    SparkSession spark = LocalSpark.session("relook sql");
    try (Lakehouse tables = Lakehouse.open(spark, lakehouse)) {
      if (!write) {
        ReadingStatement.require(spark, query);
        tables.registerExisting();
        print(spark.sql(query));
        return 0;
      }
      tables.requireThere();
      try (Closeable runs = tables.lockRuns("relook sql")) {
        tables.registerToWrite();
        tables.claim();
        print(spark.sql(query));
        return 0;
      }
    } catch (Exception e) {
      throw e instanceof RelookException
          ? (RelookException) e
          : new RelookException(
              RelookException.Category.CONFIG, "The query failed: " + firstLine(e), e);
    }
  }

  private void print(Dataset<Row> result) {
    PrintWriter out = spec.commandLine().getOut();
    if (format == Format.json) {
      result
          .select(to_json(struct(col("*")), Map.of("ignoreNullFields", "false")))
          .collectAsList()
          .forEach(row -> out.println(row.getString(0)));
    } else if (format == Format.csv) {
      csv(out, result);
    } else {
      table(out, result);
    }
    out.flush();
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().filter(l -> !l.isBlank()).findFirst().orElse("");
  }

  /**
   * Each cell as text, null where it is NULL; arrays, maps and structs as JSON, bytes as base64.
   */
  private static List<Row> cells(Dataset<Row> result) {
    StructField[] fields = result.schema().fields();
    String[] names = new String[fields.length];
    Column[] texts = new Column[fields.length];
    for (int i = 0; i < fields.length; i++) {
      names[i] = "c" + i;
      DataType type = fields[i].dataType();
      boolean nested =
          type instanceof ArrayType || type instanceof MapType || type instanceof StructType;
      texts[i] =
          nested
              ? to_json(col(names[i]), Map.of("ignoreNullFields", "false"))
              : type instanceof BinaryType ? base64(col(names[i])) : col(names[i]).cast("string");
    }
    return result.toDF(names).select(texts).collectAsList();
  }

  /** RFC 4180; NULL is nothing, an empty text is a pair of quotes. */
  private static void csv(PrintWriter out, Dataset<Row> result) {
    out.println(
        Arrays.stream(result.columns()).map(SqlCommand::quoted).collect(Collectors.joining(",")));
    for (Row row : cells(result)) {
      List<String> line = new ArrayList<>();
      for (int i = 0; i < row.length(); i++) {
        line.add(row.isNullAt(i) ? "" : quoted(row.getString(i)));
      }
      out.println(String.join(",", line));
    }
  }

  private static String quoted(String cell) {
    return cell.isEmpty() || cell.matches("(?s).*[\",\r\n].*")
        ? '"' + cell.replace("\"", "\"\"") + '"'
        : cell;
  }

  /** A line a row; what a terminal would obey is a space. */
  private static void table(PrintWriter out, Dataset<Row> result) {
    List<String[]> lines = new ArrayList<>();
    lines.add(result.columns());
    for (Row row : cells(result)) {
      String[] cells = new String[row.length()];
      for (int i = 0; i < cells.length; i++) {
        cells[i] = String.valueOf(row.getString(i)).replaceAll("[\\s\\p{Cc}]+", " ");
        if (cells[i].length() > 100) {
          cells[i] = cells[i].substring(0, 97) + "...";
        }
      }
      lines.add(cells);
    }
    int[] widths = new int[result.columns().length];
    lines.forEach(
        cells -> {
          for (int i = 0; i < cells.length; i++) {
            widths[i] = Math.max(widths[i], cells[i].length());
          }
        });
    for (String[] cells : lines) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < cells.length; i++) {
        line.append(String.format("%-" + Math.max(1, widths[i]) + "s  ", cells[i]));
      }
      out.println(line.toString().stripTrailing());
    }
    out.printf("%d rows%n", lines.size() - 1);
  }
}
