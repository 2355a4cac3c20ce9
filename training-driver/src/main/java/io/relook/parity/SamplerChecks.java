package io.relook.parity;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.torch.TorchProgram;
import java.util.Arrays;

/** {@code samplers.json}: the distribution left after each combination of filters. */
final class SamplerChecks {
  private SamplerChecks() {}

  static void run(Report report, JsonNode cases, TensorFile tensors, TorchProgram program) {
    long rows = tensors.shape("logits").get(0);
    long vocabulary = tensors.shape("logits").get(1);
    boolean[] seen = new boolean[(int) (rows * vocabulary)];
    long[] history = tensors.longs("history");
    for (int i = 0; i < history.length; i++) {
      seen[(int) (i / (history.length / rows) * vocabulary + history[i])] = true;
    }
    for (int i = 0; i < cases.size(); i++) {
      JsonNode c = cases.get(i);
      try (NDManager scope = program.newScope()) {
        long k = c.path("top_k").asLong(0);
        long[] topK = new long[(int) rows];
        Arrays.fill(topK, k == 0 ? vocabulary : Math.min(k, vocabulary));
        NDArray logits =
            program
                .call(
                    scope,
                    "filtered_logits",
                    scope.create(tensors.floats("logits"), new Shape(rows, vocabulary)),
                    scope.create(seen, new Shape(rows, vocabulary)),
                    column(scope, rows, c.path("repetition_penalty").asDouble(1)),
                    column(scope, rows, c.path("temperature").asDouble(1)),
                    scope.create(topK, new Shape(rows, 1)),
                    column(scope, rows, c.path("top_p").asDouble(1)),
                    column(scope, rows, c.path("min_p").asDouble(0)))
                .head();
        float[] ours = logits.softmax(1).toFloatArray();
        report.within(
            "samplers." + c,
            Numbers.worst(ours, tensors.floats("probs." + i)),
            Tolerance.PROBABILITIES);
      }
    }
  }

  private static NDArray column(NDManager scope, long rows, double value) {
    float[] values = new float[(int) rows];
    Arrays.fill(values, (float) value);
    return scope.create(values, new Shape(rows, 1));
  }
}
