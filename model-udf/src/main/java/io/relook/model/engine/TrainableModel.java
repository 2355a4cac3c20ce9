package io.relook.model.engine;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.checkpoint.ModelConfig;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.torch.TorchProgram;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A policy with its gradient and AdamW state, all float32. Gradients add up over calls until a step
 * uses them. Not thread-safe.
 */
public final class TrainableModel implements AutoCloseable {
  /** AdamW's constants; decay is for weights of two dimensions and more. */
  public record AdamW(double beta1, double beta2, double epsilon, double weightDecay) {
    /** PyTorch's defaults but for the decay, which TRL and transformers set to 0. */
    public static AdamW standard() {
      return new AdamW(0.9, 0.999, 1e-8, 0);
    }
  }

  /**
   * Sums and per-target values of one call, targets in the order of the rows; as {@link
   * ObjectiveProgram.Gradients} says.
   */
  public record Outcome(
      ObjectiveProgram.Sums sums,
      float[] logProbs,
      float[] entropies,
      float[] ratios,
      float[] factors,
      float[] divergences) {
    public double loss() {
      return sums.loss();
    }
  }

  private final ModelConfig config;
  private final Path sideFiles;
  private final TorchProgram program;
  private final Weights weights;
  private final NDManager owner;
  private final NDList all;
  private final NDList sums;
  private final NDList first;
  private final NDList second;
  private int steps;

  private TrainableModel(
      ModelConfig config, Path sideFiles, TorchProgram program, Weights weights) {
    this.config = config;
    this.sideFiles = sideFiles;
    this.program = program;
    this.weights = weights;
    this.owner = program.newScope();
    this.all = weights.all();
    this.sums = program.callWithGradients(owner, "zeros_like", all);
    this.first = program.callWithGradients(owner, "zeros_like", all);
    this.second = program.callWithGradients(owner, "zeros_like", all);
  }

  /** Loads a checkpoint's weights with a fresh optimizer. The checkpoint must stay open. */
  public static TrainableModel load(TorchProgram program, Checkpoint checkpoint) {
    return new TrainableModel(
        checkpoint.config(),
        checkpoint.folder(),
        program,
        Weights.loadTrainable(program, checkpoint));
  }

  public ModelConfig config() {
    return config;
  }

  /** Steps that the optimizer has made. */
  public int steps() {
    return steps;
  }

  /** Adds the gradient of the rows' loss; the rows run as one batch, padded on the right. */
  public Outcome forwardBackward(List<TrainingRow> rows, Objective objective) {
    return run(rows, objective, true);
  }

  /** What the rows' targets have now, without a gradient. */
  public Outcome score(List<TrainingRow> rows, Objective objective) {
    return run(rows, objective, false);
  }

  private Outcome run(List<TrainingRow> rows, Objective objective, boolean learn) {
    List<Prompt> whole = new ArrayList<>();
    for (TrainingRow row : rows) {
      Prompt prompt = row.prompt().plus(row.completion());
      String problem = prompt.problem(config);
      if (problem != null) {
        throw EngineErrors.badPrompt(problem);
      }
      whole.add(prompt);
    }
    int width = whole.stream().mapToInt(Prompt::length).max().orElse(0);
    RowBatch batch = RowBatch.of(whole, width, config);
    try (NDManager scope = program.newScope()) {
      List<Object> arguments = new ArrayList<>();
      arguments.add(scope.create(batch.ids(), new Shape(rows.size(), width)));
      arguments.add(scope.create(batch.positions(), new Shape(3, rows.size(), width)));
      arguments.addAll(targets(scope, rows, width));
      arguments.addAll(ObjectiveProgram.arguments(objective));
      arguments.add(objective.temperature());
      arguments.addAll(pictures(scope, batch));
      arguments.add(learn);
      arguments.add(sums);
      NDList results = program.callWithGradients(scope, "forward_backward", arguments.toArray());
      return new Outcome(
          ObjectiveProgram.Sums.of(results.get(0)),
          results.get(1).toFloatArray(),
          results.get(2).toFloatArray(),
          results.get(3).toFloatArray(),
          results.get(4).toFloatArray(),
          results.get(5).toFloatArray());
    }
  }

  /** Scales the gradient to a norm of at most {@code longest} (0: not); returns the norm before. */
  public double clipGradient(double longest) {
    try (NDManager scope = program.newScope()) {
      return program
          .callWithGradients(scope, "clip_gradients", sums, longest)
          .head()
          .toFloatArray()[0];
    }
  }

