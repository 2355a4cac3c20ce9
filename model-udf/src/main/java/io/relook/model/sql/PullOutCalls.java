package io.relook.model.sql;

import static scala.jdk.javaapi.CollectionConverters.asJava;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.OuterReference;
import org.apache.spark.sql.catalyst.expressions.PythonUDF;
import org.apache.spark.sql.catalyst.expressions.ScalarSubquery;
import org.apache.spark.sql.catalyst.expressions.SubqueryExpression;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.Generate;
import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.OneRowRelation;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.apache.spark.sql.catalyst.plans.logical.SubqueryAlias;
import org.apache.spark.sql.catalyst.plans.logical.UnionLoop;
import org.apache.spark.sql.catalyst.plans.logical.Window;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.catalyst.trees.TreePattern;
import org.apache.spark.sql.execution.python.ExtractGroupingPythonUDFFromAggregate$;
import org.apache.spark.sql.execution.python.ExtractPythonUDFFromAggregate$;
import scala.Option;

/**
 * Pulls calls out of expressions, each into a {@link ModelNode} below, before the optimizer could
 * copy them: a filter on a column that a call made would otherwise be pushed below the call with
 * the call in it. Equal calls of one query block share a node. What this leaves (conditions over
 * both sides of a join, correlated subqueries) Spark's own rule for Python UDFs pulls out later.
 */
final class PullOutCalls extends Rule<LogicalPlan> {
  /** Nodes whose expressions may lose calls; others, such as commands, are left as they are. */
  private static final List<Class<?>> PLACES =
      List.of(
          Project.class,
          Filter.class,
          Aggregate.class,
          Sort.class,
          Join.class,
          Generate.class,
          Window.class);

  /** Nodes whose rows are rows of their child. */
  private static final List<Class<?>> ROW_FOR_ROW =
      List.of(
          Project.class,
          Filter.class,
          Sort.class,
          GlobalLimit.class,
          LocalLimit.class,
          SubqueryAlias.class);

  private final boolean copied;

  PullOutCalls() {
    this(false);
  }

