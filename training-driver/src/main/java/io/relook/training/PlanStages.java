package io.relook.training;

import io.relook.jobs.Wilson;
import io.relook.lakehouse.Phase;
import io.relook.model.spark.PromptSampler;
import io.relook.preset.Preset;
import java.util.ArrayList;
import java.util.List;

/**
 * What each stage of the loop will do and take. Seconds are what the stage took with a few
 * questions, and what the engine takes for the others: so what tables cost is in them once, or once
 * a commit.
 */
final class PlanStages {
  /**
   * A stage; what is null it does not have, or nobody knows.
   *
   * @param prompts tokens of prompts that the engine runs
   * @param sampled new tokens, in training those that are learnt
   * @param most the same if every completion is as long as it may be
   */
  record Stage(
      String name,
      Figure rows,
      Figure prompts,
      Figure sampled,
      Figure most,
      Figure steps,
      Figure seconds) {}

  private final Preset preset;
  private final PlanData data;
  private final Speed speed;
  private final Seen seen;
  private final List<Stage> stages = new ArrayList<>();

  /** {@code speed} and {@code seen} are null where nothing was measured. */
  PlanStages(Preset preset, PlanData data, Speed speed, Seen seen) {
    this.preset = preset;
    this.data = data;
    this.speed = speed;
    this.seen = seen;
  }

  /** In the loop's order. */
  List<Stage> all() {
    Figure train = data.train();
    Figure test = data.test();
    int samples = preset.rollout().samples();
    double questions = train.value() + test.value();
    add(
        "take in",
        train.source() == Figure.Source.EXACT ? Figure.exact(questions) : Figure.most(questions),
        takingIn(questions));
    evaluate("evaluate base", "evaluate base");
    if (preset.difficulty().from() == null) {
      boolean inParts = preset.rollout().firstSamples() > 0;
      Figure asked = inParts ? Figure.most(train.value()) : train;
      sample("roll out", asked, samples, Phase.DIFFICULTY, data.promptTokens(), "roll out");
      add("score", asked.times(samples), asBefore("score"));
      add("partition", train, asBefore("partition"));
    }
    boolean tunes = preset.sft().tunes();
    boolean reinforces = preset.grpo().reinforces();
    for (int i = 1; i <= preset.iterations(); i++) {
      if (tunes && i == 1 && preset.reconstruct().directShare() < 1) {
        reconstruct();
      }
      if (tunes) {
        sft();
        evaluate("evaluate sft", "evaluate sft");
      }
      if (preset.samplesColdStart(i)) {
        sample(
            "rejection sampling",
            train,
            samples,
            Phase.REJECTION,
            data.promptTokens(),
            "rejection sampling");
      }
      if (reinforces) {
        grpo();
        evaluate("evaluate grpo", "evaluate sft");
      }
    }
    return stages;
  }

  private void evaluate(String name, String like) {
    if (preset.evaluate().asks()) {
      sample(name, data.test(), 1, Phase.EVALUATION, data.promptTokens(), like);
    }
  }

  private void reconstruct() {
    double longer = seen == null ? 0 : seen.phase(Phase.RECONSTRUCTION).promptTokens();
    sample(
        "reconstruct",
        asks(),
        preset.reconstruct().candidates(),
        Phase.RECONSTRUCTION,
        longer > 0 ? longer : data.promptTokens() + meanLength(Phase.DIFFICULTY),
        "reconstruct");
  }

  private void add(String name, Figure rows, Figure seconds) {
    stages.add(new Stage(name, rows, null, null, null, null, seconds));
  }

  private Figure takingIn(double questions) {
    if (seen == null) {
      return null;
    }
    double more = Math.max(0, questions - seen.train() - seen.test());
    return Figure.measured(data.takeIn() + more * data.question());
  }

  /** What a stage took that costs little more with more rows. */
  private Figure asBefore(String stage) {
    return seen == null || !seen.seconds().containsKey(stage)
        ? null
        : Figure.measured(seen.seconds().get(stage));
  }

