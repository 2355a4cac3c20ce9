package io.relook.rewards;

import static org.apache.spark.sql.functions.abs;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.isnan;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.when;

import io.relook.lakehouse.Table;
import io.relook.preset.Preset;
import java.util.List;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.TryEval;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.classic.ExpressionUtils;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.NumericType;

/**
 * A SQL expression over one trajectory: the columns of {@link Rewards#visible()}. True is 1, false
 * 0. An expression that ends with an error at a row has no value there; the others have.
 */
public record SqlReward(String name, double weight, String version, String sql)
    implements CustomReward {

  /** Refuses what does not analyse, is no number, or looks at more than its row. */
  static SqlReward analyse(SparkSession spark, Preset.OwnReward setting) {
    SqlReward reward =
        new SqlReward(
            setting.name(),
            setting.weight(),
            setting.version() == null ? "1" : setting.version(),
            setting.sql());
    Dataset<Row> rows = spark.createDataFrame(List.of(), Rewards.visible());
    try {
      DataType type = rows.select(expr(setting.sql())).schema().fields()[0].dataType();
      if (!(type instanceof NumericType) && !(type instanceof BooleanType)) {
        throw new IllegalArgumentException(
            "the expression is of type %s, not a number".formatted(type.sql()));
      }
      LogicalPlan plan = rows.select(reward.tried()).queryExecution().analyzed();
      boolean ofItsRow = plan instanceof Project && ((Project) plan).child().children().isEmpty();
      if (!ofItsRow || !plan.deterministic() || !plan.subqueries().isEmpty()) {
        throw new IllegalArgumentException(
            "the expression must follow from its row alone: no aggregates, windows, sub-queries or random numbers");
      }
    } catch (Exception e) {
      if (e instanceof IllegalArgumentException) {
        throw (IllegalArgumentException) e;
      }
      String what = e instanceof AnalysisException ? "" : e.getClass().getSimpleName() + " ";
      throw new IllegalArgumentException(
          "the expression does not analyse: "
              + what
              + e.getMessage().strip().lines().findFirst().orElse(""),
          e);
    }
    return reward;
  }

  @Override
  public String definition() {
    return sql;
  }

  /** Its entry in the column {@code custom}: version, value, reason. */
  public Column value() {
    Column tried = tried();
    Column value = tried.getField("value");
    Column finite = not(isnan(value)).and(abs(value).lt(lit(Double.POSITIVE_INFINITY)));
    Column failed = col("error").isNotNull();
    return struct(
            lit(version).as("version"),
            when(not(failed).and(finite), value).as("value"),
            when(failed, lit(Rewards.NO_COMPLETION))
                .when(tried.isNull(), lit(FAILED + "the expression ended with an error"))
                .when(value.isNull(), lit("the expression is NULL"))
                .when(not(finite), concat(lit(FAILED + "the value is "), value.cast("string")))
                .as("reason"))
        .cast(((MapType) Table.REWARDS.schema().apply("custom").dataType()).valueType());
  }

  /** A struct of the value; NULL where the expression ends with an error. */
  private Column tried() {
    return ExpressionUtils.column(
        new TryEval(ExpressionUtils.expression(struct(expr(sql).cast("double").as("value")))));
  }
}