  /**
   * @param copied see {@link ModelNode#over}
   */
  private PullOutCalls(boolean copied) {
    this.copied = copied;
  }

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    if (!plan.containsPattern(TreePattern.PYTHON_UDF())) {
      return below(plan);
    }
    // Calls over aggregates go above the aggregate, calls in its keys below it.
    return below(
        ExtractGroupingPythonUDFFromAggregate$.MODULE$.apply(
            ExtractPythonUDFFromAggregate$.MODULE$.apply(plan)));
  }

  private LogicalPlan below(LogicalPlan plan) {
    if (!plan.containsPattern(TreePattern.PYTHON_UDF())
        && !plan.containsPattern(TreePattern.PLAN_EXPRESSION())) {
      return plan;
    }
    PullOutCalls below = plan instanceof UnionLoop ? new PullOutCalls(true) : this;
    return pulledOut(plan.mapChildren(below::below).mapExpressions(this::inSubqueries));
  }

  private Expression inSubqueries(Expression expression) {
    if (expression instanceof SubqueryExpression subquery) {
      return subquery.isCorrelated() ? subquery : subquery.withNewPlan(apply(subquery.plan()));
    }
    return expression.mapChildren(this::inSubqueries);
  }

  private LogicalPlan pulledOut(LogicalPlan plan) {
    if (plan.children().isEmpty()) {
      return plan.mapExpressions(this::asked);
    }
    LogicalPlan without = PLACES.stream().anyMatch(p -> p.isInstance(plan)) ? without(plan) : plan;
    return without.output().equals(plan.output())
        ? without
        : new Project(ModelNode.seq(List.<NamedExpression>copyOf(asJava(plan.output()))), without);
  }

  /**
   * A call of constants asks by itself where nothing is below it: in DELETE and UPDATE, whose
   * commands have expressions and no child. They analyse what they run once more.
   */
  private Expression asked(Expression expression) {
    if (!ModelNode.isCall(expression) || !expression.references().isEmpty()) {
      return expression.mapChildren(this::asked);
    }
    NamedExpression answer =
        new Alias(
            expression,
            ((PythonUDF) expression).name(),
            NamedExpression.newExprId(),
            ModelNode.seq(List.of()),
            Option.empty(),
            ModelNode.seq(List.of()));
    return new ScalarSubquery(
        new PullOutCalls(true)
            .apply(new Project(ModelNode.seq(List.of(answer)), new OneRowRelation())),
        ModelNode.seq(List.of()),
        NamedExpression.newExprId(),
        ModelNode.seq(List.of()),
        Option.empty(),
        Option.empty(),
        Option.empty());
  }

  /** The plan over nodes that answer its calls, innermost first. */
  private LogicalPlan without(LogicalPlan plan) {
    List<LogicalPlan> children = asJava(plan.children());
    for (PythonUDF call : calls(plan)) {
      for (int i = 0; i < children.size(); i++) {
        LogicalPlan child = children.get(i);
        if (call.references().subsetOf(child.outputSet())) {
          Answered answered = answered(child, call).orElseGet(() -> by(child, call));
          List<LogicalPlan> changed = new ArrayList<>(children);
          changed.set(i, answered.plan());
          return without(
              plan.withNewChildren(ModelNode.seq(changed))
                  .mapExpressions(e -> replaced(e, call, answered.answer())));
        }
      }
    }
    return plan;
  }

  /** A plan, and the column of it that has a call's answers. */
  private record Answered(LogicalPlan plan, Attribute answer) {}

  private Answered by(LogicalPlan child, PythonUDF call) {
    ModelNode node = ModelNode.over(child, call, copied);
    return new Answered(node.plan(), node.answer());
  }

  /** The plan with the answers that a node within it has already, if they belong to its rows. */
  private static Optional<Answered> answered(LogicalPlan plan, PythonUDF call) {
    Optional<ModelNode> node = ModelNode.of(plan);
    if (node.isPresent() && node.get().answers(call)) {
      return Optional.of(new Answered(plan, node.get().answer()));
    }
    if (node.isEmpty() && ROW_FOR_ROW.stream().noneMatch(p -> p.isInstance(plan))) {
      return Optional.empty();
    }
    LogicalPlan child = plan.children().apply(0);
    return call.references().subsetOf(child.outputSet())
        ? answered(child, call).map(below -> above(plan, below))
        : Optional.empty();
  }

  private static Answered above(LogicalPlan plan, Answered below) {
    if (plan instanceof Project project) {
      List<NamedExpression> columns = new ArrayList<>(asJava(project.projectList()));
      if (!project.outputSet().contains(below.answer())) {
        columns.add(below.answer());
      }
      return new Answered(new Project(ModelNode.seq(columns), below.plan()), below.answer());
    }
    return new Answered(plan.withNewChildren(ModelNode.seq(List.of(below.plan()))), below.answer());
  }

  private static List<PythonUDF> calls(LogicalPlan plan) {
    List<PythonUDF> calls = new ArrayList<>();
    asJava(plan.expressions()).forEach(expression -> collect(expression, calls));
    return calls;
  }

  private static void collect(Expression expression, List<PythonUDF> calls) {
    List<Expression> children = asJava(expression.children());
    if (ModelNode.isCall(expression)
        && children.stream().noneMatch(child -> child.exists(PullOutCalls::mustComeFirst))) {
      calls.add((PythonUDF) expression);
    } else {
      children.forEach(child -> collect(child, calls));
    }
  }

  private static boolean mustComeFirst(Expression argument) {
    return argument instanceof PythonUDF
        || argument instanceof AggregateExpression
        || argument instanceof OuterReference;
  }

  private static Expression replaced(Expression expression, PythonUDF call, Attribute answer) {
    return expression == call || expression.semanticEquals(call)
        ? answer
        : expression.mapChildren(child -> replaced(child, call, answer));
  }
}
