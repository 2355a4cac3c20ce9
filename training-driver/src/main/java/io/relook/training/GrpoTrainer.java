package io.relook.training;

import static org.apache.spark.sql.functions.col;

import io.relook.jobs.RolloutJob;
import io.relook.jobs.ScoreJob;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.engine.Objective;
import io.relook.model.engine.PolicyRow;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.model.spark.EngineSettings;
import io.relook.model.torch.TorchProgram;
import io.relook.objective.OutcomeAdvantages;
import io.relook.preset.Preset;
import io.relook.rewards.Rewards;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;

/**
 * GRPO (arXiv 2402.03300) with the loss that TRL calls `grpo`: per step, roll out → score →
 * advantages → one update. Tables in: queries; out: trajectories, rewards, training_steps,
 * checkpoints. A group whose rewards are all equal teaches nothing: it stays in the tables and is
 * left out of the step.
 */
final class GrpoTrainer {
  /** How often a step whose groups all agree asks other queries (our choice). */
  private static final int MORE_GROUPS = 3;

  /** As TRL has it: deviation with n - 1, 1e-4 added; a sample without a reward gets 0. */
  private static final OutcomeAdvantages ADVANTAGES =
      new OutcomeAdvantages.Normalised(
          OutcomeAdvantages.Scale.GROUP, 1e-4, OutcomeAdvantages.Alone.ZERO);

  private final Lakehouse lakehouse;
  private final Policies policies;
  private final TorchProgram program;
  private final RowPrompts prompts;
  private final Rewards rewards;
  private final Preset preset;
  private final EngineSettings engine;

  GrpoTrainer(
      Lakehouse lakehouse,
      Policies policies,
      TorchProgram program,
      RowPrompts prompts,
      Rewards rewards,
      Preset preset) {
    this.lakehouse = lakehouse;
    this.policies = policies;
    this.program = program;
    this.prompts = prompts;
    this.rewards = rewards;
    this.preset = preset;
    this.engine = preset.engine();
  }

  /** A sample with what it earned. */
  private record Sample(Rows.Trajectory trajectory, double total, double advantage) {}

  /** What a step trains on. */
  private record Batch(
      List<Sample> samples,
      int groups,
      int used,
      List<Rows.GroupFiltered> filtered,
      double mean,
      double deviation) {}

  /** Trains {@code from} for the preset's steps; returns the last version. */
  Rows.CheckpointRow run(
      String runId,
      int iteration,
      Rows.CheckpointRow from,
      List<RolloutJob.Ask> queries,
      Consumer<String> log) {
    Preset.Grpo grpo = preset.grpo();
    LearningRate schedule =
        new LearningRate(
            grpo.rate(), LearningRate.Shape.CONSTANT, grpo.warmupSteps(), grpo.steps());
    Optional<Rows.CheckpointRow> done = policies.newest(iteration, "grpo");
    Rows.CheckpointRow current = done.orElse(from);
    if (done.map(Rows.CheckpointRow::step).orElse(0) >= grpo.steps()) {
      return current;
    }
    if (queries.isEmpty()) {
      throw new RelookException(
          RelookException.Category.DATA,
          "No question is answered sometimes right and sometimes wrong by "
              + current.policyVersion()
              + ": there is nothing for GRPO to compare. Use other questions or more samples.");
    }
    try (TrainableModel model = policies.load(program, current, done.isPresent())) {
      for (int step = current.stage().equals("grpo") ? current.step() + 1 : 1;
          step <= grpo.steps();
          step++) {
        long began = System.nanoTime();
        List<RolloutJob.Ask> asked = new ArrayList<>(slice(queries, iteration, step - 1));
        rollOut(runId, iteration, step, current, asked);
        Batch batch = batch(runId, iteration, step, asked);
        for (int more = 1; batch.used == 0 && more <= MORE_GROUPS; more++) {
          int next = step - 1 + more * grpo.steps();
          asked.addAll(slice(queries, iteration, next));
          rollOut(runId, iteration, step, current, asked);
          batch = batch(runId, iteration, step, asked);
        }
        Map<String, Long> read =
            Map.of(
                Table.TRAJECTORIES.tableName(), lakehouse.version(Table.TRAJECTORIES),
                Table.REWARDS.tableName(), lakehouse.version(Table.REWARDS));
        Update update = update(model, batch, schedule.at(step - 1));
        Rows.CheckpointRow before = current;
        String out = "%s/%d/grpo/%d".formatted(runId, iteration, step);
        double seconds = (System.nanoTime() - began) / 1e9;
        lakehouse.replace(
            Table.TRAINING_STEPS,
            List.of(
                Rows.TRAINING_STEP.toRow(
                    update.row(
                        runId,
                        iteration,
                        step,
                        batch,
                        read,
                        before.policyVersion(),
                        out,
                        schedule.at(step - 1),
                        seconds))));
        current = policies.save(model, iteration, "grpo", step, before.policyVersion());
        if (before.stage().equals("grpo")) {
          policies.forgetOptimizer(before);
        }
        log.accept(
            "step %d of %d, reward %.3f, %d of %d groups, loss %.4f, %.1f s"
                .formatted(
                    step,
                    grpo.steps(),
                    batch.mean,
                    batch.used,
                    batch.groups,
                    update.loss,
                    seconds));
      }
    }
    return current;
  }

