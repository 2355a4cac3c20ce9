package io.relook.model.sql;

import java.util.List;
import org.apache.spark.sql.catalyst.expressions.PythonUDF;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.collection.immutable.Seq;

/** Plans a {@link ModelNode}, before Spark's own strategy looks for Python. */
final class ModelStrategy extends SparkStrategy {
  @Override
  public Seq<SparkPlan> apply(LogicalPlan plan) {
    return ModelNode.seq(ModelNode.of(plan).map(this::planned).map(List::of).orElse(List.of()));
  }

  private SparkPlan planned(ModelNode node) {
    if (node.call().children().exists(child -> child.exists(e -> e instanceof PythonUDF))) {
      throw SqlErrors.unplanned(node.body().function().sqlName());
    }
    return new EvalModelExec(
        node.body(), node.call().children(), node.answer(), planLater(node.plan().child()));
  }
}
