package io.relook.model.sql;

import io.relook.model.spark.ImageTextTransformer;
import java.io.Serializable;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.api.python.PythonBroadcast;
import org.apache.spark.api.python.PythonFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.CollectionAccumulator;
import scala.collection.immutable.Seq;

/**
 * A function with its model and options, as Spark's plans carry it. To Spark it is the body of a
 * vectorized Python UDF: so the analyzer refuses it where it cannot run in batches and the
 * optimizer pulls it out of expressions. {@link ModelStrategy} plans it before Spark would ask for
 * Python, so none of what a Python function has is ever read.
 *
 * @param options by the stage's names; lists where the stage has arrays
 * @param inputs names and types of the arguments
 */
record ModelCall(
    ModelFunction function, String model, SortedMap<String, Object> options, StructType inputs)
    implements PythonFunction, Serializable {
  ModelCall {
    options = Collections.unmodifiableSortedMap(new TreeMap<>(options));
  }

  /** The stage that answers rows of {@link #inputs()}. */
  ImageTextTransformer<?> stage() {
    ImageTextTransformer<?> stage = function.stage();
    stage.setModelUrl(model).setInputCols(inputs.fieldNames());
    options.forEach((name, value) -> StageOption.of(stage, name).set(stage, value));
    return stage;
  }

  /** Answers to a row. */
  int samples() {
    return (int) options.getOrDefault("samples", 1);
  }

  DataType dataType() {
    return dataType(function, samples());
  }

  static DataType dataType(ModelFunction function, int samples) {
    return samples == 1 ? function.result() : new ArrayType(function.result(), false);
  }

  @Override
  public String toString() {
    return "%s(%s, %s)".formatted(function.sqlName(), model, options);
  }

  @Override
  public Seq<Object> command() {
    throw notPython();
  }

  @Override
  public Map<String, String> envVars() {
    throw notPython();
  }

  @Override
  public List<String> pythonIncludes() {
    throw notPython();
  }

  @Override
  public String pythonExec() {
    throw notPython();
  }

  @Override
  public String pythonVer() {
    throw notPython();
  }

  @Override
  public List<Broadcast<PythonBroadcast>> broadcastVars() {
    throw notPython();
  }

  @Override
  public CollectionAccumulator<byte[]> accumulator() {
    throw notPython();
  }

  private IllegalStateException notPython() {
    return new IllegalStateException(
        "%s runs where spark.sql.extensions names io.relook.sql.RelookExtensions: this session's does not."
            .formatted(function.sqlName()));
  }
}
