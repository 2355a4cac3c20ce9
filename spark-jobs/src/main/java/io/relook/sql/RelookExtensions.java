package io.relook.sql;

import io.relook.lakehouse.BuiltFor;
import io.relook.model.sql.ModelFunctions;
import org.apache.spark.sql.SparkSessionExtensions;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * The functions {@code relook_generate}, {@code relook_log_probs} and {@code relook_score}, and
 * parameters of queries beside Delta, in every session whose {@code spark.sql.extensions} names
 * this class.
 */
public final class RelookExtensions extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {
  @Override
  public BoxedUnit apply(SparkSessionExtensions session) {
    BuiltFor.requireSpark();
    ModelFunctions.inject(session);
    ScoreFunction.register();
    session.injectParser((spark, parser) -> new ParameterParser(parser));
    return BoxedUnit.UNIT;
  }
}