  /** Queries number {@code index} times the step's size and on, in an order of each pass's own. */
  private List<RolloutJob.Ask> slice(List<RolloutJob.Ask> queries, int iteration, int index) {
    int perEpoch = Math.max(1, queries.size() / preset.grpo().queries());
    List<RolloutJob.Ask> shuffled = new ArrayList<>(queries);
    Collections.shuffle(shuffled, new Random(1009L * iteration + index / perEpoch));
    int from = index % perEpoch * preset.grpo().queries();
    return shuffled.subList(from, Math.min(shuffled.size(), from + preset.grpo().queries()));
  }

  private void rollOut(
      String runId, int iteration, int step, Rows.CheckpointRow policy, List<RolloutJob.Ask> asks) {
    Preset.Rollout sampling = preset.rollout();
    RolloutJob.Config config =
        new RolloutJob.Config(
            runId,
            iteration,
            Phase.RL,
            step,
            policy.policyVersion(),
            policy.uri(),
            preset.grpo().samples(),
            preset.grpo().temperature(),
            sampling.maxNewTokens(),
            sampling.minPixels(),
            sampling.chunk(),
            sampling.partitions(),
            preset.failureBudget());
    new RolloutJob(lakehouse, engine, config).run(asks, rows -> {});
    new ScoreJob(lakehouse, rewards, preset.failureBudget()).run(runId);
  }

  /** Of what was asked for alone: a run that was stopped may have sampled more for the step. */
  private Batch batch(String runId, int iteration, int step, List<RolloutJob.Ask> asked) {
    Set<String> queries = asked.stream().map(RolloutJob.Ask::queryId).collect(Collectors.toSet());
    Map<String, List<Row>> groups = new TreeMap<>();
    for (Row row :
        lakehouse
            .read(Table.TRAJECTORIES)
            .where(
                col("run_id")
                    .equalTo(runId)
                    .and(col("iteration").equalTo(iteration))
                    .and(col("phase").equalTo(Phase.RL.word()))
                    .and(col("step").equalTo(step)))
            .join(
                lakehouse
                    .read(Table.REWARDS)
                    .where(col("version").equalTo(rewards.version()))
                    .select("trajectory_id", "total"),
                "trajectory_id")
            .orderBy("query_id", "sample")
            .collectAsList()) {
      if (queries.contains(row.<String>getAs("query_id"))) {
        groups.computeIfAbsent(row.getAs("query_id"), q -> new ArrayList<>()).add(row);
      }
    }
    List<Sample> samples = new ArrayList<>();
    List<Double> all = new ArrayList<>();
    List<Rows.GroupFiltered> filtered = new ArrayList<>();
    int used = 0;
    for (List<Row> group : groups.values()) {
      double[] totals =
          group.stream()
              .mapToDouble(r -> r.getAs("total") == null ? Double.NaN : r.<Double>getAs("total"))
              .toArray();
      Arrays.stream(totals).filter(t -> !Double.isNaN(t)).forEach(all::add);
      double[] advantages = ADVANTAGES.of(totals, totals, new long[totals.length]);
      if (Arrays.stream(advantages).anyMatch(a -> Math.abs(a) > 1e-9)) {
        used++;
        for (int i = 0; i < totals.length; i++) {
          if (!Double.isNaN(totals[i])) {
            samples.add(
                new Sample(Rows.TRAJECTORY.fromRow(group.get(i)), totals[i], advantages[i]));
          }
        }
      } else {
        boolean none = Arrays.stream(totals).allMatch(Double::isNaN);
        filtered.add(
            new Rows.GroupFiltered(
                group.get(0).getAs("query_id"), none ? "no rewards" : "all rewards are equal"));
      }
    }
    double mean = all.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    double square = all.stream().mapToDouble(r -> (r - mean) * (r - mean)).average().orElse(0);
    return new Batch(samples, groups.size(), used, filtered, mean, Math.sqrt(square));
  }

