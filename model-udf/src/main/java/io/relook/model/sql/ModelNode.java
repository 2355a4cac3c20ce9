package io.relook.model.sql;

import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.PythonUDF;
import org.apache.spark.sql.catalyst.plans.logical.ArrowEvalPython;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.types.Metadata;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A node that answers one call for all rows of its child: their columns, and the answer behind
 * them. To Spark it is a vectorized Python evaluation, through which it pushes limits and prunes
 * columns. It passes for not deterministic, so nothing copies it: a table expression that is read
 * twice is computed once. Where Spark analyses the plan once more (in recursive table expressions)
 * it has to pass for deterministic.
 */
record ModelNode(ArrowEvalPython plan) {
  /**
   * The node that answers {@code call} over {@code child}.
   *
   * @param copied whether Spark may copy it all the same
   */
  static ModelNode over(LogicalPlan child, PythonUDF call, boolean copied) {
    Attribute answer =
        new AttributeReference(
            call.name(),
            call.dataType(),
            true,
            Metadata.empty(),
            NamedExpression.newExprId(),
            seq(List.of()));
    return new ModelNode(
        new ArrowEvalPython(
            seq(List.of(once(call, copied))), seq(List.of(answer)), child, call.evalType()));
  }

  static Optional<ModelNode> of(LogicalPlan plan) {
    return plan instanceof ArrowEvalPython node && isCall(node.udfs().apply(0))
        ? Optional.of(new ModelNode(node))
        : Optional.empty();
  }

  static boolean isCall(Expression expression) {
    return expression instanceof PythonUDF udf && udf.func() instanceof ModelCall;
  }

  PythonUDF call() {
    return plan.udfs().apply(0);
  }

  ModelCall body() {
    return (ModelCall) call().func();
  }

  Attribute answer() {
    return plan.resultAttrs().apply(0);
  }

  /** Whether the node's answers are those of a call elsewhere. */
  boolean answers(PythonUDF other) {
    return other.semanticEquals(once(call(), true));
  }

  static <T> Seq<T> seq(List<T> items) {
    return CollectionConverters.asScala(items).toSeq();
  }

  private static PythonUDF once(PythonUDF call, boolean deterministic) {
    return call.copy(
        call.name(),
        call.func(),
        call.dataType(),
        call.children(),
        call.evalType(),
        deterministic,
        call.resultId());
  }
}