  /**
   * @param like the stage of the measurement that is scaled
   */
  private void sample(
      String name, Figure prompts, int samples, Phase phase, double promptTokens, String like) {
    Figure rows = prompts.times(samples);
    Figure most = Figure.most(rows.most() * preset.rollout().maxNewTokens());
    Figure given = scaled(prompts, promptTokens);
    if (seen == null) {
      stages.add(new Stage(name, rows, given, null, most, null, null));
      return;
    }
    Seen.Sampled sampled = seen.phase(phase);
    double engine = engine(prompts.value(), promptTokens, samples, lengths(phase));
    Double took = seen.seconds().get(like);
    Figure seconds = Figure.assumed(engine);
    if (took != null && sampled.prompts() > 0) {
      long few = fewPrompts(phase, sampled);
      double rest = took - engine(few, sampled.promptTokens(), samples, lengths(phase));
      double commits = Math.ceil(prompts.value() / preset.rollout().chunk());
      double then = Math.ceil((double) few / preset.rollout().chunk());
      seconds = Figure.measured(engine + Math.max(0, rest) * Math.max(1, commits / then));
    }
    stages.add(new Stage(name, rows, given, scaled(rows, meanLength(phase)), most, null, seconds));
  }

  /** The evaluations of two policies are one phase. */
  private long fewPrompts(Phase phase, Seen.Sampled sampled) {
    return phase == Phase.EVALUATION ? seen.test() : sampled.prompts();
  }

  /** A mean that was seen, times a count. */
  private static Figure scaled(Figure count, double mean) {
    return new Figure(
        count.value() * mean, Figure.Source.MEASURED, count.least() * mean, count.most() * mean);
  }

  private int[] lengths(Phase phase) {
    int[] own = seen.phase(phase).lengths();
    return own.length > 0 ? own : speed.lengths();
  }

  private double meanLength(Phase phase) {
    if (seen == null) {
      return preset.rollout().maxNewTokens();
    }
    double sum = 0;
    int[] lengths = lengths(phase);
    for (int length : lengths) {
      sum += length;
    }
    return sum / lengths.length;
  }

  /** Seconds of the engine alone, a commit's prompts at a time. */
  private double engine(double prompts, double promptTokens, int samples, int[] lengths) {
    long all = Math.round(prompts);
    long chunk = preset.rollout().chunk();
    var options = PromptSampler.options(preset.engine(), samples);
    double steps =
        all / chunk * SlotSchedule.steps(options, Math.min(all, chunk), samples, lengths)
            + SlotSchedule.steps(options, all % chunk, samples, lengths);
    return speed.load() + all * promptTokens * speed.promptToken() + steps * speed.step();
  }

  /** Pre-reasonings that are asked to reflect. */
  private Figure asks() {
    int half = (preset.reconstruct().sources() + 1) / 2;
    double most = data.train().most() * 2 * half;
    if (seen == null || seen.kept() == 0) {
      return Figure.most(most);
    }
    double each = (double) seen.phase(Phase.RECONSTRUCTION).prompts() / seen.kept();
    return kept(each);
  }

  /** So many of each question that is kept. */
  private Figure kept(double each) {
    Wilson share = Wilson.of(seen.kept(), seen.train());
    double train = data.train().value();
    return new Figure(
        train * seen.kept() / seen.train() * each,
        Figure.Source.MEASURED,
        train * share.low() * each,
        train * share.high() * each);
  }

