package io.relook.model.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.relook.model.checkpoint.Adapter;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.checkpoint.LoraConfig;
import io.relook.model.checkpoint.ModelConfig;
import io.relook.model.checkpoint.SideFiles;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.torch.TorchProgram;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A policy with its gradient and AdamW state, both float32, of the parts that are trained or of an
 * adapter over a frozen policy. Where it computes in bfloat16, what learns has float32 masters
 * beside the weights that are multiplied. Gradients add up over calls until a step uses them. Not
 * thread-safe.
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
      float[] divergences)
      implements Serializable {
    public double loss() {
      return sums.loss();
    }

    static Outcome of(NDList results) {
      return new Outcome(
          ObjectiveProgram.Sums.of(results.get(0)),
          results.get(1).toFloatArray(),
          results.get(2).toFloatArray(),
          results.get(3).toFloatArray(),
          results.get(4).toFloatArray(),
          results.get(5).toFloatArray());
    }

    /** Of no rows. */
    static Outcome none() {
      float[] none = {};
      return new Outcome(ObjectiveProgram.Sums.none(), none, none, none, none, none);
    }

    /** A pack's, of those of the lanes' rows of it. */
    static Outcome join(Lanes lanes, int pack, List<Outcome> parts) {
      return new Outcome(
          ObjectiveProgram.Sums.of(parts.stream().map(Outcome::sums).toList()),
          lanes.join(pack, parts.stream().map(Outcome::logProbs).toList()),
          lanes.join(pack, parts.stream().map(Outcome::entropies).toList()),
          lanes.join(pack, parts.stream().map(Outcome::ratios).toList()),
          lanes.join(pack, parts.stream().map(Outcome::factors).toList()),
          lanes.join(pack, parts.stream().map(Outcome::divergences).toList()));
    }
  }

  /**
   * What learns, and how.
   *
   * @param parts of the policy itself
   * @param adapter over it, or null
   * @param type what is computed in
   */
  public record Setup(TrainedParts parts, Adapter adapter, ComputeType type) {
    public static Setup of(TrainedParts parts) {
      return new Setup(parts, null, ComputeType.FLOAT32);
    }

    /** The policy stays as it is. */
    public static Setup of(Adapter adapter) {
      return new Setup(TrainedParts.none(), adapter, ComputeType.FLOAT32);
    }

    public Setup in(ComputeType other) {
      return new Setup(parts, adapter, other);
    }
  }

  /** 128 MB of them: our choice. */
  static final long LOGITS_AT_ONCE = 1L << 25;

  /**
   * Tokens of a row whose attention's probabilities are kept: those of a picture of 448 × 448 with
   * a question and a completion. Our choice.
   */
  static final int LONGEST_BY_HAND = 640;

  private final ModelConfig config;
  private final SideFiles sideFiles;
  private final TorchProgram program;
  private final ComputeType type;
  private final Weights weights;
  private final TrainedParts parts;
  private final LoraConfig lora;
  private final AdapterLayout places;
  private final NDManager owner;
  private final NDList all;
  private final NDList pairs;

  /** What learns: weights of the trained parts, then the adapter's pairs. */
  private final List<WeightLayout.Slot> slots = new ArrayList<>();

  /** The same in float32. */
  private final NDList trained = new NDList();

  /** The weights that follow the first of {@link #trained}; none in float32: they are the same. */
  private final NDList rounded = new NDList();

  private final Optimizer optimizer;

  private final TrainingPass pass;

  private TrainableModel(TorchProgram program, Checkpoint checkpoint, Setup setup) {
    this.config = checkpoint.config();
    this.sideFiles = SideFiles.read(checkpoint.folder());
    this.program = program;
    this.parts = setup.parts;
    this.type = setup.type;
    this.weights = Weights.loadTrainable(program, checkpoint, type);
    this.owner = program.newScope();
    this.all = weights.all();
    Adapter adapter = setup.adapter;
    this.lora = adapter == null ? null : adapter.config();
    this.places =
        adapter == null
            ? AdapterLayout.none()
            : AdapterLayout.of(weights.layout, config, adapter.pairs().keySet(), lora.rank());
    this.pairs = adapter == null ? new NDList() : load(adapter);
    List<WeightLayout.Slot> layout = weights.layout.slots();
    for (int i = 0; i < all.size(); i++) {
      if (parts.holds(layout.get(i).parts().get(0).name())) {
        slots.add(layout.get(i));
        (type == ComputeType.FLOAT32 ? trained : rounded).add(all.get(i));
      }
    }
    if (type != ComputeType.FLOAT32) {
      trained.addAll(Weights.loadMasters(program, checkpoint, owner, slots));
    }
    slots.addAll(places.slots());
    trained.addAll(pairs);
    this.optimizer =
        new Optimizer(
            program, owner, slots.stream().map(WeightLayout.Slot::shape).toList(), trained);
    boolean pictures =
        slots.stream().anyMatch(slot -> slot.parts().get(0).name().startsWith("visual."));
    KeptEmbeddings kept = pictures ? null : new KeptEmbeddings(program, weights, config.vision());
    this.pass =
        new TrainingPass(
            program,
            config,
            weights,
            new TrainingPass.Learnt(parts, pairs, places, lora),
            kept,
            optimizer);
  }

  /** Loads a checkpoint's weights with a fresh optimizer. */
  public static TrainableModel load(TorchProgram program, Checkpoint checkpoint) {
    return load(program, checkpoint, Setup.of(TrainedParts.all()));
  }

  /** As above; what does not learn stays as it is. */
  public static TrainableModel load(TorchProgram program, Checkpoint checkpoint, Setup setup) {
    if (setup.parts.equals(TrainedParts.none()) && setup.adapter == null) {
      throw EngineErrors.nothingToTrain();
    }
    return new TrainableModel(program, checkpoint, setup);
  }

  /** A policy that only {@link #score}s: without gradient and optimizer. */
  public static TrainableModel frozen(
      TorchProgram program, Checkpoint checkpoint, ComputeType type) {
    return new TrainableModel(program, checkpoint, new Setup(TrainedParts.none(), null, type));
  }

  /** In tensors that gradients can be taken of. */
  private NDList load(Adapter adapter) {
    try (NDManager scope = program.newScope()) {
      NDList shapes = new NDList();
      for (WeightLayout.Slot slot : places.slots()) {
        shapes.add(scope.zeros(new Shape(slot.shape())));
      }
      NDList loaded = program.callWithGradients(owner, "zeros_like", shapes);
      for (int i = 0; i < places.places().size(); i++) {
        Adapter.Pair pair = adapter.pairs().get(places.places().get(i).module());
        loaded.get(2 * i).set(pair.a());
        loaded.get(2 * i + 1).set(pair.b());
      }
      return loaded;
    }
  }

  public ModelConfig config() {
    return config;
  }

  /** Values that learn. */
  public long trainedValues() {
    return optimizer.values();
  }

  /** Steps that the optimizer has made. */
  public int steps() {
    return optimizer.steps();
  }

  /**
   * Whether gradients keep each block's input alone and run the block again, instead of keeping all
   * that it computed: less memory, a third more work. Rows then do not run side by side, and
   * attention is libtorch's.
   */
  public void setRecompute(boolean recompute) {
    pass.recompute = recompute;
  }

  /**
   * How many logits exist at one time; where there are more, they are computed twice, in slices.
   */
  public void setLogitsAtOnce(long values) {
    pass.logitsAtOnce = values;
  }

  /**
   * Up to how many tokens of a row attention on a processor is by hand and keeps its probabilities,
   * which takes memory with the square of them; behind that it is libtorch's.
   */
  public void setLongestByHand(int tokens) {
    pass.longestByHand = tokens;
  }

  /** Into how many lanes rows are dealt; 0: as many as are worth it. */
  public void setLanes(int lanes) {
    pass.fixedLanes = lanes;
  }

  /**
   * Adds the gradient of the rows' loss. The rows run together, without padding; those of one
   * prompt share it.
   */
  public Outcome forwardBackward(List<TrainingRow> rows, Objective objective) {
    return forwardBackwardAll(List.of(rows), objective).get(0);
  }

  /** The same of packs of rows, of which each runs together; outcomes in their order. */
  public List<Outcome> forwardBackwardAll(List<List<TrainingRow>> packs, Objective objective) {
    return pass.run(packs, objective, true);
  }

  /** What the rows' targets have now, without a gradient. */
  public Outcome score(List<TrainingRow> rows, Objective objective) {
    return scoreAll(List.of(rows), objective).get(0);
  }

  /** The same of packs of rows. */
  public List<Outcome> scoreAll(List<List<TrainingRow>> packs, Objective objective) {
    return pass.run(packs, objective, false);
  }

  /** What a pass over the rows, and the first step after it, are still to take. */
  public MemoryEstimate estimate(List<TrainingRow> rows) {
    PolicySize size = new PolicySize(config, parts, lora, type);
    return MemoryEstimate.of(
        size, rows, pass.recompute, pass.logitsAtOnce, pass.mostLanes(), pass.mostByHand());
  }

  /** Scales the gradient to a norm of at most {@code longest} (0: not); returns the norm before. */
  public double clipGradient(double longest) {
    return optimizer.clip(longest);
  }

  /** What learns, float32, each weight's values in the programs' order. */
  public float[][] learntValues() {
    return trained.stream().map(NDArray::toFloatArray).toArray(float[][]::new);
  }

  /** Takes such values over from another model of the same setup. */
  public void setLearntValues(float[][] values) {
    requireSame(values);
    for (int i = 0; i < values.length; i++) {
      trained.get(i).set(values[i]);
    }
    round();
  }

  /** The summed gradient of each. */
  public float[][] gradients() {
    return optimizer.sums().stream().map(NDArray::toFloatArray).toArray(float[][]::new);
  }

  /** Adds a gradient that another model of the same setup summed. */
  public void addGradients(float[][] more) {
    requireSame(more);
    try (NDManager scope = program.newScope()) {
      NDList addends = new NDList();
      for (int i = 0; i < more.length; i++) {
        addends.add(scope.create(more[i], optimizer.sums().get(i).getShape()));
      }
      optimizer.add(addends);
    }
  }

  private void requireSame(float[][] values) {
    boolean same = values.length == trained.size();
    for (int i = 0; same && i < values.length; i++) {
      same = values[i].length == trained.get(i).getShape().size();
    }
    if (!same) {
      throw EngineErrors.otherOptimizer();
    }
  }

  /** Forgets the gradient. */
  public void clearGradient() {
    optimizer.clear();
  }

  /** One AdamW step with the gradient, which is zero afterwards. */
  public void step(double rate, AdamW settings) {
    optimizer.step(rate, settings);
    round();
  }

  /** What is multiplied follows what learns. */
  private void round() {
    if (!rounded.isEmpty()) {
      try (NDManager scope = program.newScope()) {
        NDList masters = new NDList(trained.subList(0, rounded.size()));
        program.callWithGradients(scope, "copy_to", rounded, masters);
      }
    }
  }

  /**
   * A weight's values by checkpoint name, the base's where there is an adapter; the adapter's own
   * are named as {@code model.layers.0.self_attn.q_proj.lora_A.weight}.
   */
  public float[] values(String name) {
    float[] values = part(slots, trained, name);
    values = values == null ? part(weights.layout.slots(), all, name) : values;
    if (values == null) {
      throw new IllegalArgumentException("no weight " + name);
    }
    return values;
  }

  /** The summed gradient of a weight that learns, named as its values are. */
  public float[] gradient(String name) {
    float[] gradient = part(slots, optimizer.sums(), name);
    if (gradient == null) {
      throw new IllegalArgumentException("no weight that learns is called " + name);
    }
    return gradient;
  }

  /** The adapter as it is now. */
  public Adapter adapter() {
    if (lora == null) {
      throw new IllegalStateException("there is no adapter");
    }
    Map<String, Adapter.Pair> values = new TreeMap<>();
    for (int i = 0; i < places.places().size(); i++) {
      values.put(
          places.places().get(i).module(),
          new Adapter.Pair(pairs.get(2 * i).toFloatArray(), pairs.get(2 * i + 1).toFloatArray()));
    }
    return new Adapter(lora, values);
  }

  public boolean hasAdapter() {
    return lora != null;
  }

  /** Writes the policy as a checkpoint in Hugging Face layout, an adapter merged into it. */
  public String write(CheckpointWriter writer, String uri, DType dtype) {
    return writer.write(uri, sideFiles, config, dtype, (name, count) -> merged(name));
  }

  /** W + scale · B A where the tensor has an adapter. */
  private float[] merged(String name) {
    for (int i = 0; i < places.places().size(); i++) {
      AdapterLayout.Place place = places.places().get(i);
      if (name.equals(place.module() + ".weight")) {
        try (NDManager scope = program.newScope()) {
          return program
              .callWithGradients(
                  scope,
                  "merged",
                  all.get(place.slot()),
                  place.above(),
                  pairs.get(2 * i),
                  pairs.get(2 * i + 1),
                  lora.scale())
              .head()
              .toFloatArray();
        }
      }
    }
    return values(name);
  }

  /** Writes the optimizer's state: a file of float32 tensors. */
  public void writeOptimizer(CheckpointWriter writer, String uri) {
    optimizer.write(writer, uri);
  }

  /** Goes on with an optimizer's state. */
  public void readOptimizer(TensorFile file) {
    optimizer.read(file);
  }

  @Override
  public void close() {
    pass.close();
    owner.close();
    weights.close();
  }

  /** Null where no slot holds the name. */
  private float[] part(List<WeightLayout.Slot> slots, NDList tensors, String name) {
    for (int i = 0; i < slots.size(); i++) {
      long row = 0;
      for (WeightLayout.Part part : slots.get(i).parts()) {
        if (part.name().equals(name)) {
          float[] values = floats(tensors.get(i));
          int width = (int) (values.length / slots.get(i).shape()[0]);
          return Arrays.copyOfRange(values, (int) row * width, (int) (row + part.rows()) * width);
        }
        row += part.rows();
      }
    }
    return null;
  }

  /** Of either type; DJL cannot read bfloat16. */
  private float[] floats(NDArray tensor) {
    try (NDManager scope = program.newScope()) {
      return program.callWithGradients(scope, "as_float", tensor).head().toFloatArray();
    }
  }
}
