package io.relook.model.sql;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.python.PythonBroadcast;
import org.apache.spark.api.python.PythonFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.CollectionAccumulator;
import scala.collection.immutable.Seq;

/**
 * A call in the body of a SQL function that takes its model or an option from the function's
 * parameters. {@link BindConstants} makes it a {@link ModelCall} where their values are known.
 *
 * @param names of the arguments: an option's, or empty
 * @param problem what is wrong if they never are
 */
record PendingCall(ModelFunction function, List<String> names, String problem)
    implements PythonFunction, Serializable {
  PendingCall {
    names = List.copyOf(names);
  }

  @Override
  public Seq<Object> command() {
    throw unbound();
  }

  @Override
  public Map<String, String> envVars() {
    throw unbound();
  }

  @Override
  public List<String> pythonIncludes() {
    throw unbound();
  }

  @Override
  public String pythonExec() {
    throw unbound();
  }

  @Override
  public String pythonVer() {
    throw unbound();
  }

  @Override
  public List<Broadcast<PythonBroadcast>> broadcastVars() {
    throw unbound();
  }

  @Override
  public CollectionAccumulator<byte[]> accumulator() {
    throw unbound();
  }

  RuntimeException unbound() {
    return SqlErrors.problems(function, List.of(problem));
  }
}
