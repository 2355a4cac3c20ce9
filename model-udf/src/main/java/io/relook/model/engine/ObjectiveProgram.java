package io.relook.model.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.relook.model.torch.TorchProgram;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Objectives as the programs take them ({@code torchscript/objectives.py}), and the objective alone
 * on given log-probabilities: what the trainer minimises, without a model.
 */
public final class ObjectiveProgram {
  private static final Objective.Policy CROSS_ENTROPY =
      new Objective.Policy(
          RatioLevel.TOKEN,
          Double.NEGATIVE_INFINITY,
          Double.POSITIVE_INFINITY,
          new Surrogate.Reinforce(),
          Divergence.none(),
          0,
          0,
          Double.POSITIVE_INFINITY,
          1);

  private ObjectiveProgram() {}

  /** The loss and its parts: each a sum with the rows' weights. */
  public record Sums(double loss, double surrogate, double divergence, double entropy)
      implements Serializable {
    static Sums of(NDArray four) {
      double[] values = four.toDoubleArray();
      return new Sums(values[0], values[1], values[2], values[3]);
    }

    static Sums none() {
      return new Sums(0, 0, 0, 0);
    }

    /** In their order. */
    static Sums of(List<Sums> parts) {
      Sums sum = none();
      for (Sums part : parts) {
        sum =
            new Sums(
                sum.loss + part.loss,
                sum.surrogate + part.surrogate,
                sum.divergence + part.divergence,
                sum.entropy + part.entropy);
      }
      return sum;
    }
  }

  /**
   * Sums, gradients and what was measured for each token, (B, T) row after row.
   *
   * @param factors what weighs a token without a gradient: VESPO's φ, DPPO's mask, else 1
   */
  public record Gradients(
      Sums sums,
      float[] byLogProbs,
      float[] byEntropies,
      float[] ratios,
      float[] factors,
      float[] divergences) {}

  /** The objective on given values (B, T); all rows have the same length. */
  public static Gradients gradients(
      TorchProgram program,
      float[] logProbs,
      float[] entropies,
      List<PolicyRow> rows,
      Objective.Policy objective) {
    Shape shape = new Shape(rows.size(), rows.get(0).length());
    try (NDManager scope = program.newScope()) {
      List<Object> arguments = new ArrayList<>();
      arguments.add(scope.create(logProbs, shape));
      arguments.add(scope.create(entropies, shape));
      arguments.add(given(scope, rows));
      arguments.addAll(arguments(objective));
      NDList results = program.callWithGradients(scope, "objective_gradients", arguments.toArray());
      return new Gradients(
          Sums.of(results.get(0)),
          results.get(1).toFloatArray(),
          results.get(2).toFloatArray(),
          results.get(3).toFloatArray(),
          results.get(4).toFloatArray(),
          results.get(5).toFloatArray());
    }
  }

  /** places, targets, cells, given. */
  static List<Object> targets(NDManager scope, List<TrainingRow> rows, Pack pack) {
    int count = rows.stream().mapToInt(r -> r.completion().length).sum();
    int longest = rows.stream().mapToInt(r -> r.completion().length).max().orElse(0);
    long[] places = new long[count];
    long[] targets = new long[count];
    long[] cells = new long[count];
    int m = 0;
    for (int i = 0; i < rows.size(); i++) {
      TrainingRow row = rows.get(i);
      for (int k = 0; k < row.completion().length; k++, m++) {
        places[m] = pack.place(i, row.prompt().length() - 1 + k);
        targets[m] = row.completion()[k];
        cells[m] = (long) i * longest + k;
      }
    }
    return List.of(
        scope.create(places),
        scope.create(targets),
        scope.create(cells),
        given(scope, rows.stream().map(TrainingRow::targets).toList()));
  }

  /** The planes of rows of any length, padded on the right with zeros. */
  static NDArray given(NDManager scope, List<PolicyRow> rows) {
    int width = rows.stream().mapToInt(PolicyRow::length).max().orElse(0);
    float[] flat = new float[PolicyRow.PLANES * rows.size() * width];
    for (int i = 0; i < rows.size(); i++) {
      float[][] planes = rows.get(i).planes();
      for (int p = 0; p < planes.length; p++) {
        int at = (p * rows.size() + i) * width;
        System.arraycopy(planes[p], 0, flat, at, planes[p].length);
      }
    }
    return scope.create(flat, new Shape(PolicyRow.PLANES, rows.size(), width));
  }

  /** From level to threshold. */
  static List<Object> arguments(Objective objective) {
    Objective.Policy policy = objective instanceof Objective.Policy given ? given : CROSS_ENTROPY;
    Divergence kl = policy.divergence();
    return List.of(
        policy.level().program,
        new double[] {policy.leastLogRatio(), policy.mostLogRatio()},
        policy.surrogate().program(),
        policy.surrogate().numbers(),
        kl.program(),
        new double[] {kl.logBound(), kl.bound()},
        kl.straightThrough(),
        kl.ratioWeighted(),
        policy.beta(),
        policy.bonus(),
        policy.offPolicyThreshold());
  }
}
