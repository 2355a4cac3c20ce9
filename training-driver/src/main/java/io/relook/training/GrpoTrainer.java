package io.relook.training;

import static org.apache.spark.sql.functions.col;

import io.relook.jobs.RolloutJob;
import io.relook.jobs.ScoreJob;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.engine.PolicyRow;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.model.torch.TorchProgram;
import io.relook.objective.ClipBounds;
import io.relook.objective.Masked;
import io.relook.preset.ObjectiveValues;
import io.relook.preset.Preset;
import io.relook.rewards.Rewards;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;

/**
 * GRPO (arXiv 2402.03300) and its kin, as the preset's objective says: per step, roll out → score →
 * advantages → one update. Tables in: queries; out: trajectories, rewards, training_steps,
 * checkpoints. A group whose rewards are all equal teaches nothing: it stays in the tables and is
 * left out of the step.
 */
final class GrpoTrainer {
  /** How often a step whose groups all agree asks other queries (our choice). */
  private static final int MORE_GROUPS = 3;

  /** Rewards closer than this are equal. */
  private static final double SAME_REWARD = 1e-12;

  private static final String TRUNCATED = "length";

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

  /** A sample with what it earned. */
  private record Sample(Rows.Trajectory trajectory, double total, double advantage) {}

  /** What a step trains on. */
  private record Batch(
      List<Sample> samples,
      int groups,
      int used,
      List<Rows.GroupFiltered> filtered,
      double mean,
      double deviation,
      Map<String, Double> parts) {}

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
      for (int step = current.stage().equals("grpo") ? current.step() + 1 : 1;
          step <= grpo.steps();
          step++) {
        long began = System.nanoTime();
        List<RolloutJob.Ask> asked = new ArrayList<>(slice(queries, iteration, step - 1));
        Clock clock = new Clock();
        rollOut(runId, iteration, step, current, asked, clock);
        Batch batch = batch(runId, iteration, step, asked);
        for (int more = 1; batch.used == 0 && more <= MORE_GROUPS; more++) {
          int next = step - 1 + more * grpo.steps();
          asked.addAll(slice(queries, iteration, next));
          rollOut(runId, iteration, step, current, asked, clock);
          batch = batch(runId, iteration, step, asked);
        }
        Map<String, Long> read =
            Map.of(
                Table.TRAJECTORIES.tableName(), lakehouse.version(Table.TRAJECTORIES),
                Table.REWARDS.tableName(), lakehouse.version(Table.REWARDS));
        List<TrainingRow> rows = rows(model, reference, batch);
        clock.lap("prepare");
        OptimizerStep.Done made = optimize(optimizer, rows, schedule.at(step - 1));
        made.secondsByPart().forEach(clock::put);
        Rows.CheckpointRow before = current;
        double seconds = (System.nanoTime() - began) / 1e9;
        Row told =
            Rows.TRAINING_STEP.toRow(
                row(
                    new StepId(runId, iteration, step, before.policyVersion()),
                    batch,
                    read,
                    made,
                    schedule.at(step - 1),
                    clock.seconds()));
        lakehouse.replace(Table.TRAINING_STEPS, List.of(told));
        optimizer.requireBudget(made);
        current = policies.save(model, iteration, "grpo", step, before.policyVersion());
        curves.add(List.of(told), current);
        if (before.stage().equals("grpo")) {
          policies.forgetOptimizer(before);
        }
        log.accept(
            "step %d of %d, reward %.3f, %d of %d groups, gradient norm %.3f, %.1f s"
                .formatted(
                    step,
                    grpo.steps(),
                    batch.mean,
                    batch.used,
                    batch.groups,
                    made.norm(),
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
                    .select("trajectory_id", "total", "format", "accuracy", "reflection"),
                "trajectory_id")
            .orderBy("query_id", "sample")
            .collectAsList()) {
      if (queries.contains(row.<String>getAs("query_id"))) {
        groups.computeIfAbsent(row.getAs("query_id"), q -> new ArrayList<>()).add(row);
      }
    }
    List<Row> sampled = groups.values().stream().flatMap(List::stream).toList();
    double[] totals = new double[sampled.size()];
    double[] shaped = new double[totals.length];
    double[] lengths = new double[totals.length];
    long[] group = new long[totals.length];
    for (int i = 0; i < totals.length; i++) {
      Double total = sampled.get(i).getAs("total");
      totals[i] = total == null ? Double.NaN : total;
      lengths[i] = sampled.get(i).getList(sampled.get(i).fieldIndex("completion_ids")).size();
      shaped[i] = objective.shaped(totals[i], (long) lengths[i]);
      boolean next =
          i > 0 && !sampled.get(i).getAs("query_id").equals(sampled.get(i - 1).getAs("query_id"));
      group[i] = i == 0 ? 0 : group[i - 1] + (next ? 1 : 0);
    }
    double[] advantages = objective.advantages(shaped, lengths, group);
    List<Sample> samples = new ArrayList<>();
    List<Rows.GroupFiltered> filtered = new ArrayList<>();
    int used = 0;
    int at = 0;
    for (List<Row> members : groups.values()) {
      Masked.Spread own = Masked.spread(Arrays.copyOfRange(totals, at, at + members.size()));
      boolean differs = own.most() - own.least() > SAME_REWARD;
      used += differs ? 1 : 0;
      if (!differs) {
        filtered.add(
            new Rows.GroupFiltered(
                members.get(0).getAs("query_id"),
                own.count() == 0 ? "no rewards" : "all rewards are equal"));
      }
      for (Row row : members) {
        if (differs && !Double.isNaN(totals[at])) {
          samples.add(new Sample(Rows.TRAJECTORY.fromRow(row), totals[at], advantages[at]));
        }
        at++;
      }
    }
    double[] all = Arrays.stream(totals).filter(t -> !Double.isNaN(t)).toArray();
    double mean = Arrays.stream(all).average().orElse(0);
    double square = Arrays.stream(all).map(r -> (r - mean) * (r - mean)).average().orElse(0);
    return new Batch(
        samples, groups.size(), used, filtered, mean, Math.sqrt(square), means(sampled));
  }

