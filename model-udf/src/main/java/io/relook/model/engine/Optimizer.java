package io.relook.model.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.torch.TorchProgram;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * AdamW (arXiv 1711.05101) over the tensors that learn: the summed gradient and both moments of
 * each, float32. The tensors belong to the manager that it is made with.
 *
 * <p>On a processor each of the engine's threads works on tensors of its own: libtorch's own
 * threads go on spinning for milliseconds, beside the lanes of the next pass.
 */
final class Optimizer {
  private final TorchProgram program;
  private final List<long[]> shapes;
  private final NDList trained;
  private final NDManager owner;
  private final NDList sums;

  /** Made when the first step needs them: a model that only sums gradients has none. */
  private NDList first;

  private NDList second;
  private int steps;

  /**
   * @param shapes of {@code trained}, as the weights' layout has them: decay is for two dimensions
   *     and more
   */
  Optimizer(TorchProgram program, NDManager owner, List<long[]> shapes, NDList trained) {
    this.program = program;
    this.shapes = shapes;
    this.trained = trained;
    this.owner = owner;
    this.sums = zeros(owner);
  }

  /** A zero for each value that learns. */
  NDList zeros(NDManager scope) {
    NDArray[] zeros = new NDArray[trained.size()];
    inParts(
        (own, part) -> {
          NDList made = program.callWithGradients(scope, "zeros_like", pick(trained, part));
          for (int i = 0; i < part.length; i++) {
            zeros[part[i]] = made.get(i);
          }
        });
    return new NDList(zeros);
  }

  /** Work on some of the tensors, given by their numbers. */
  private interface Work {
    void accept(NDManager scope, int[] tensors);
  }

  /** The largest tensor first, each to the thread that has least. */
  private void inParts(Work work) {
    int threads = program.device().isGpu() ? 1 : Math.min(program.threads(), trained.size());
    List<List<Integer>> parts = new ArrayList<>();
    IntStream.range(0, threads).forEach(part -> parts.add(new ArrayList<>()));
    long[] values = new long[threads];
    IntStream.range(0, trained.size())
        .boxed()
        .sorted(Comparator.comparingLong(this::size).reversed())
        .forEach(
            tensor -> {
              int part = Lanes.least(values);
              parts.get(part).add(tensor);
              values[part] += size(tensor);
            });
    SideBySide.run(
        threads,
        part ->
            program.share(
                1,
                () -> {
                  int[] tensors = parts.get(part).stream().mapToInt(i -> i).sorted().toArray();
                  try (NDManager scope = program.newScope()) {
                    work.accept(scope, tensors);
                  }
                }));
  }

  private long size(int tensor) {
    return trained.get(tensor).getShape().size();
  }

  private void requireMoments() {
    if (first == null) {
      first = zeros(owner);
      second = zeros(owner);
    }
  }

  /** Values that learn. */
  long values() {
    return IntStream.range(0, trained.size()).mapToLong(this::size).sum();
  }

  int steps() {
    return steps;
  }

  /** Where gradients are added, one a tensor that learns. */
  NDList sums() {
    return sums;
  }

  /** Adds another gradient. */
  void add(NDList more) {
    inParts(
        (scope, part) ->
            program.callWithGradients(scope, "add_to", pick(sums, part), pick(more, part)));
  }

  /**
   * Scales the gradient to a norm of at most {@code longest} (0: not), as torch does; returns the
   * norm before.
   */
  double clip(double longest) {
    double[] squares = new double[sums.size()];
    inParts(
        (scope, part) -> {
          NDArray norms = program.callWithGradients(scope, "norms", pick(sums, part)).head();
          float[] values = norms.toFloatArray();
          for (int i = 0; i < part.length; i++) {
            squares[part[i]] = (double) values[i] * values[i];
          }
        });
    double norm = Math.sqrt(Arrays.stream(squares).sum());
    if (longest > 0 && norm + 1e-6 > longest) {
      double scale = Math.min(1, longest / (norm + 1e-6));
      inParts((scope, part) -> program.callWithGradients(scope, "scale", pick(sums, part), scale));
    }
    return norm;
  }

  /** Forgets the gradient. */
  void clear() {
    inParts((scope, part) -> program.callWithGradients(scope, "clear", pick(sums, part)));
  }

  /** One step with the gradient, which is zero afterwards. */
  void step(double rate, TrainableModel.AdamW settings) {
    requireMoments();
    steps++;
    inParts(
        (scope, part) -> {
          for (boolean matrices : new boolean[] {true, false}) {
            int[] chosen =
                Arrays.stream(part).filter(i -> (shapes.get(i).length >= 2) == matrices).toArray();
            if (chosen.length == 0) {
              continue;
            }
            program.callWithGradients(
                scope,
                "adamw",
                pick(trained, chosen),
                pick(sums, chosen),
                pick(first, chosen),
                pick(second, chosen),
                steps,
                rate,
                settings.beta1(),
                settings.beta2(),
                settings.epsilon(),
                matrices ? settings.weightDecay() : 0.0);
          }
        });
  }

  /** Writes steps and moments: a file of float32 tensors. */
  void write(CheckpointWriter writer, String uri) {
    requireMoments();
    List<CheckpointWriter.Target> targets = new ArrayList<>();
    targets.add(new CheckpointWriter.Target("steps", List.of(1L)));
    for (int i = 0; i < trained.size(); i++) {
      targets.add(new CheckpointWriter.Target("first." + i, shape(i)));
      targets.add(new CheckpointWriter.Target("second." + i, shape(i)));
    }
    writer.writeTensors(
        uri,
        targets,
        DType.F32,
        (name, count) -> {
          if (name.equals("steps")) {
            return new float[] {steps};
          }
          int i = Integer.parseInt(name.substring(name.indexOf('.') + 1));
          return (name.startsWith("first") ? first : second).get(i).toFloatArray();
        });
  }

  /** Goes on with a written state; an error where it is of other tensors. */
  void read(TensorFile file) {
    for (int i = 0; i <= trained.size(); i++) {
      boolean there = file.has("first." + i);
      if (there != i < trained.size() || there && !file.shape("first." + i).equals(shape(i))) {
        throw EngineErrors.otherOptimizer();
      }
    }
    requireMoments();
    steps = (int) file.floats("steps")[0];
    for (int i = 0; i < trained.size(); i++) {
      first.get(i).set(file.floats("first." + i));
      second.get(i).set(file.floats("second." + i));
    }
  }

  private List<Long> shape(int i) {
    return Arrays.stream(shapes.get(i)).boxed().toList();
  }

  private static NDList pick(NDList tensors, int[] chosen) {
    NDList picked = new NDList();
    for (int i : chosen) {
      picked.add(tensors.get(i));
    }
    return picked;
  }
}
