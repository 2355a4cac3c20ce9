package io.relook.parity;

import com.fasterxml.jackson.databind.JsonNode;
import io.relook.model.checkpoint.TensorFile;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * One case of {@code losses/}: hyperparameters and inputs to read, outputs to compare, and which
 * outputs nobody has compared yet.
 */
final class GoldenCase {
  private final JsonNode node;
  private final TensorFile tensors;
  private final Set<String> open = new TreeSet<>();
  private double worst;
  private String worstKey = "";

  GoldenCase(JsonNode node, TensorFile tensors) {
    this.node = node;
    this.tensors = tensors;
    node.path("outputs").fieldNames().forEachRemaining(open::add);
    if (open.remove("metrics")) {
      node.path("outputs")
          .path("metrics")
          .fieldNames()
          .forEachRemaining(k -> open.add("metrics/" + k));
    }
    node.path("tensors").fieldNames().forEachRemaining(k -> open.add("tensors/" + k));
  }

  String name() {
    return node.path("name").asText();
  }

  String kind() {
    return node.path("kind").asText();
  }

  /** Outputs that were not compared. */
  Set<String> open() {
    return open;
  }

  /** The largest deviation, in multiples of what is allowed. */
  double worst() {
    return worst;
  }

  String worstKey() {
    return worstKey;
  }

  /** Every hyperparameter must be one that the comparison knows. */
  void knows(String... names) {
    Set<String> unknown = new TreeSet<>();
    node.path("hyperparameters").fieldNames().forEachRemaining(unknown::add);
    Arrays.asList(names).forEach(unknown::remove);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("unknown hyperparameters " + unknown);
    }
  }

  JsonNode hyper(String name) {
    JsonNode value = node.path("hyperparameters").path(name);
    if (value.isMissingNode()) {
      throw new IllegalArgumentException("no hyperparameter " + name);
    }
    return value;
  }

  boolean hasHyper(String name) {
    return node.path("hyperparameters").has(name);
  }

  double number(String name) {
    return number(name, Double.NaN);
  }

  /** A number, or another where it is null. */
  double number(String name, double otherwise) {
    JsonNode value = hyper(name);
    if (!value.isNull() && !value.isNumber()) {
      throw new IllegalArgumentException("%s is no number: %s".formatted(name, value));
    }
    return value.isNull() ? otherwise : value.asDouble();
  }

  boolean flag(String name) {
    if (!hyper(name).isBoolean()) {
      throw new IllegalArgumentException("%s is not true or false".formatted(name));
    }
    return hyper(name).asBoolean();
  }

  String text(String name) {
    return hyper(name).asText();
  }

  boolean has(String role) {
    return node.path("inputs").has(role);
  }

  /** An input's values, row after row. */
  double[] flat(String role) {
    String key = key("inputs", role);
    if (role.endsWith("mask")) {
      byte[] bytes = tensors.bytes(key);
      double[] values = new double[bytes.length];
      Arrays.setAll(values, i -> bytes[i]);
      return values;
    }
    return doubles(tensors.floats(key));
  }

  /** An input (B, T). */
  double[][] rows(String role) {
    int count = (int) (long) tensors.shape(key("inputs", role)).get(0);
    double[] flat = flat(role);
    double[][] rows = new double[count][];
    Arrays.setAll(rows, i -> part(flat, i, flat.length / count));
    return rows;
  }

  int dimensions(String role) {
    return tensors.shape(key("inputs", role)).size();
  }

  long[] longs(String role) {
    return tensors.longs(key("inputs", role));
  }

  JsonNode output(String name) {
    open.remove(name);
    return node.path("outputs").path(name);
  }

  void loss(double ours) {
    scalar("loss", node.path("outputs").path("loss"), ours);
    if (node.path("outputs").has("loss_float64")) {
      scalar("loss_float64", node.path("outputs").path("loss_float64"), ours);
    }
  }

  void output(String name, double ours) {
    scalar(name, node.path("outputs").path(name), ours);
  }

  /** Those of our metrics that the case holds. */
  void metrics(String prefix, Map<String, Double> ours) {
    ours.forEach((name, value) -> metric(prefix + name, value));
  }

  void metric(String name, double ours) {
    if (node.path("outputs").path("metrics").has(name)) {
      scalar("metrics/" + name, node.path("outputs").path("metrics").path(name), ours);
    }
  }

  void scalar(String key, JsonNode theirs, double ours) {
    double expected =
        theirs.isTextual() ? Double.parseDouble(theirs.asText()) : theirs.asDouble(Double.NaN);
    if (theirs.isMissingNode()) {
      throw new IllegalArgumentException("no output " + key);
    }
    deviates(key, Tolerance.timesAllowed(ours, expected));
  }

  void tensor(String role, float[] ours) {
    tensor(role, doubles(ours));
  }

  void tensor(String role, double[] ours) {
    String key = key("tensors", role);
    deviates("tensors/" + role, Tolerance.timesAllowed(ours, doubles(tensors.floats(key))));
  }

  void tensor(String role, double[][] ours) {
    tensor(role, flatten(ours));
  }

  /** Masks are exact. */
  void mask(String role, double[][] ours) {
    byte[] theirs = tensors.bytes(key("tensors", role));
    double[] flat = flatten(ours);
    boolean same = flat.length == theirs.length;
    for (int i = 0; same && i < flat.length; i++) {
      same = flat[i] == theirs[i];
    }
    deviates("tensors/" + role, same ? 0 : Double.POSITIVE_INFINITY);
  }

  static float[] floats(double[][] rows) {
    double[] flat = flatten(rows);
    float[] floats = new float[flat.length];
    for (int i = 0; i < flat.length; i++) {
      floats[i] = (float) flat[i];
    }
    return floats;
  }

  static double[] flatten(double[][] rows) {
    return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
  }

  /** Flat values as rows of the same shape as {@code like}. */
  static double[][] shaped(float[] values, double[][] like) {
    double[] flat = doubles(values);
    double[][] rows = new double[like.length][];
    Arrays.setAll(rows, i -> part(flat, i, like[i].length));
    return rows;
  }

  private void deviates(String key, double times) {
    open.remove(key);
    if (!(times <= worst)) {
      worst = Double.isNaN(times) ? Double.POSITIVE_INFINITY : times;
      worstKey = key;
    }
  }

  private String key(String part, String role) {
    JsonNode key = node.path(part).path(role);
    if (key.isMissingNode()) {
      throw new IllegalArgumentException("no tensor %s among its %s".formatted(role, part));
    }
    return key.asText();
  }

  private static double[] part(double[] flat, int row, int width) {
    return Arrays.copyOfRange(flat, row * width, (row + 1) * width);
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    Arrays.setAll(doubles, i -> values[i]);
    return doubles;
  }
}
