package io.relook.model.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.relook.model.checkpoint.ModelConfig;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;

/** The arguments and results of one call of the program {@code decode}, in plain arrays. */
final class DecodeCall {
  private final VisionLanguageModel model;
  private final KeyValueCache cache;
  private final Generator.Options options;
  private final int steps;
  private final int slots;
  private final Sampling[] samplings;
  private final long[] token;
  private final long[] length;
  private final long[] position;
  private final boolean[] alive;
  private final float[] uniform;
  private long[] tokens;
  private float[] logProbs;

  DecodeCall(VisionLanguageModel model, KeyValueCache cache, Generator.Options options, int steps) {
    this.model = model;
    this.cache = cache;
    this.options = options;
    this.steps = steps;
    this.slots = options.slots();
    this.samplings = new Sampling[slots];
    this.token = new long[slots];
    this.length = new long[slots];
    this.position = new long[slots];
    this.alive = new boolean[slots];
    this.uniform = new float[steps * slots];
  }

  /**
   * A slot that generates: {@code done} tokens are drawn, {@code newest} is the newest one, the
   * prompt's last at first.
   */
  void row(int slot, Sampling sampling, int done, int newest, float[] numbers, long firstPosition) {
    samplings[slot] = sampling;
    length[slot] = done;
    position[slot] = firstPosition + done;
    token[slot] = newest;
    alive[slot] = true;
    for (int t = 0; t < steps; t++) {
      uniform[t * slots + slot] = numbers[t];
    }
  }

  /** The token drawn at a step, -1 after the row's end. */
  int token(int step, int slot) {
    return (int) tokens[step * slots + slot];
  }

  float logProb(int step, int slot) {
    return logProbs[step * slots + slot];
  }

  void run() {
    ModelConfig.Text text = model.config().text();
    List<Sampling> live = Arrays.stream(samplings).filter(s -> s != null).toList();
    boolean filtered = live.stream().anyMatch(Sampling::isFiltered);
    boolean tracked = live.stream().anyMatch(Sampling::isPenalised);
    boolean anyGreedy = live.stream().anyMatch(Sampling::isGreedy);
    boolean allGreedy = live.stream().allMatch(Sampling::isGreedy);
    int stops = live.stream().mapToInt(s -> s.stopTokenIds().size()).max().orElse(0);
    int most = live.stream().mapToInt(Sampling::maxNewTokens).max().orElse(1);
    int longest = (int) Arrays.stream(length).max().orElse(0);
    cache.fitOwn(Math.min(longest + steps, most));
    long[] heads = {text.heads(), text.kvHeads(), text.headDim(), options.bankRows()};
    Weights weights = model.weights();
    try (NDManager scope = model.newScope()) {
      NDList results =
          model
              .program()
              .call(
                  scope,
                  "decode",
                  weights.top.get(0),
                  weights.top.get(1),
                  weights.head,
                  weights.text,
                  cache.promptKeys,
                  cache.promptValues,
                  cache.own,
                  model.rope(),
                  scope.create(token),
                  scope.create(length),
                  scope.create(position),
                  scope.create(alive),
                  numbers(scope, Sampling::maxNewTokens),
                  numbers(scope, Sampling::minNewTokens),
                  stopIds(scope, stops),
                  scope.create(Arrays.stream(cache.promptLengths).asLongStream().toArray()),
                  scope.create(uniform, new Shape(steps, slots)),
                  column(scope, 1, s -> s.isGreedy() ? 1 : s.temperature()),
                  greedyRows(scope),
                  cache.seen,
                  column(scope, 1, Sampling::repetitionPenalty),
                  topK(scope, text.vocabSize()),
                  column(scope, 1, Sampling::topP),
                  column(scope, 0, Sampling::minP),
                  anyGreedy,
                  allGreedy,
                  filtered,
                  tracked,
                  heads,
                  text.rmsNormEps());
      tokens = results.get(0).toLongArray();
      logProbs = results.get(1).toFloatArray();
    }
  }

  private NDArray numbers(NDManager scope, ToIntFunction<Sampling> setting) {
    long[] values = new long[slots];
    for (int i = 0; i < slots; i++) {
      values[i] = samplings[i] == null ? 0 : setting.applyAsInt(samplings[i]);
    }
    return scope.create(values);
  }

  private NDArray column(NDManager scope, double idle, ToDoubleFunction<Sampling> setting) {
    float[] values = new float[slots];
    for (int i = 0; i < slots; i++) {
      values[i] = (float) (samplings[i] == null ? idle : setting.applyAsDouble(samplings[i]));
    }
    return scope.create(values, new Shape(slots, 1));
  }

  private NDArray topK(NDManager scope, int vocabulary) {
    long[] values = new long[slots];
    for (int i = 0; i < slots; i++) {
      int k = samplings[i] == null ? 0 : samplings[i].topK();
      values[i] = k == 0 ? vocabulary : Math.min(k, vocabulary);
    }
    return scope.create(values, new Shape(slots, 1));
  }

  private NDArray greedyRows(NDManager scope) {
    boolean[] values = new boolean[slots];
    for (int i = 0; i < slots; i++) {
      values[i] = samplings[i] != null && samplings[i].isGreedy();
    }
    return scope.create(values);
  }

  private NDArray stopIds(NDManager scope, int columns) {
    long[] values = new long[slots * columns];
    Arrays.fill(values, -1);
    for (int i = 0; i < slots; i++) {
      if (samplings[i] != null) {
        for (int k = 0; k < samplings[i].stopTokenIds().size(); k++) {
          values[i * columns + k] = samplings[i].stopTokenIds().get(k);
        }
      }
    }
    return scope.create(values, new Shape(slots, columns));
  }
}