  private void sft() {
    Preset.Sft sft = preset.sft();
    int half = (preset.reconstruct().sources() + 1) / 2;
    double reflective = data.train().most() * 2 * half * preset.reconstruct().candidates();
    double share = preset.reconstruct().directShare();
    double direct = Math.min(data.train().most() * half, reflective * share / (1 - share));
    if (seen == null || seen.examples().isEmpty()) {
      Figure examples = Figure.most(reflective + direct);
      Figure steps = Figure.most(steps(examples.value()));
      stages.add(new Stage("sft", examples, null, null, null, steps, null));
      return;
    }
    Figure examples = kept((double) seen.examples().size() / seen.kept());
    double prompt = seen.examples().stream().mapToInt(e -> e[0]).average().orElse(0);
    double learnt = seen.examples().stream().mapToInt(e -> e[1]).average().orElse(0);
    Figure steps =
        new Figure(
            steps(examples.value()),
            Figure.Source.MEASURED,
            steps(examples.least()),
            steps(examples.most()));
    double rounds = sft.steps() > 0 ? sft.steps() * sft.batch() / examples.value() : sft.epochs();
    double saves = Math.ceil(steps.value() / sft.saveEvery());
    double engine = training(examples.value() * rounds * (prompt + learnt), steps.value(), saves);
    double few = seen.examples().size();
    double fewSteps = Math.ceil(few / sft.batch());
    double fewSaves = Math.ceil(fewSteps / sft.saveEvery());
    Double took = seen.seconds().get("sft");
    double rest =
        took == null
            ? 0
            : Math.max(0, took - training(few * (prompt + learnt), fewSteps, fewSaves));
    stages.add(
        new Stage(
            "sft",
            examples,
            scaled(examples, prompt * rounds),
            scaled(examples, learnt * rounds),
            null,
            steps,
            Figure.measured(engine + rest * saves / fewSaves)));
  }

  /** SFT's steps over so many examples. */
  private double steps(double examples) {
    Preset.Sft sft = preset.sft();
    return sft.steps() > 0 ? sft.steps() : Math.ceil(examples / sft.batch()) * sft.epochs();
  }

  private double training(double tokens, double steps, double saves) {
    return tokens * speed.trainedToken() + steps * speed.update() + saves * speed.save();
  }

  private void grpo() {
    Preset.Grpo grpo = preset.grpo();
    int resample = grpo.objective().resample();
    double asked = grpo.queries() * generations(resample);
    double prompts = grpo.steps() * asked;
    Figure steps = Figure.exact(grpo.steps());
    double mostPrompts = (double) grpo.steps() * grpo.queries() * (1 + resample);
    Figure most = Figure.most(mostPrompts * grpo.samples() * preset.rollout().maxNewTokens());
    Figure given =
        scaled(
            resample == 0 ? Figure.exact(prompts) : Figure.assumed(prompts), data.promptTokens());
    Figure rows = Figure.assumed(prompts * grpo.samples());
    if (seen == null) {
      stages.add(new Stage("grpo", rows, given, null, most, steps, null));
      return;
    }
    double step = step(asked, data.promptTokens());
    Figure seconds = Figure.assumed(grpo.steps() * step);
    if (seen.grpoStep() > 0) {
      Seen.Sampled few = seen.phase(Phase.RL);
      double then = step(few.prompts() / (double) seen.preset().grpo().steps(), few.promptTokens());
      double rest = Math.max(0, seen.grpoStep() - then);
      double once = seen.seconds().get("grpo") - seen.preset().grpo().steps() * seen.grpoStep();
      seconds = Figure.measured(Math.max(0, once) + grpo.steps() * (step + rest));
    }
    stages.add(
        new Stage("grpo", rows, given, scaled(rows, meanLength(Phase.RL)), most, steps, seconds));
  }

  /** How often a step asks for its questions until enough groups are left. */
  private double generations(int resample) {
    return seen == null ? 1 : Math.min(1 + resample, 1 / seen.groupsUsed());
  }

  /** A step's seconds without what tables take. */
  private double step(double queries, double promptTokens) {
    int samples = preset.grpo().samples();
    double tokens = queries * (promptTokens + samples * meanLength(Phase.RL)) * seen.groupsUsed();
    var objective = preset.grpo().objective();
    int scores = (objective.needsScores() ? 1 : 0) + (objective.needsReference() ? 1 : 0);
    return engine(queries, promptTokens, samples, lengths(Phase.RL))
        // A pass without a gradient is a third of one with it.
        + training(tokens * (1 + scores / 3.0), 1, 1);
  }
}
