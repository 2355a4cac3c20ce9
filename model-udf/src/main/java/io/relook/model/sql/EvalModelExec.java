package io.relook.model.sql;

import static scala.jdk.javaapi.CollectionConverters.asJava;
import static scala.jdk.javaapi.CollectionConverters.asScala;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.execution.metric.SQLMetrics;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Map;
import scala.collection.immutable.Map$;
import scala.collection.immutable.Seq;

/**
 * The child's rows with a call's answers behind them, computed window by window. Public for Spark,
 * which copies nodes by their only constructor.
 */
public final class EvalModelExec extends SparkPlan {
  private static final long serialVersionUID = 1;

  private final ModelCall call;
  private final Seq<Expression> arguments;
  private final Attribute answer;
  private final SparkPlan child;
  private transient Map<String, SQLMetric> metrics;

  public EvalModelExec(
      ModelCall call, Seq<Expression> arguments, Attribute answer, SparkPlan child) {
    this.call = call;
    this.arguments = arguments;
    this.answer = answer;
    this.child = child;
  }

  @Override
  public RDD<InternalRow> doExecute() {
    AnsweredRows answered =
        new AnsweredRows(
            call, arguments, child.output(), output(), longMetric("rows"), longMetric("windows"));
    return child.execute().toJavaRDD().mapPartitionsWithIndex(answered, true).rdd();
  }

  @Override
  public Seq<Attribute> output() {
    List<Attribute> columns = new ArrayList<>(asJava(child.output()));
    columns.add(answer);
    return ModelNode.seq(columns);
  }

  @Override
  public AttributeSet producedAttributes() {
    return AttributeSet.apply(answer);
  }

  @Override
  public Partitioning outputPartitioning() {
    return child.outputPartitioning();
  }

  @Override
  public Seq<SortOrder> outputOrdering() {
    return child.outputOrdering();
  }

  @Override
  public Map<String, SQLMetric> metrics() {
    if (metrics == null) {
      metrics =
          Map$.MODULE$.from(
              asScala(
                  java.util.Map.of(
                      "rows",
                      SQLMetrics.createMetric(sparkContext(), "rows answered"),
                      "windows",
                      SQLMetrics.createMetric(sparkContext(), "windows of rows"))));
    }
    return metrics;
  }

  @Override
  public Seq<SparkPlan> children() {
    return ModelNode.seq(List.of(child));
  }

  @Override
  public SparkPlan withNewChildrenInternal(IndexedSeq<SparkPlan> children) {
    return new EvalModelExec(call, arguments, answer, children.apply(0));
  }

  @Override
  public int productArity() {
    return 4;
  }

  @Override
  public Object productElement(int place) {
    return List.of(call, arguments, answer, child).get(place);
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof EvalModelExec;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EvalModelExec exec
        && call.equals(exec.call)
        && arguments.equals(exec.arguments)
        && answer.equals(exec.answer)
        && child.equals(exec.child);
  }

  @Override
  public int hashCode() {
    return Objects.hash(call, arguments, answer, child);
  }
}
