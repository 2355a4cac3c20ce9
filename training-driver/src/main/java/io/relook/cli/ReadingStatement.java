package io.relook.cli;

import io.relook.lakehouse.RelookException;
import java.util.Set;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.parser.ParseException;
import org.apache.spark.sql.catalyst.plans.logical.Command;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.ParsedStatement;

/**
 * That a statement only reads: it is a query, or a command that describes. Every other command may
 * write, those that Spark and its extensions will have one day too, and so may scripts and
 * statements that are made while they run.
 */
final class ReadingStatement {
  private static final Set<String> READING = Set.of("Describe", "Show", "Explain");
  private static final Set<String> UNKNOWN = Set.of("ExecuteImmediate", "Compound");

  private ReadingStatement() {}

  static void require(SparkSession spark, String statement) throws ParseException {
    LogicalPlan plan = spark.sessionState().sqlParser().parsePlan(statement);
    if (plan.exists(node -> mayWrite(node))) {
      throw new RelookException(
          RelookException.Category.CONFIG,
          "This statement may change tables, and relook sql reads: ask for it with --write.");
    }
  }

  private static boolean mayWrite(LogicalPlan node) {
    String name = node.getClass().getSimpleName();
    return UNKNOWN.stream().anyMatch(name::contains)
        || (node instanceof Command || node instanceof ParsedStatement)
            && READING.stream().noneMatch(name::startsWith);
  }
}
