package io.relook.model.engine;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.torch.TorchProgram;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * AdamW (arXiv 1711.05101) over the tensors that learn: the summed gradient and both moments of
 * each, float32. The tensors belong to the manager that it is made with.
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
    return program.callWithGradients(scope, "zeros_like", trained);
  }

  private void requireMoments() {
    if (first == null) {
      first = zeros(owner);
      second = zeros(owner);
    }
  }

  /** Values that learn. */
  long values() {
    return trained.stream().mapToLong(tensor -> tensor.getShape().size()).sum();
  }

  int steps() {
    return steps;
  }

  /** Where gradients are added, one a tensor that learns. */
  NDList sums() {
    return sums;
  }

  /** Scales the gradient to a norm of at most {@code longest} (0: not); returns the norm before. */
  double clip(double longest) {
    try (NDManager scope = program.newScope()) {
      return program
          .callWithGradients(scope, "clip_gradients", sums, longest)
          .head()
          .toFloatArray()[0];
    }
  }

  /** Forgets the gradient. */
  void clear() {
    try (NDManager scope = program.newScope()) {
      program.callWithGradients(scope, "clear", sums);
    }
  }

  /** One step with the gradient, which is zero afterwards. */
  void step(double rate, TrainableModel.AdamW settings) {
    requireMoments();
    steps++;
    for (boolean matrices : new boolean[] {true, false}) {
      int[] chosen =
          IntStream.range(0, trained.size())
              .filter(i -> (shapes.get(i).length >= 2) == matrices)
              .toArray();
      if (chosen.length == 0) {
        continue;
      }
      try (NDManager scope = program.newScope()) {
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
    }
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