  /** One AdamW step with the gradient, which is zero afterwards. */
  public void step(double rate, AdamW settings) {
    steps++;
    for (boolean matrices : new boolean[] {true, false}) {
      int[] chosen =
          java.util.stream.IntStream.range(0, all.size())
              .filter(i -> (layoutShape(i).length >= 2) == matrices)
              .toArray();
      try (NDManager scope = program.newScope()) {
        program.callWithGradients(
            scope,
            "adamw",
            pick(all, chosen),
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

  /** A weight's values by checkpoint name. */
  public float[] values(String name) {
    return part(all, name);
  }

  /** A weight's summed gradient by checkpoint name. */
  public float[] gradient(String name) {
    return part(sums, name);
  }

  /** Writes the policy as a checkpoint in Hugging Face layout. */
  public void write(CheckpointWriter writer, String uri, DType dtype) {
    writer.write(uri, sideFiles, config, dtype, (name, count) -> values(name));
  }

  /** Writes the optimizer's state: a file of float32 tensors. */
  public void writeOptimizer(CheckpointWriter writer, String uri) {
    List<CheckpointWriter.Target> targets = new ArrayList<>();
    targets.add(new CheckpointWriter.Target("steps", List.of(1L)));
    for (int i = 0; i < all.size(); i++) {
      List<Long> shape = Arrays.stream(layoutShape(i)).boxed().toList();
      targets.add(new CheckpointWriter.Target("first." + i, shape));
      targets.add(new CheckpointWriter.Target("second." + i, shape));
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

  /** Goes on with an optimizer's state. */
  public void readOptimizer(TensorFile file) {
    steps = (int) file.floats("steps")[0];
    for (int i = 0; i < all.size(); i++) {
      first.get(i).set(file.floats("first." + i));
      second.get(i).set(file.floats("second." + i));
    }
  }

  @Override
  public void close() {
    owner.close();
    weights.close();
  }

  private long[] layoutShape(int slot) {
    return weights.layout.slots().get(slot).shape();
  }

  private float[] part(NDList tensors, String name) {
    List<WeightLayout.Slot> slots = weights.layout.slots();
    for (int i = 0; i < slots.size(); i++) {
      long row = 0;
      for (WeightLayout.Part part : slots.get(i).parts()) {
        if (part.name().equals(name)) {
          float[] values = tensors.get(i).toFloatArray();
          int width = (int) (values.length / slots.get(i).shape()[0]);
          return Arrays.copyOfRange(values, (int) row * width, (int) (row + part.rows()) * width);
        }
        row += part.rows();
      }
    }
    throw new IllegalArgumentException("no weight " + name);
  }

  /** places, targets, cells, given. */
  private static List<Object> targets(NDManager scope, List<TrainingRow> rows, int width) {
    int count = rows.stream().mapToInt(r -> r.completion().length).sum();
    int longest = rows.stream().mapToInt(r -> r.completion().length).max().orElse(0);
    long[] places = new long[count];
    long[] targets = new long[count];
    long[] cells = new long[count];
    int m = 0;
    for (int i = 0; i < rows.size(); i++) {
      TrainingRow row = rows.get(i);
      for (int k = 0; k < row.completion().length; k++, m++) {
        places[m] = (long) i * width + row.prompt().length() - 1 + k;
        targets[m] = row.completion()[k];
        cells[m] = (long) i * longest + k;
      }
    }
    return List.of(
        scope.create(places),
        scope.create(targets),
        scope.create(cells),
        ObjectiveProgram.given(scope, rows.stream().map(TrainingRow::targets).toList()));
  }

  private List<Object> pictures(NDManager scope, RowBatch batch) {
    ModelConfig.Text t = config.text();
    ModelConfig.Vision v = config.vision();
    List<Object> arguments = new ArrayList<>();
    PictureBatch shown =
        batch.pictures().isEmpty()
            ? PictureBatch.none(scope)
            : PictureBatch.of(scope, batch.pictures(), batch.from(), v);
    arguments.addAll(List.of(shown.patches(), shown.places(), shown.back()));
    arguments.add(scope.create(batch.at()));
    arguments.addAll(List.of(weights.ends, weights.vision, weights.top, weights.text));
    arguments.add(v.heads());
    arguments.addAll(List.of(shown.fullBlocks(), shown.windows(), shown.pictures()));
    arguments.add(new long[] {t.heads(), t.kvHeads(), t.headDim()});
    arguments.add(Arrays.stream(t.mropeSection()).asLongStream().toArray());
    arguments.addAll(List.of(t.ropeTheta(), t.rmsNormEps()));
    return arguments;
  }

  private static NDList pick(NDList tensors, int[] chosen) {
    NDList picked = new NDList();
    for (int i : chosen) {
      picked.add(tensors.get(i));
    }
    return picked;
  }
}
