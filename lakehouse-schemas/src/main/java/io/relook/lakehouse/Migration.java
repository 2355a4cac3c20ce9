package io.relook.lakehouse;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.types.StructType;

/**
 * What changed the tables from one schema version to the next: a numbered file under {@code
 * resources/migrations}. A file is never edited once it was released; the tables' own files say
 * what comes out.
 *
 * @param version that the tables have afterwards
 */
record Migration(int version, List<Statement> statements) {
  /** In order; the first version had none. */
  static final List<Migration> ALL =
      List.of(
          read("0002-user-rewards.sql"),
          read("0003-step-metrics.sql"),
          read("0004-replay.sql"),
          read("0005-gains.sql"),
          read("0006-probes.sql"),
          read("0007-compaction.sql"),
          read("0008-groups.sql"),
          read("0009-portable-checks.sql"),
          read("0010-answers.sql"));

  /** The version that tables are made with. */
  static final int NEWEST = ALL.get(ALL.size() - 1).version();

  /** The statements that concern a table. */
  List<Statement> of(Table table) {
    return statements.stream().filter(s -> s.table().equals(table.tableName())).toList();
  }

  /**
   * {@code ALTER TABLE table change}.
   *
   * @param added the column that it adds; null where it adds none
   */
  record Statement(String table, String change, String added) {
    private static final Pattern FORM = Pattern.compile("ALTER TABLE (\\w+) (.+)");
    private static final Pattern ADDS = Pattern.compile("ADD COLUMN (\\w+) .+");

    static Statement parse(String line) {
      Matcher form = FORM.matcher(line);
      if (!form.matches()) {
        throw new IllegalArgumentException("no migration statement: " + line);
      }
      Matcher adds = ADDS.matcher(form.group(2));
      return new Statement(form.group(1), form.group(2), adds.matches() ? adds.group(1) : null);
    }

    /** Whether a run that was killed has added the column already. */
    boolean isDone(StructType schema) {
      return added != null && Arrays.asList(schema.fieldNames()).contains(added);
    }

    String sql(String identifier) {
      return "ALTER TABLE " + identifier + " " + change;
    }
  }

  private static Migration read(String file) {
    return new Migration(
        Integer.parseInt(file.substring(0, 4)),
        Table.lines("/migrations/" + file).stream()
            .filter(line -> !line.startsWith("--"))
            .map(Statement::parse)
            .toList());
  }
}
