package io.relook.cli;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.LocalSpark;
import io.relook.lakehouse.RelookException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code relook sql}: a query over a lakehouse's tables, by their bare names. */
@Command(
    name = "sql",
    mixinStandardHelpOptions = true,
    description = "Prints the result of a query over a lakehouse's tables.")
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

  @Override
  public Integer call() {
    SparkSession spark = LocalSpark.session("relook sql");
    try {
      Lakehouse.open(spark, lakehouse).registerExisting();
      Dataset<Row> result = spark.sql(query);
      PrintWriter out = spec.commandLine().getOut();
      if (format == Format.json) {
        result.toJSON().collectAsList().forEach(out::println);
      } else if (format == Format.csv) {
        csv(out, result);
      } else {
        table(out, result);
      }
      out.flush();
      return 0;
    } catch (RuntimeException e) {
      throw e instanceof RelookException
          ? e
          : new RelookException(
              RelookException.Category.CONFIG,
              "The query failed: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
              e);
    } finally {
      spark.stop();
    }
  }

  private static void csv(PrintWriter out, Dataset<Row> result) {
    out.println(
        Arrays.stream(result.columns()).map(SqlCommand::quoted).collect(Collectors.joining(",")));
    for (Row row : result.collectAsList()) {
      List<String> cells = new ArrayList<>();
      for (int i = 0; i < row.length(); i++) {
        cells.add(row.isNullAt(i) ? "" : quoted(String.valueOf(row.get(i))));
      }
      out.println(String.join(",", cells));
    }
  }

  private static String quoted(String cell) {
    return cell.matches("(?s).*[\",\r\n].*") ? '"' + cell.replace("\"", "\"\"") + '"' : cell;
  }

  private static void table(PrintWriter out, Dataset<Row> result) {
    List<String[]> lines = new ArrayList<>();
    lines.add(result.columns());
    for (Row row : result.collectAsList()) {
      String[] cells = new String[row.length()];
      for (int i = 0; i < cells.length; i++) {
        cells[i] = String.valueOf(row.get(i)).replaceAll("\\s+", " ");
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
