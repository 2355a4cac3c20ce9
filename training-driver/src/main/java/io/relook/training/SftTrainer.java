package io.relook.training;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.model.torch.TorchProgram;
import io.relook.preset.Preset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.spark.sql.Row;

/**
 * {@code sft_examples} of an iteration → {@code training_steps}, {@code checkpoints}: cross-entropy
 * of the learnt tokens, mean over the batch's. Goes on from the last committed step.
 */
final class SftTrainer {
  private final Lakehouse lakehouse;
  private final Policies policies;
  private final TorchProgram program;
  private final RowPrompts prompts;
  private final Preset.Sft config;
  private final int threads;

  SftTrainer(
      Lakehouse lakehouse,
      Policies policies,
      TorchProgram program,
      RowPrompts prompts,
      Preset.Sft config,
      int threads) {
    this.lakehouse = lakehouse;
    this.policies = policies;
    this.program = program;
    this.prompts = prompts;
    this.config = config;
    this.threads = threads;
  }

  /** Trains {@code from} to the end of the stage; returns the last version. */
  Rows.CheckpointRow run(
      String runId, int iteration, Rows.CheckpointRow from, Consumer<String> log) {
    List<Rows.SftExample> examples = new ArrayList<>();
    Set<String> images = new HashSet<>();
    for (Row row :
        lakehouse
            .read(Table.SFT_EXAMPLES)
            .where(col("run_id").equalTo(runId).and(col("iteration").equalTo(iteration)))
            .orderBy("example_id")
            .collectAsList()) {
      examples.add(Rows.SFT_EXAMPLE.fromRow(row));
      images.addAll(examples.get(examples.size() - 1).imageIds());
    }
    if (examples.isEmpty()) {
      throw new RelookException(
          RelookException.Category.DATA,
          "There are no examples to fine-tune on in iteration %d of %s: no trace was kept (reflections.reason says why). Loosen reconstruct's filters, or take other questions."
              .formatted(iteration, runId));
    }
    prompts.readAhead(images);
    long version = lakehouse.version(Table.SFT_EXAMPLES);
    int perEpoch = (examples.size() + config.batch() - 1) / config.batch();
    int total = config.steps() > 0 ? config.steps() : perEpoch * config.epochs();
    Optional<Rows.CheckpointRow> done = policies.newest(iteration, "sft");
    Curves curves = Curves.of(lakehouse, runId, iteration, "sft", done);
    Rows.CheckpointRow current = done.orElse(from);
    if (done.isPresent() && current.step() >= total) {
      // The stages after this one drop the optimizer's state: a finished stage must not need it.
      return current;
    }
    LearningRate schedule =
        new LearningRate(config.rate(), config.schedule(), config.warmupSteps(), total);
    List<Row> steps = new ArrayList<>();
    try (TrainableModel model = policies.load(program, from, done)) {
      OptimizerStep optimizer =
          new OptimizerStep(
              model,
              policies.gradients(from, "sft", threads),
              policies.train(),
              config.tokenBudget(),
              config.maxGradientNorm(),
              config.weightDecay(),
              policies.skipped(iteration, "sft", done));
      for (int step = done.map(Rows.CheckpointRow::step).orElse(0); step < total; step++) {
        long began = System.nanoTime();
        List<Rows.SftExample> batch = batch(examples, iteration, step / perEpoch, step % perEpoch);
        double rate = schedule.at(step);
        OptimizerStep.Done made = optimizer.supervised(rows(prompts, batch), rate);
        String out = "%s/%d/sft/%d".formatted(runId, iteration, step + 1);
        steps.add(
            Rows.TRAINING_STEP.toRow(
                new Rows.TrainingStep(
                    runId,
                    iteration,
                    "sft",
                    step + 1,
                    made.measures().loss(),
                    made.norm(),
                    rate,
                    batch.size(),
                    made.measures().tokens(),
                    null,
                    null,
                    made.measures().entropy(),
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    batch.stream().map(Rows.SftExample::exampleId).toList(),
                    List.of(),
                    Map.of(Table.SFT_EXAMPLES.tableName(), version),
                    current.policyVersion(),
                    out,
                    (System.nanoTime() - began) / 1e9,
                    made.skipped(),
                    made.measures().lossParts(),
                    null,
                    made.measures().lengths(),
                    made.secondsByPart(),
                    null,
                    null)));
        boolean saves = (step + 1) % config.saveEvery() == 0 || step + 1 == total;
        if (saves || optimizer.isOverBudget()) {
          lakehouse.replace(Table.TRAINING_STEPS, steps);
          optimizer.requireBudget(made);
        }
        if (saves) {
          current = policies.save(model, iteration, "sft", step + 1, current.policyVersion());
          curves.add(steps, current);
          steps.clear();
          log.accept("step %d of %d, loss %.4f".formatted(step + 1, total, made.measures().loss()));
        }
      }
    }
    return current;
  }

  /** Each epoch in an order of its own that the numbers alone decide. */
  private List<Rows.SftExample> batch(
      List<Rows.SftExample> examples, int iteration, int epoch, int number) {
    List<Rows.SftExample> shuffled = new ArrayList<>(examples);
    Collections.shuffle(shuffled, new Random(31L * iteration + epoch));
    int from = number * config.batch();
    return shuffled.subList(from, Math.min(shuffled.size(), from + config.batch()));
  }

  /** A step's rows; each of its targets weighs the same. */
  static List<TrainingRow> rows(RowPrompts prompts, List<Rows.SftExample> batch) {
    Set<String> images = new HashSet<>();
    batch.forEach(example -> images.addAll(example.imageIds()));
    prompts.prepare(images);
    int targets = batch.stream().mapToInt(e -> e.completionIds().size()).sum();
    List<TrainingRow> rows = new ArrayList<>();
    for (Rows.SftExample example : batch) {
      float[] weights = new float[example.completionIds().size()];
      Arrays.fill(weights, 1f / targets);
      rows.add(
          TrainingRow.supervised(
              prompts.of(example.promptIds(), example.imageIds()),
              example.completionIds().stream().mapToInt(Integer::intValue).toArray(),
              weights));
    }
    return rows;
  }
}
