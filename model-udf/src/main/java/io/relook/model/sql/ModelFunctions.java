package io.relook.model.sql;

import org.apache.spark.sql.SparkSessionExtensions;

/**
 * {@code relook_generate} and {@code relook_log_probs}: the model as functions of SQL. They look
 * like scalar functions and run as nodes of the plan, a window of rows at a time.
 */
public final class ModelFunctions {
  private ModelFunctions() {}

  /** Makes the functions known to a session. */
  public static void inject(SparkSessionExtensions session) {
    function(
        ModelFunction.GENERATE,
        "STRUCT<text, completion_ids, log_probs, finish, error>: what the model in the folder writes about the image (BINARY or STRUCT<bytes: BINARY, path: STRING>, or an ARRAY of them). Options are those of ImageTextGenerator, with samples above 1 an array of such. Equal content gives equal samples; another seed gives others.");
    function(
        ModelFunction.LOG_PROBS,
        "STRUCT<log_probs, entropies, error>: of each token of a completion (ARRAY<INT> of ids, or STRING). Options are those of ImageTextScorer.");
    session.injectResolutionRule(spark -> new BindConstants());
    session.injectCheckRule(spark -> new BindConstants.Check());
    session.injectPlanNormalizationRule(spark -> new PullOutCalls());
    session.injectOptimizerRule(spark -> new PushBelowCalls());
    session.injectPlannerStrategy(spark -> new ModelStrategy());
  }

  private static void function(ModelFunction function, String says) {
    BuiltIn.register(
        function.sqlName(), "%s - %s".formatted(function.usage(), says), new CallBuilder(function));
  }
}
