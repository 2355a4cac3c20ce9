package io.relook.model.sql;

import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.analysis.FunctionRegistry;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import scala.Function1;
import scala.collection.immutable.Seq;

/**
 * A function among Spark's built-in ones. Those that a session's extensions inject are temporary to
 * Spark 4.1.0, and what is permanent (views, SQL functions) may not name a temporary function.
 */
public final class BuiltIn {
  private BuiltIn() {}

  /** For all sessions of this JVM whose state is made later. */
  public static void register(
      String name, String usage, Function1<Seq<Expression>, Expression> builder) {
    FunctionRegistry.builtin()
        .registerFunction(
            new FunctionIdentifier(name),
            new ExpressionInfo(builder.getClass().getName(), null, name, usage, ""),
            builder);
  }
}
