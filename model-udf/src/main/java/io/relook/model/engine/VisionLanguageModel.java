package io.relook.model.engine;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.ModelConfig;
import io.relook.model.torch.TorchProgram;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.LongStream;

/**
 * A policy loaded for inference: Qwen2.5-VL on one device in one compute type. Callers take turns:
 * one program runs at a time, with all the engine's threads.
 */
public final class VisionLanguageModel implements AutoCloseable {
  /**
   * @param device where the weights lie
   * @param type what is computed in
   * @param threads of libtorch's one pool in this JVM
   */
  public record Options(Device device, ComputeType type, int threads) {
    public static Options cpu(ComputeType type, int threads) {
      return new Options(Device.cpu(), type, threads);
    }
  }

  /** Log-probabilities of a completion's tokens and the entropies of what they were drawn from. */
  public record Scores(float[] logProbs, float[] entropies) {}

  private final ReentrantLock turn = new ReentrantLock(true);
  private final ModelConfig config;
  private final TorchProgram program;
  private final ComputeType type;
  private final Weights weights;
  private final NDManager owner;
  private final NDArray rope;
  private boolean closed;

  private VisionLanguageModel(
      ModelConfig config, TorchProgram program, ComputeType type, Weights weights) {
    this.config = config;
    this.program = program;
    this.type = type;
    this.weights = weights;
    this.owner = program.newScope();
    ModelConfig.Text text = config.text();
    this.rope =
        program
            .call(
                owner,
                "rope_table",
                text.maxPositionEmbeddings(),
                text.ropeTheta(),
                text.headDim() / 2,
                weights.top.get(0))
            .head();
  }

  /** Loads a checkpoint's weights; the program stays the caller's. */
  public static VisionLanguageModel load(
      TorchProgram program, Checkpoint checkpoint, Options options) {
    boolean packed = !options.device().isGpu() && Capabilities.packs(program, options.type());
    Weights weights = Weights.load(program, checkpoint, options.type(), packed, 32);
    return new VisionLanguageModel(checkpoint.config(), program, options.type(), weights);
  }

  public ModelConfig config() {
    return config;
  }

  /** The last of a prompt's positions (see {@link Positions}). */
  long lastPosition(Prompt prompt) {
    return Positions.of(prompt.ids(), prompt.pictures(), config).last();
  }

  TorchProgram program() {
    return program;
  }

  Weights weights() {
    return weights;
  }

  NDArray rope() {
    return rope;
  }

  NDManager newScope() {
    return program.newScope();
  }

  ComputeType type() {
    return type;
  }

  /** Runs something while no other caller uses the model. */
  void exclusively(Runnable work) {
    turn.lock();
    try {
      if (closed) {
        throw EngineErrors.closed();
      }
      work.run();
    } finally {
      turn.unlock();
    }
  }

  /** Zeros (lanes, positions, d), one a layer. */
  NDList emptyCache(NDManager scope, int lanes, int positions) {
    ModelConfig.Text text = config.text();
    long[] shape = {lanes, positions, text.headDim()};
    return program.call(scope, "empty_cache", text.layers(), shape, weights.top.get(0));
  }

  /** Runs all tokens but the last and keeps their keys and values. */
  PrefilledPrompt prefill(Prompt prompt) {
    requireRunnable(prompt);
    NDManager kept = newScope();
    try (NDManager scope = newScope()) {
      int length = prompt.length() - 1;
      if (length == 0) {
        return new PrefilledPrompt(kept, new NDList(), new NDList(), 0);
      }
      ModelConfig.Text t = config.text();
      NDList all = call(scope, "prefill", tokens(scope, prompt, length), weights.top.get(0));
      all.forEach(tensor -> tensor.attach(kept));
      return new PrefilledPrompt(
          kept,
          new NDList(all.subList(0, t.layers())),
          new NDList(all.subList(t.layers(), all.size())),
          length);
    } catch (RuntimeException e) {
      kept.close();
      throw e;
    }
  }

  /** The logits (V) that follow each prompt; the prompts run together. */
  public float[][] lastLogits(List<Prompt> prompts) {
    prompts.forEach(this::requireRunnable);
    Pack pack = Pack.of(prompts.stream().map(p -> new Pack.Row(p, new int[0])).toList(), config);
    long[] places = new long[prompts.size()];
    for (int i = 0; i < places.length; i++) {
      places[i] = pack.place(i, prompts.get(i).length() - 1);
    }
    float[][][] result = new float[1][][];
    exclusively(
        () -> {
          try (NDManager scope = newScope()) {
            List<Object> first = new ArrayList<>(tokens(scope, pack));
            first.add(pack.layout(scope));
            first.add(scope.create(places));
            NDArray embed = weights.top.get(0);
            NDList logits =
                call(scope, "logits_at", first, embed, weights.top.get(1), weights.head);
            result[0] = matrix(logits.head());
          }
        });
    return result[0];
  }