  /** Of each part over the samples that have it. */
  private static Map<String, Double> means(List<Row> sampled) {
    Map<String, Double> means = new TreeMap<>();
    for (String part : List.of("format", "accuracy", "reflection")) {
      sampled.stream()
          .map(row -> row.<Double>getAs(part))
          .filter(Objects::nonNull)
          .mapToDouble(Double::doubleValue)
          .average()
          .ifPresent(mean -> means.put(part, mean));
    }
    return means;
  }

  private OptimizerStep.Done optimize(
      OptimizerStep optimizer, List<TrainingRow> rows, double rate) {
    ObjectiveValues values = preset.grpo().objective();
    return optimizer.policy(
        rows,
        values.policy(preset.grpo().temperature()),
        new ClipBounds(values.clipLow(), values.clipHigh()),
        rate);
  }

  private record StepId(String runId, int iteration, int step, String policy) {}

  private static Rows.TrainingStep row(
      StepId id,
      Batch batch,
      Map<String, Long> read,
      OptimizerStep.Done made,
      double rate,
      Map<String, Double> seconds) {
    StepMeasures measures = made.measures();
    boolean any = !batch.samples.isEmpty();
    List<Double> advantages = batch.samples.stream().map(s -> s.advantage).toList();
    double truncated =
        batch.samples.stream().filter(s -> s.trajectory.finish().equals(TRUNCATED)).count();
    return new Rows.TrainingStep(
        id.runId,
        id.iteration,
        "grpo",
        id.step,
        measures.loss(),
        made.norm(),
        rate,
        batch.samples.size(),
        measures.tokens(),
        batch.mean,
        batch.deviation,
        any ? measures.entropy() : null,
        any ? measures.clipFraction() : null,
        any ? measures.mostRatio() : null,
        any ? measures.largestGap() : null,
        batch.groups,
        batch.used,
        batch.filtered,
        batch.samples.stream().map(s -> s.trajectory.trajectoryId()).toList(),
        advantages,
        read,
        id.policy,
        "%s/%d/grpo/%d".formatted(id.runId, id.iteration, id.step),
        seconds.values().stream().mapToDouble(Double::doubleValue).sum(),
        made.skipped(),
        any ? measures.lossParts() : null,
        batch.parts,
        any ? measures.policy(advantages, truncated / batch.samples.size()) : null,
        seconds,
        measures.gaps());
  }

  private List<TrainingRow> rows(TrainableModel model, TrainableModel reference, Batch batch) {
    Set<String> images = new HashSet<>();
    batch.samples.forEach(s -> images.addAll(s.trajectory.imageIds()));
    prompts.prepare(images);
    int count = batch.samples.size();
    double[][] sampling = new double[count][];
    double[] advantages = new double[count];
    boolean[] truncated = new boolean[count];
    for (int i = 0; i < count; i++) {
      Rows.Trajectory t = batch.samples.get(i).trajectory;
      sampling[i] = t.logProbs().stream().mapToDouble(Float::doubleValue).toArray();
      advantages[i] = batch.samples.get(i).advantage;
      truncated[i] = t.finish().equals(TRUNCATED);
    }
    PolicyStep.Samples samples = new PolicyStep.Samples(sampling, advantages, truncated);
    List<TrainingRow> bare = new ArrayList<>();
    List<PolicyRow> measuring = PolicyStep.measuring(samples);
    for (int i = 0; i < count; i++) {
      Rows.Trajectory t = batch.samples.get(i).trajectory;
      int[] ids = t.completionIds().stream().mapToInt(Integer::intValue).toArray();
      bare.add(new TrainingRow(prompts.of(t.promptIds(), t.imageIds()), ids, measuring.get(i)));
    }
    PolicyStep.Scores own = preset.grpo().objective().needsScores() ? scores(model, bare) : null;
    PolicyStep.Scores away = reference == null ? null : scores(reference, bare);
    List<PolicyRow> targets = objective.rows(samples, own, away);
    return IntStream.range(0, count).mapToObj(i -> bare.get(i).with(targets.get(i))).toList();
  }

  private PolicyStep.Scores scores(TrainableModel model, List<TrainingRow> rows) {
    return PolicyStep.scores(model, rows, preset.grpo().tokenBudget(), preset.grpo().temperature());
  }
}
