package io.relook.model.sql;

import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import scala.Tuple3;

/**
 * {@code relook_generate} and {@code relook_log_probs}: the model as functions of SQL. They look
 * like scalar functions and run as nodes of the plan, a window of rows at a time.
 */
public final class ModelFunctions {
  private ModelFunctions() {}

  /** Makes the functions known to a session. */
  public static void inject(SparkSessionExtensions session) {
    function(
        session,
        ModelFunction.GENERATE,
        "STRUCT<text, completion_ids, log_probs, finish, error>: what the model in the folder writes about the image (BINARY or ARRAY<BINARY>). Options are those of ImageTextGenerator, with samples above 1 an array of such. Equal content gives equal samples; another seed gives others.");
    function(
        session,
        ModelFunction.LOG_PROBS,
        "STRUCT<log_probs, entropies, error>: of each token of a completion (ARRAY<INT> of ids, or STRING). Options are those of ImageTextScorer.");
    session.injectPlanNormalizationRule(spark -> new PullOutCalls());
    session.injectOptimizerRule(spark -> new PushBelowCalls());
    session.injectPlannerStrategy(spark -> new ModelStrategy());
  }

  private static void function(
      SparkSessionExtensions session, ModelFunction function, String says) {
    session.injectFunction(
        Tuple3.apply(
            new FunctionIdentifier(function.sqlName()),
            new ExpressionInfo(
                ModelCall.class.getName(),
                null,
                function.sqlName(),
                "%s - %s".formatted(function.usage(), says),
                ""),
            new CallBuilder(function)));
  }
}