  /** What an update measured. */
  private record Update(
      double loss,
      double norm,
      long tokens,
      Double entropy,
      Double clipped,
      Double largest,
      Double gap) {
    Rows.TrainingStep row(
        String runId,
        int iteration,
        int step,
        Batch batch,
        Map<String, Long> read,
        String in,
        String out,
        double rate,
        double seconds) {
      return new Rows.TrainingStep(
          runId,
          iteration,
          "grpo",
          step,
          loss,
          norm,
          rate,
          batch.samples.size(),
          tokens,
          batch.mean,
          batch.deviation,
          entropy,
          clipped,
          largest,
          gap,
          batch.groups,
          batch.used,
          batch.filtered,
          batch.samples.stream().map(s -> s.trajectory.trajectoryId()).toList(),
          batch.samples.stream().map(s -> s.advantage).toList(),
          read,
          in,
          out,
          seconds);
    }
  }

  /** Mean over each sequence's tokens, then over sequences. */
  private Update update(TrainableModel model, Batch batch, double rate) {
    Preset.Grpo grpo = preset.grpo();
    Set<String> images = new HashSet<>();
    batch.samples.forEach(s -> images.addAll(s.trajectory.imageIds()));
    prompts.prepare(images);
    List<TrainingRow> rows = new ArrayList<>();
    for (Sample sample : batch.samples) {
      Rows.Trajectory t = sample.trajectory;
      int[] ids = t.completionIds().stream().mapToInt(Integer::intValue).toArray();
      float[] old = new float[ids.length];
      for (int i = 0; i < old.length; i++) {
        old[i] = t.logProbs().get(i);
      }
      float[] weights = new float[ids.length];
      Arrays.fill(weights, 1f / ids.length / batch.samples.size());
      float[] advantages = new float[ids.length];
      Arrays.fill(advantages, (float) sample.advantage);
      rows.add(
          new TrainingRow(
              prompts.of(t.promptIds(), t.imageIds()),
              ids,
              PolicyRow.of(weights, advantages, old)));
    }
    if (rows.isEmpty()) {
      return new Update(0, 0, 0, null, null, null, null);
    }
    Objective objective =
        Objective.Policy.clipped(grpo.clipLow(), grpo.clipHigh(), grpo.temperature());
    double loss = 0;
    double entropy = 0;
    double gap = 0;
    double largest = 0;
    long clipped = 0;
    long tokens = 0;
    for (List<TrainingRow> micro : MicroBatches.of(rows, grpo.tokenBudget())) {
      TrainableModel.Outcome outcome = model.forwardBackward(micro, objective);
      loss += outcome.loss();
      int at = 0;
      for (TrainingRow row : micro) {
        for (int i = 0; i < row.completion().length; i++, at++) {
          double difference = outcome.logProbs()[at] - row.targets().old()[i];
          double ratio = Math.exp(difference);
          gap = Math.max(gap, Math.abs(difference));
          largest = Math.max(largest, ratio);
          clipped += ratio > 1 + grpo.clipHigh() || ratio < 1 - grpo.clipLow() ? 1 : 0;
          entropy += outcome.entropies()[at];
          tokens++;
        }
      }
    }
    double norm = model.clipGradient(grpo.maxGradientNorm());
    model.step(rate, TrainableModel.AdamW.standard());
    return new Update(
        loss, norm, tokens, entropy / tokens, (double) clipped / tokens, largest, gap);
  }
}