  /**
   * The log-probability of each completion's tokens after its prompt, under softmax(logits /
   * temperature), with the entropy in nats. All rows run together, equal prompts once: callers
   * bound their tokens.
   */
  public List<Scores> logProbs(List<Prompt> prompts, List<int[]> completions, double temperature) {
    if (prompts.size() != completions.size()) {
      throw new IllegalArgumentException(
          "%d prompts but %d completions".formatted(prompts.size(), completions.size()));
    }
    List<Pack.Row> rows = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      requireRunnable(prompts.get(i).plus(completions.get(i)));
      rows.add(Pack.Row.of(prompts.get(i), completions.get(i)));
    }
    Pack pack = Pack.of(rows, config);
    List<Long> places = new ArrayList<>();
    List<Long> targets = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      for (int k = 0; k < completions.get(i).length; k++) {
        places.add(pack.place(i, prompts.get(i).length() - 1 + k));
        targets.add((long) completions.get(i)[k]);
      }
    }
    Scores all = scores(pack, places, targets, temperature);
    List<Scores> scores = new ArrayList<>();
    int at = 0;
    for (int[] completion : completions) {
      int end = at + completion.length;
      scores.add(
          new Scores(
              Arrays.copyOfRange(all.logProbs, at, end),
              Arrays.copyOfRange(all.entropies, at, end)));
      at = end;
    }
    return scores;
  }

  /** As {@link #logProbs}, of a prompt's own tokens from number {@code first} (at least 1) on. */
  public Scores logProbsWithin(Prompt prompt, int first) {
    requireRunnable(prompt);
    Pack pack = Pack.of(List.of(new Pack.Row(prompt, new int[0])), config);
    List<Long> places = new ArrayList<>();
    List<Long> targets = new ArrayList<>();
    for (int k = first; k < prompt.length(); k++) {
      places.add(pack.place(0, k - 1));
      targets.add((long) prompt.ids()[k]);
    }
    return scores(pack, places, targets, 1);
  }

  private Scores scores(Pack pack, List<Long> places, List<Long> targets, double temperature) {
    Scores[] scores = {new Scores(new float[0], new float[0])};
    if (places.isEmpty()) {
      return scores[0];
    }
    exclusively(
        () -> {
          try (NDManager scope = newScope()) {
            List<Object> first = new ArrayList<>(tokens(scope, pack));
            first.add(pack.layout(scope));
            first.add(scope.create(places.stream().mapToLong(Long::longValue).toArray()));
            first.add(scope.create(targets.stream().mapToLong(Long::longValue).toArray()));
            first.add(temperature);
            NDArray embed = weights.top.get(0);
            NDList result =
                call(scope, "log_probs", first, embed, weights.top.get(1), weights.head);
            scores[0] = new Scores(result.get(0).toFloatArray(), result.get(1).toFloatArray());
          }
        });
    return scores[0];
  }

  @Override
  public void close() {
    turn.lock();
    try {
      if (!closed) {
        closed = true;
        owner.close();
        weights.close();
      }
    } finally {
      turn.unlock();
    }
  }

  void requireRunnable(Prompt prompt) {
    String problem = prompt.problem(config);
    if (problem != null) {
      throw EngineErrors.badPrompt(problem);
    }
  }

  long[] allOf(List<PictureGrid> pictures) {
    int merge = config.vision().spatialMergeSize();
    return LongStream.range(0, pictures.stream().mapToLong(p -> p.tokens(merge)).sum()).toArray();
  }

  NDArray encode(NDManager scope, List<PictureGrid> pictures, long[] from) {
    PictureBatch batch = PictureBatch.of(scope, pictures, from, config.vision());
    return program.call(scope, "encode_pictures", batch.encoding(weights, config.vision())).head();
  }

  NDList call(NDManager scope, String name, List<Object> first, NDArray... tops) {
    ModelConfig.Text t = config.text();
    List<Object> arguments = new ArrayList<>(first);
    arguments.addAll(Arrays.asList(tops));
    arguments.add(weights.text);
    arguments.add(heads());
    arguments.add(sections());
    arguments.add(t.ropeTheta());
    arguments.add(t.rmsNormEps());
    return program.call(scope, name, arguments.toArray());
  }

  private long[] heads() {
    ModelConfig.Text t = config.text();
    return new long[] {t.heads(), t.kvHeads(), t.headDim()};
  }

  private long[] sections() {
    return Arrays.stream(config.text().mropeSection()).asLongStream().toArray();
  }

  /** ids, pictures, at, positions: what the programs begin with. */
  List<Object> tokens(NDManager scope, Pack pack) {
    NDArray pictures =
        pack.pictures().isEmpty()
            ? scope.create(new float[0], new Shape(0, config.text().hiddenSize()))
            : encode(scope, pack.pictures(), pack.from());
    return List.of(pack.ids(scope), pictures, scope.create(pack.at()), pack.positions(scope));
  }

  /** The same of one prompt's first tokens. */
  List<Object> tokens(NDManager scope, Prompt prompt, int length) {
    int[] ids = Arrays.copyOf(prompt.ids(), length);
    Prompt part = new Prompt(ids, prompt.pictures(), Math.min(prompt.given(), length));
    return tokens(scope, Pack.of(List.of(new Pack.Row(part, new int[0])), config));
  }

  static float[][] matrix(NDArray array) {
    float[] flat = array.toFloatArray();
    int columns = (int) array.getShape().get(1);
    float[][] rows = new float[flat.length / Math.max(1, columns)][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(flat, i * columns, (i + 1) * columns);
    }
    return rows;
  }
}
