package io.relook.model.sql;

import static scala.jdk.javaapi.CollectionConverters.asJava;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.analysis.SQLFunctionNode;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedArgumentExpression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.OuterReference;
import org.apache.spark.sql.catalyst.expressions.PythonUDF;
import org.apache.spark.sql.catalyst.expressions.SubqueryExpression;
import org.apache.spark.sql.catalyst.plans.logical.LateralJoin;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.UnaryNode;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.catalyst.trees.TreePattern;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Gives calls that wait for a SQL function's parameters what the function is called with: Spark
 * puts it into a projection below the function's body, or outside where the body is a query.
 */
final class BindConstants extends Rule<LogicalPlan> {
  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    return mayCall(plan) ? bound(plan, List.of()) : plan;
  }

  private static boolean mayCall(LogicalPlan plan) {
    return plan.containsPattern(TreePattern.PYTHON_UDF());
  }

  private LogicalPlan bound(LogicalPlan plan, List<LogicalPlan> outer) {
    List<LogicalPlan> scope = new ArrayList<>(asJava(plan.children()));
    scope.addAll(outer);
    return plan.mapChildren(child -> mayCall(child) ? bound(child, outer) : child)
        .mapExpressions(expression -> bound(expression, scope));
  }

  private Expression bound(Expression expression, List<LogicalPlan> scope) {
    if (expression instanceof SubqueryExpression subquery) {
      return mayCall(subquery.plan())
          ? subquery.withNewPlan(bound(subquery.plan(), scope))
          : subquery;
    }
    Expression inner = expression.mapChildren(child -> bound(child, scope));
    return pending(inner).isPresent() && inner.childrenResolved()
        ? bound((PythonUDF) inner, pending(inner).get(), scope)
        : inner;
  }

  private static Expression bound(PythonUDF call, PendingCall pending, List<LogicalPlan> scope) {
    List<Expression> given = asJava(call.children());
    List<Expression> arguments = new ArrayList<>();
    for (int i = 0; i < given.size(); i++) {
      String name = pending.names().get(i);
      Expression argument = given.get(i);
      if (i == pending.names().indexOf("") || !name.isEmpty()) {
        argument = CallBuilder.plain(constant(argument, scope));
        if (!argument.foldable() || argument.eval(null) == null) {
          return call;
        }
      }
      arguments.add(name.isEmpty() ? argument : new NamedArgumentExpression(name, argument));
    }
    return new CallBuilder(pending.function()).apply(ModelNode.seq(arguments));
  }

  /** With what the columns in it are computed from, where projections below say so. */
  private static Expression constant(Expression expression, List<LogicalPlan> scope) {
    if (expression instanceof OuterReference outer) {
      return constant((Expression) outer.e(), scope);
    }
    if (expression instanceof Attribute attribute) {
      return scope.stream()
          .flatMap(plan -> made(plan, attribute).stream())
          .findFirst()
          .map(value -> constant(value, scope))
          .orElse(expression);
    }
    return expression.mapChildren(child -> constant(child, scope));
  }

  /** Through nodes that leave a column's values alone. */
  private static Optional<Expression> made(LogicalPlan plan, Attribute column) {
    if (plan instanceof Project project) {
      for (NamedExpression item : asJava(project.projectList())) {
        if (item instanceof Alias alias && alias.exprId().equals(column.exprId())) {
          return Optional.of(alias.child());
        }
      }
    }
    return plan instanceof UnaryNode unary
        ? made(unary.child(), column)
        : plan instanceof LateralJoin join ? made(join.left(), column) : Optional.empty();
  }

  private static Optional<PendingCall> pending(Expression expression) {
    return expression instanceof PythonUDF udf && udf.func() instanceof PendingCall pending
        ? Optional.of(pending)
        : Optional.empty();
  }

  /** After the analysis: a call that still waits is an error, but where a function is made. */
  static final class Check extends AbstractFunction1<LogicalPlan, BoxedUnit> {
    @Override
    public BoxedUnit apply(LogicalPlan plan) {
      if (mayCall(plan) && !(plan instanceof SQLFunctionNode)) {
        asJava(plan.children()).forEach(this::apply);
        asJava(plan.expressions()).forEach(Check::refuse);
      }
      return BoxedUnit.UNIT;
    }

    private static void refuse(Expression expression) {
      pending(expression)
          .filter(pending -> !expression.exists(e -> e instanceof OuterReference))
          .ifPresent(
              pending -> {
                throw pending.unbound();
              });
      asJava(expression.children()).forEach(Check::refuse);
    }
  }
}
