package io.relook.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** One line of output: a JSON object whose names are those of the peers' lines. */
final class Measurement {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ObjectNode line = JSON.createObjectNode();

  Measurement(String name) {
    line.put("name", name);
  }

  /** A word, a whole number or a truth. */
  Measurement put(String name, Object value) {
    line.set(name, JSON.<JsonNode>valueToTree(value));
    return this;
  }

  Measurement put(String name, double value, int digits) {
    line.put(name, rounded(value, digits));
    return this;
  }

  /** What the machine reaches; before the figures that it places. */
  Measurement put(Machine machine) {
    return put("cpu", machine.cpu())
        .put("peak_gflops_float32", machine.float32(), 1)
        .put("peak_gflops_bfloat16", machine.bfloat16(), 1)
        .put("copy_gbytes_per_s", machine.copy(), 1);
  }

  /** Least, median, most of a value over the repeats. */
  <T> Measurement spread(
      String name, List<T> repeats, ToDoubleFunction<? super T> value, int digits) {
    double[] sorted = repeats.stream().mapToDouble(value).sorted().toArray();
    double median = (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    ArrayNode spread = line.putArray(name);
    for (double one : new double[] {sorted[0], median, sorted[sorted.length - 1]}) {
      spread.add(rounded(one, digits));
    }
    return this;
  }

  @Override
  public String toString() {
    return line.toString();
  }

  private static double rounded(double value, int digits) {
    double scale = Math.pow(10, digits);
    return Math.round(value * scale) / scale;
  }
}
