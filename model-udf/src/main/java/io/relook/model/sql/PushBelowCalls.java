package io.relook.model.sql;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.And;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.rules.Rule;
import scala.jdk.javaapi.CollectionConverters;

/** Spares calls rows that nothing asks for: filters go below them, and unused calls away. */
final class PushBelowCalls extends Rule<LogicalPlan> {
  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    LogicalPlan pushed = plan;
    if (plan instanceof Filter filter) {
      pushed = ModelNode.of(filter.child()).map(node -> filtered(filter, node)).orElse(plan);
    } else if (plan instanceof Project project) {
      pushed =
          ModelNode.of(project.child())
              .filter(node -> !project.references().contains(node.answer()))
              .<LogicalPlan>map(node -> new Project(project.projectList(), node.plan().child()))
              .orElse(plan);
    }
    return pushed.mapChildren(this::apply);
  }

  private static LogicalPlan filtered(Filter filter, ModelNode node) {
    AttributeSet before = node.plan().child().outputSet();
    List<Expression> below = new ArrayList<>();
    List<Expression> above = new ArrayList<>();
    for (Expression condition : conjuncts(filter.condition())) {
      boolean free = condition.deterministic() && condition.references().subsetOf(before);
      (free ? below : above).add(condition);
    }
    if (below.isEmpty()) {
      return filter;
    }
    LogicalPlan answered =
        node.plan().withNewChildren(ModelNode.seq(List.of(all(below, node.plan().child()))));
    return above.isEmpty() ? answered : all(above, answered);
  }

  private static Filter all(List<Expression> conditions, LogicalPlan child) {
    return new Filter(conditions.stream().reduce(And::new).orElseThrow(), child);
  }

  private static List<Expression> conjuncts(Expression condition) {
    if (!(condition instanceof And)) {
      return List.of(condition);
    }
    List<Expression> all = new ArrayList<>();
    CollectionConverters.asJava(condition.children()).forEach(side -> all.addAll(conjuncts(side)));
    return all;
  }
}
