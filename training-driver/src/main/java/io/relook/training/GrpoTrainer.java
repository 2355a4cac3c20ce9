package io.relook.training;

import io.relook.jobs.RolloutJob;
import io.relook.jobs.ScoreJob;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.model.torch.TorchProgram;
import io.relook.preset.Preset;
import io.relook.rewards.Rewards;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;

/**
 * GRPO (arXiv 2402.03300) and its kin, as the preset's objective says: per step, roll out → score →
 * advantages → one update. Tables in: queries; out: trajectories, rewards, training_steps,
 * checkpoints. Groups that the objective filters stay in the tables and are left out of the step.
 */
final class GrpoTrainer {
  private final Lakehouse lakehouse;
  private final Policies policies;
  private final TorchProgram program;
  private final RowPrompts prompts;
  private final Rewards rewards;
  private final Preset preset;
  private final PolicyStep objective;

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
    this.objective = new PolicyStep(preset.grpo().objective(), preset.rollout().maxNewTokens());
  }

  /** Trains {@code from} for the preset's steps; returns the last version. */
  Rows.CheckpointRow run(
      String runId,
      int iteration,
      Rows.CheckpointRow from,
      List<RolloutJob.Ask> queries,
      Consumer<String> log) {
    Preset.Grpo grpo = preset.grpo();
    LearningRate schedule =
        new LearningRate(grpo.rate(), grpo.schedule(), grpo.warmupSteps(), grpo.steps());
    Optional<Rows.CheckpointRow> done = policies.newest(iteration, "grpo");
    Curves curves = Curves.of(lakehouse, runId, iteration, "grpo", done);
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
    try (TrainableModel model = policies.load(program, from, done);
        TrainableModel reference =
            grpo.objective().needsReference() ? policies.reference(program, from) : null) {
      OptimizerStep optimizer =
          new OptimizerStep(
              model,
              policies.gradients(from, "grpo", preset.engine().threads()),
              policies.train(),
              grpo.tokenBudget(),
              grpo.maxGradientNorm(),
              grpo.weightDecay(),
              policies.skipped(iteration, "grpo", done));
      GrpoUpdate update = new GrpoUpdate(model, reference, prompts, grpo, objective);
      for (int step = done.map(Rows.CheckpointRow::step).orElse(0) + 1;
          step <= grpo.steps();
          step++) {
        long began = System.nanoTime();
        Clock clock = new Clock();
        long answers = lakehouse.version(Table.QUERIES);
        Map<String, RolloutJob.Ask> asked = new LinkedHashMap<>();
        GrpoBatch batch = null;
        for (int more = 0; more <= grpo.objective().resample(); more++) {
          int before = asked.size();
          ask(asked, queries, iteration, step - 1 + more * grpo.steps());
          if (asked.size() == before) {
            break;
          }
          rollOut(runId, iteration, step, current, List.copyOf(asked.values()), clock);
          batch = batch(update, runId, iteration, step, asked.keySet());
          if (batch.used() >= grpo.queries()) {
            break;
          }
        }
        if (iteration == 1 && step == 1 && batch.isNoneRight()) {
          new ScoreJob(lakehouse, rewards, preset.failureBudget())
              .noneRight(runId)
              .ifPresent(warning -> log.accept("warning: " + warning));
        }
        Map<String, Long> read =
            Map.of(
                Table.QUERIES.tableName(), answers,
                Table.TRAJECTORIES.tableName(), lakehouse.version(Table.TRAJECTORIES),
                Table.REWARDS.tableName(), lakehouse.version(Table.REWARDS));
        List<TrainingRow> rows = update.rows(batch.samples());
        clock.lap("prepare");
        OptimizerStep.Done made = update.make(optimizer, rows, schedule.at(step - 1));
        made.secondsByPart().forEach(clock::put);
        double seconds = (System.nanoTime() - began) / 1e9;
        Row told =
            Rows.TRAINING_STEP.toRow(
                row(
                    new StepId(runId, iteration, step, current.policyVersion(), rewards.version()),
                    batch,
                    read,
                    made,
                    schedule.at(step - 1),
                    seconds,
                    clock.seconds()));
        lakehouse.replace(Table.TRAINING_STEPS, List.of(told));
        optimizer.requireBudget(made);
        current = policies.save(model, iteration, "grpo", step, current.policyVersion());
        curves.add(List.of(told), current);
        log.accept(
            "step %d of %d, reward %.3f, %d of %d groups, gradient norm %.3f, %.1f s"
                .formatted(
                    step,
                    grpo.steps(),
                    batch.mean(),
                    batch.used(),
                    batch.groups(),
                    made.norm(),
                    seconds));
      }
    }
    return current;
  }

  /** Adds a step's size of queries: the slice, and where it was asked already, any other. */
  private void ask(
      Map<String, RolloutJob.Ask> asked, List<RolloutJob.Ask> queries, int iteration, int index) {
    int enough = asked.size() + preset.grpo().queries();
    Stream.concat(slice(queries, iteration, index).stream(), queries.stream())
        .takeWhile(query -> asked.size() < enough)
        .forEachOrdered(query -> asked.putIfAbsent(query.queryId(), query));
  }

  /**
   * Queries number {@code index} times the step's size and on, in an order of each pass's own, or
   * as they came where the preset orders them.
   */
  private List<RolloutJob.Ask> slice(List<RolloutJob.Ask> queries, int iteration, int index) {
    int perEpoch = Math.max(1, queries.size() / preset.grpo().queries());
    List<RolloutJob.Ask> shuffled = new ArrayList<>(queries);
    if (preset.difficulty().order() == Preset.Order.SHUFFLED) {
      Collections.shuffle(shuffled, new Random(1009L * iteration + index / perEpoch));
    }
    int from = index % perEpoch * preset.grpo().queries();
    return shuffled.subList(from, Math.min(shuffled.size(), from + preset.grpo().queries()));
  }

  private void rollOut(
      String runId,
      int iteration,
      int step,
      Rows.CheckpointRow policy,
      List<RolloutJob.Ask> asks,
      Clock clock) {
    RolloutJob.Config config =
        RolloutJob.Config.of(preset, runId, iteration, Phase.RL, step, policy);
    new RolloutJob(lakehouse, preset.engine(), config).run(asks, rows -> {});
    clock.lap("roll_out");
    new ScoreJob(lakehouse, rewards, preset.failureBudget()).run(runId);
    clock.lap("score");
  }

  private GrpoBatch batch(
      GrpoUpdate update, String runId, int iteration, int step, Collection<String> asked) {
    return GrpoBatch.read(
        lakehouse.read(Table.TRAJECTORIES),
        lakehouse.read(Table.REWARDS),
        new GrpoBatch.Place(runId, iteration, step, rewards.version()),
        new GrpoBatch.Wanted(List.copyOf(asked), preset.grpo().queries()),
        objective,
        update::penalty);
  }

  private record StepId(
      String runId, int iteration, int step, String policy, String rewardVersion) {}

  private static Rows.TrainingStep row(
      StepId id,
      GrpoBatch batch,
      Map<String, Long> read,
      OptimizerStep.Done made,
      double rate,
      double seconds,
      Map<String, Double> secondsByPart) {
    StepMeasures measures = made.measures();
    boolean any = !batch.samples().isEmpty();
    Map<String, Double> metrics = batch.spreads();
    if (any) {
      metrics.putAll(measures.policy(batch.advantages(), batch.truncatedShare()));
    }
    return new Rows.TrainingStep(
        id.runId,
        id.iteration,
        "grpo",
        id.step,
        measures.loss(),
        made.norm(),
        rate,
        batch.samples().size(),
        measures.tokens(),
        batch.mean(),
        batch.deviation(),
        any ? measures.entropy() : null,
        any ? measures.clipFraction() : null,
        any ? measures.mostRatio() : null,
        any ? measures.largestGap() : null,
        batch.groups(),
        batch.used(),
        batch.filtered(),
        batch.trajectoryIds(),
        batch.advantages(),
        read,
        id.policy,
        "%s/%d/grpo/%d".formatted(id.runId, id.iteration, id.step),
        seconds,
        made.skipped(),
        any ? measures.lossParts() : null,
        batch.means(),
        metrics,
        secondsByPart,
        measures.gaps(),
        id.rewardVersion);
  }
}
