package io.relook.sql;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.model.sql.BuiltIn;
import io.relook.rewards.Rewards;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ScalaUDF;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.Some;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;
import scala.runtime.AbstractFunction3;

/**
 * {@code relook_score(question, completion, truth)}: the built-in rewards of a text, row by row.
 */
final class ScoreFunction extends AbstractFunction1<Seq<Expression>, Expression> {
  private static final String NAME = "relook_score";
  private static final StructType SCORES =
      StructType.fromDDL(
          "format DOUBLE, accuracy DOUBLE, reflection DOUBLE, answer STRING, reason STRING, version STRING");

  static void register() {
    BuiltIn.register(
        NAME,
        NAME
            + "(question, completion, truth) - "
            + SCORES.sql()
            + ": the built-in rewards of a completion; NULL with a reason where one cannot be computed.",
        new ScoreFunction());
  }

  @Override
  public Expression apply(Seq<Expression> given) {
    List<Expression> arguments = new ArrayList<>();
    for (Expression argument : CollectionConverters.asJava(given)) {
      DataType type = argument.dataType();
      if (!(type instanceof StringType) && !(type instanceof NullType)) {
        throw new RelookException(
            Category.CONFIG,
            "%s needs texts, not %s, which is %s.".formatted(NAME, argument.sql(), type.sql()));
      }
      arguments.add(
          type instanceof NullType
              ? new Cast(argument, DataTypes.StringType, Option.empty())
              : argument);
    }
    if (arguments.size() != 3) {
      throw new RelookException(
          Category.CONFIG,
          "%s was given %d arguments: call it as %s(question, completion, truth)."
              .formatted(NAME, arguments.size(), NAME));
    }
    return new ScalaUDF(
        new Score(),
        SCORES,
        CollectionConverters.asScala(arguments).toSeq(),
        CollectionConverters.asScala(
                List.<Option<org.apache.spark.sql.catalyst.encoders.ExpressionEncoder<?>>>of())
            .toSeq(),
        Option.empty(),
        Some.apply(NAME),
        false,
        true);
  }

  /** What runs for each row. */
  private static final class Score extends AbstractFunction3<String, String, String, Row>
      implements Serializable {
    private static final long serialVersionUID = 1;

    @Override
    public Row apply(String question, String completion, String truth) {
      Rewards rewards = new Rewards(1, 1, 1);
      Rewards.Scores scores =
          rewards.score(
              question == null ? "" : question,
              completion,
              truth,
              completion == null ? "it is NULL" : null);
      return RowFactory.create(
          scores.format(),
          scores.accuracy(),
          scores.reflection(),
          scores.answer(),
          scores.reason(),
          Rewards.VERSION);
    }
  }
}
