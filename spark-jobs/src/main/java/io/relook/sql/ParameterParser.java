package io.relook.sql;

import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.TableIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.parser.HybridParameterContext;
import org.apache.spark.sql.catalyst.parser.NamedParameterContext;
import org.apache.spark.sql.catalyst.parser.ParameterContext;
import org.apache.spark.sql.catalyst.parser.ParameterHandler;
import org.apache.spark.sql.catalyst.parser.ParseException;
import org.apache.spark.sql.catalyst.parser.ParserInterface;
import org.apache.spark.sql.catalyst.parser.PositionalParameterContext;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.internal.VariableSubstitution;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Seq;

/**
 * A session's parser that knows {@code :name} and {@code ?}. Spark 4.1.0 puts their values into the
 * text in {@code parsePlanWithParameters}, which Delta 4.4.0's parser does not pass on: with Delta
 * in the session every parameter would stay unbound. So they are put in here, before it.
 */
final class ParameterParser implements ParserInterface {
  private final ParserInterface parser;

  ParameterParser(ParserInterface parser) {
    this.parser = parser;
  }

  @Override
  public LogicalPlan parsePlanWithParameters(String text, ParameterContext parameters)
      throws ParseException {
    if (!given(parameters) || SQLConf.get().legacyParameterSubstitutionConstantsOnly()) {
      return parser.parsePlanWithParameters(text, parameters);
    }
    String bound =
        ParameterHandler.substituteParameters(
                new VariableSubstitution().substitute(text), parameters)
            ._1();
    // What stands in a value is no variable.
    SQLConf plain = SQLConf.get().clone();
    plain.setConf(SQLConf.VARIABLE_SUBSTITUTE_ENABLED(), false);
    return SQLConf.withExistingConf(plain, () -> parsed(bound));
  }

  private LogicalPlan parsed(String text) {
    try {
      return parser.parsePlan(text);
    } catch (ParseException e) {
      throw ParameterParser.<RuntimeException>asItIs(e);
    }
  }

  /** A checked exception through Scala's function, which declares none. */
  @SuppressWarnings("unchecked")
  private static <E extends Exception> RuntimeException asItIs(Exception e) throws E {
    throw (E) e;
  }

  private static boolean given(ParameterContext parameters) {
    return parameters instanceof NamedParameterContext named && !named.params().isEmpty()
        || parameters instanceof PositionalParameterContext places && !places.params().isEmpty()
        || parameters instanceof HybridParameterContext both && !both.args().isEmpty();
  }

  @Override
  public LogicalPlan parsePlan(String text) throws ParseException {
    return parser.parsePlan(text);
  }

  @Override
  public Expression parseExpression(String text) throws ParseException {
    return parser.parseExpression(text);
  }

  @Override
  public TableIdentifier parseTableIdentifier(String text) throws ParseException {
    return parser.parseTableIdentifier(text);
  }

  @Override
  public FunctionIdentifier parseFunctionIdentifier(String text) throws ParseException {
    return parser.parseFunctionIdentifier(text);
  }

  @Override
  public Seq<String> parseMultipartIdentifier(String text) throws ParseException {
    return parser.parseMultipartIdentifier(text);
  }

  @Override
  public LogicalPlan parseQuery(String text) throws ParseException {
    return parser.parseQuery(text);
  }

  @Override
  public StructType parseRoutineParam(String text) throws ParseException {
    return parser.parseRoutineParam(text);
  }

  @Override
  public StructType parseTableSchema(String text) throws ParseException {
    return parser.parseTableSchema(text);
  }

  @Override
  public DataType parseDataType(String text) throws ParseException {
    return parser.parseDataType(text);
  }
}
