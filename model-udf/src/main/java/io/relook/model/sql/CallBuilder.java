package io.relook.model.sql;

import io.relook.lakehouse.RelookException;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.spark.PictureType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.python.PythonEvalType;
import org.apache.spark.api.python.PythonFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedArgumentExpression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.OuterReference;
import org.apache.spark.sql.catalyst.expressions.PythonUDF;
import org.apache.spark.sql.catalyst.expressions.RuntimeReplaceable;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;

/**
 * Makes a call of the arguments that the analyzer found, and says what is wrong with them: {@code
 * model, prompt[, image][, completion]}, then options as {@code name => value} or as one map or
 * struct. The model and the options must be known before the query runs.
 */
final class CallBuilder extends AbstractFunction1<Seq<Expression>, Expression> {
  private final ModelFunction function;

  CallBuilder(ModelFunction function) {
    this.function = function;
  }

  @Override
  public Expression apply(Seq<Expression> arguments) {
    List<Expression> given = CollectionConverters.asJava(arguments);
    return given.stream().anyMatch(this::isOptions) ? call(given) : pending(given);
  }

  private boolean isOptions(Expression argument) {
    return !(argument instanceof NamedArgumentExpression)
        && (argument.dataType() instanceof MapType
            || argument.dataType() instanceof StructType struct && !PictureType.isStruct(struct));
  }

  /** A call, or one that waits where its model or an option comes from a column. */
  private Expression pending(List<Expression> given) {
    List<String> names = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    List<String> waits = new ArrayList<>();
    int samples = 1;
    for (Expression argument : given) {
      boolean option = argument instanceof NamedArgumentExpression;
      String name = option ? ((NamedArgumentExpression) argument).key() : "";
      Expression value = option ? ((NamedArgumentExpression) argument).value() : argument;
      boolean constant = plain(value).foldable();
      if (name.equalsIgnoreCase("samples")) {
        if (!constant || !(value(value) instanceof Integer number)) {
          return call(given);
        }
        samples = number;
      } else if ((option || !names.contains(""))
          && !constant
          && value.exists(CallBuilder::isColumn)) {
        isConstant(option ? "the option " + name : "the model", value, waits);
      }
      names.add(name);
      values.add(value);
    }
    long inputs = names.stream().filter(String::isEmpty).count() - 1;
    return waits.isEmpty() || function.inputs((int) inputs) == null
        ? call(given)
        : udf(
            new PendingCall(function, names, waits.get(0)),
            ModelCall.dataType(function, samples),
            values);
  }

  private static boolean isColumn(Expression expression) {
    return expression instanceof Attribute || expression instanceof OuterReference;
  }

  private Expression call(List<Expression> arguments) {
    List<String> problems = new ArrayList<>();
    Map<String, Object> options = new LinkedHashMap<>();
    List<Expression> inputs = new ArrayList<>();
    for (Expression argument : arguments) {
      DataType type = argument.dataType();
      if (argument instanceof NamedArgumentExpression named) {
        if (isConstant("the option " + named.key(), named.value(), problems)) {
          option(named.key(), value(named.value()), options, problems);
        }
      } else if (isOptions(argument)) {
        if (isConstant("the options", argument, problems)) {
          options(value(argument), type, options, problems);
        }
      } else {
        inputs.add(argument);
      }
    }
    List<String> names = function.inputs(inputs.size() - 1);
    if (names == null) {
      throw SqlErrors.arguments(function, arguments.size());
    }
    String model = model(inputs.remove(0), problems);
    StructType schema = new StructType();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      if (inputs.get(i).dataType() instanceof NullType) {
        DataType type = name.equals("image") ? DataTypes.BinaryType : DataTypes.StringType;
        inputs.set(i, new Cast(inputs.get(i), type, Option.empty()));
      }
      schema = schema.add(name, inputs.get(i).dataType());
    }
    return call(model, schema, options, problems, inputs);
  }

  private Expression call(
      String model,
      StructType schema,
      Map<String, Object> options,
      List<String> problems,
      List<Expression> inputs) {
    var values = StageOption.read(function.stage(), options, problems);
    if (!problems.isEmpty()) {
      throw SqlErrors.problems(function, problems);
    }
    ModelCall call = new ModelCall(function, model, values, schema);
    try {
      call.stage().transformSchema(schema);
      Checkpoint.requireAt(model, SparkSession.active().sessionState().newHadoopConf());
    } catch (RelookException e) {
      throw SqlErrors.of(function, e);
    }
    return udf(call, call.dataType(), inputs);
  }

  private Expression udf(PythonFunction call, DataType type, List<Expression> arguments) {
    return new PythonUDF(
        function.sqlName(),
        call,
        type,
        CollectionConverters.asScala(arguments).toSeq(),
        PythonEvalType.SQL_SCALAR_PANDAS_ITER_UDF(),
        true,
        NamedExpression.newExprId());
  }

  private static String model(Expression argument, List<String> problems) {
    if (!isConstant("the model", argument, problems)) {
      return null;
    }
    Object value = value(argument);
    if (!(value instanceof String)) {
      problems.add("the model must be its checkpoint's path, not " + argument.sql());
    }
    return String.valueOf(value);
  }

  private static void options(
      Object given, DataType type, Map<String, Object> options, List<String> problems) {
    if (given instanceof Row row) {
      String[] names = ((StructType) type).fieldNames();
      for (int i = 0; i < names.length; i++) {
        option(names[i], row.get(i), options, problems);
      }
    } else if (given instanceof scala.collection.Map<?, ?> map) {
      CollectionConverters.asJava(map)
          .forEach((name, value) -> option(String.valueOf(name), value, options, problems));
    }
  }

  private static void option(
      String name, Object value, Map<String, Object> options, List<String> problems) {
    if (options.containsKey(name)) {
      problems.add("the option %s stands twice".formatted(name));
    }
    options.put(name, value);
  }

  private static boolean isConstant(String what, Expression argument, List<String> problems) {
    boolean constant = plain(argument).foldable();
    if (!constant) {
      problems.add("%s must be a constant, not %s".formatted(what, argument.sql()));
    }
    return constant;
  }

  private static Object value(Expression constant) {
    return CatalystTypeConverters.convertToScala(
        plain(constant).eval(InternalRow.empty()), constant.dataType());
  }

  /** As the optimizer would write it, with what can be computed in place of what cannot. */
  static Expression plain(Expression constant) {
    return constant instanceof Alias alias
        ? plain(alias.child())
        : constant instanceof RuntimeReplaceable replaceable
            ? plain(replaceable.replacement())
            : constant.mapChildren(CallBuilder::plain);
  }
}
