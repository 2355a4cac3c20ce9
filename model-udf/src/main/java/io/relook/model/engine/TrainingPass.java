package io.relook.model.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.relook.model.checkpoint.LoraConfig;
import io.relook.model.checkpoint.ModelConfig;
import io.relook.model.torch.TorchProgram;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Packs of rows through a policy forward and back ({@code forward_backward} in {@code
 * torchscript/training.py}), in {@link Lanes}; gradients are added to the optimizer's sums.
 */
final class TrainingPass implements AutoCloseable {
  /**
   * What learns.
   *
   * @param pairs of an adapter, at their places; none without one
   * @param lora null without an adapter
   */
  record Learnt(TrainedParts parts, NDList pairs, AdapterLayout places, LoraConfig lora) {}

  private final TorchProgram program;
  private final ModelConfig config;
  private final Weights weights;
  private final Learnt learnt;
  private final Optimizer optimizer;

  /** Null where the picture half learns. */
  private final KeptEmbeddings kept;

  /** As {@link TrainableModel} says. */
  boolean recompute;

  long logitsAtOnce = TrainableModel.LOGITS_AT_ONCE;
  int fixedLanes;
  int longestByHand = TrainableModel.LONGEST_BY_HAND;

  TrainingPass(
      TorchProgram program,
      ModelConfig config,
      Weights weights,
      Learnt learnt,
      KeptEmbeddings kept,
      Optimizer optimizer) {
    this.program = program;
    this.config = config;
    this.weights = weights;
    this.learnt = learnt;
    this.kept = kept;
    this.optimizer = optimizer;
  }

  /** Outcomes in the packs' order; where not {@code learn}, sums stay as they are. */
  List<TrainableModel.Outcome> run(
      List<List<TrainingRow>> packs, Objective objective, boolean learn) {
    List<TrainingRow> rows = packs.stream().flatMap(List::stream).toList();
    for (TrainingRow row : rows) {
      String problem = row.prompt().plus(row.completion()).problem(config);
      if (problem != null) {
        throw EngineErrors.badPrompt(problem);
      }
    }
    Lanes lanes =
        fixedLanes > 0
            ? Lanes.exactly(packs, fixedLanes)
            : Lanes.of(packs, program.threads(), mostLanes());
    try (NDManager scope = program.newScope()) {
      if (kept != null) {
        kept.encode(rows.stream().flatMap(row -> row.prompt().pictures().stream()).toList());
      }
      List<NDList> sums = new ArrayList<>(List.of(optimizer.sums()));
      while (sums.size() < lanes.count()) {
        sums.add(learn ? optimizer.zeros(scope) : optimizer.sums());
      }
      TrainableModel.Outcome[][] parts = new TrainableModel.Outcome[packs.size()][lanes.count()];
      int threads = Math.max(1, program.threads() / lanes.count());
      SideBySide.run(
          lanes.count(),
          lane ->
              program.share(
                  threads,
                  () -> {
                    for (int pack = 0; pack < packs.size(); pack++) {
                      parts[pack][lane] =
                          pass(
                              lanes.rows(lane, pack),
                              objective,
                              learn,
                              sums.get(lane),
                              targetsAtOnce(lanes.count()));
                    }
                  }));
      for (int lane = 1; learn && lane < lanes.count(); lane++) {
        optimizer.add(sums.get(lane));
      }
      return IntStream.range(0, packs.size())
          .mapToObj(pack -> TrainableModel.Outcome.join(lanes, pack, List.of(parts[pack])))
          .toList();
    } finally {
      if (kept != null) {
        kept.trim();
      }
    }
  }

  private TrainableModel.Outcome pass(
      List<TrainingRow> rows, Objective objective, boolean learn, NDList sums, int atOnce) {
    if (rows.isEmpty()) {
      return TrainableModel.Outcome.none();
    }
    Pack pack = Pack.of(rows.stream().map(TrainingRow::packed).toList(), config);
    try (NDManager scope = program.newScope()) {
      List<Object> arguments = new ArrayList<>();
      boolean spans = pack.longest() <= mostByHand();
      arguments.addAll(List.of(pack.ids(scope), pack.positions(scope)));
      arguments.add(spans ? new NDList() : pack.layout(scope));
      arguments.add(spans ? pack.spans() : new long[0]);
      arguments.addAll(ObjectiveProgram.targets(scope, rows, pack));
      arguments.addAll(ObjectiveProgram.arguments(objective));
      arguments.add(objective.temperature());
      arguments.addAll(arguments(scope, pack));
      arguments.addAll(List.of(atOnce, recompute, learn, sums));
      return TrainableModel.Outcome.of(
          program.callWithGradients(scope, "forward_backward", arguments.toArray()));
    }
  }

  /** One where memory counts more than time. */
  int mostLanes() {
    return program.device().isGpu() || recompute
        ? 1
        : Lanes.most(program.threads(), optimizer.values());
  }

  /** None on a GPU, for which so many small products are not, and where memory counts more. */
  int mostByHand() {
    return program.device().isGpu() || recompute ? 0 : longestByHand;
  }

  /** So many that their logits stay small; at least one row of a product's block. */
  private int targetsAtOnce(int lanes) {
    return (int) Math.max(64, logitsAtOnce / lanes / config.text().vocabSize());
  }

  /** From patches to at, then what depends on the pictures' sizes. */
  private List<Object> arguments(NDManager scope, Pack pack) {
    ModelConfig.Text t = config.text();
    ModelConfig.Vision v = config.vision();
    boolean patches = kept == null && !pack.pictures().isEmpty();
    PictureBatch shown =
        patches
            ? PictureBatch.of(scope, pack.pictures(), pack.from(), v)
            : PictureBatch.none(scope);
    NDArray embeddings =
        patches || pack.pictures().isEmpty()
            ? scope.create(new float[0], new Shape(0, t.hiddenSize()))
            : kept.of(scope, pack.pictures());
    List<Object> arguments = new ArrayList<>();
    arguments.addAll(List.of(shown.patches(), shown.places()));
    arguments.add(patches ? shown.back() : scope.create(pack.from()));
    arguments.add(embeddings);
    arguments.add(scope.create(pack.at()));
    arguments.addAll(List.of(weights.ends, weights.vision, weights.top, weights.text));
    arguments.addAll(List.of(learnt.pairs, learnt.places.first(), learnt.places.rowsAround()));
    arguments.add(learnt.lora == null ? 0.0 : learnt.lora.scale());
    arguments.add(learnt.parts.flags());
    arguments.add(v.heads());
    arguments.addAll(List.of(shown.fullBlocks(), shown.windows(), shown.pictures()));
    arguments.add(new long[] {t.heads(), t.kvHeads(), t.headDim()});
    arguments.add(Arrays.stream(t.mropeSection()).asLongStream().toArray());
    arguments.addAll(List.of(t.ropeTheta(), t.rmsNormEps()));
    return arguments;
  }

  @Override
  public void close() {
    if (kept != null) {
      kept.close();
    }
  }
}
