package io.relook.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.xxhash64;

import io.relook.judge.HttpJudge;
import io.relook.judge.Judge;
import io.relook.judge.Judgements;
import io.relook.lakehouse.Keys;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.spark.EngineSettings;
import io.relook.model.text.Tags;
import io.relook.model.text.TextProcessor;
import io.relook.preset.Preset;
import io.relook.rewards.Rewards;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;

/**
 * Unstable questions' pre-reasonings → {@code reflections} → {@code sft_examples}. The same model
 * that reasoned goes on after {@code <reflection>}: it writes the reflection, what follows and the
 * answer ("homologous", arXiv 2603.26348); nothing longer than the tag is put into its mouth. A
 * wrong pre-reasoning makes the kind corrective, a right one elaborative or recheck, by hash (our
 * choice). A trace is kept where its form and its answer are right. A wrong pre-reasoning is seen
 * in the example, not learnt (our choice: else the model would be trained to err first); right and
 * wrong is what its whole reasoning came to, also where it is cut earlier. A share of direct right
 * traces stays in, so that the model learns when not to look again.
 */
public final class ReconstructJob {
  /** What the same model continues. */
  static final String TRIGGER = " " + Tags.REFLECTION;

  private static final String ANSWER = " " + Tags.ANSWER;

  /** Reflections sampled and kept, and examples by kind. */
  public record Result(long sampled, long kept, Map<String, Long> examples) {}

  private record Source(Rows.Trajectory trajectory, boolean correct, int[] reasoning) {}

  private final Lakehouse lakehouse;
  private final EngineSettings engine;
  private final RolloutJob.Config rollout;
  private final Rewards rewards;
  private final TextProcessor text;
  private final Preset.Reconstruct config;
  private final Preset.Difficulty difficulty;
  private final String rated;
  private final GivenTokens tokens;

  /**
   * @param rollout is of the phase reconstruction
   * @param text the policy's tokenizer
   * @param rated the run whose difficulty and samples these are
   */
  public ReconstructJob(
      Lakehouse lakehouse,
      EngineSettings engine,
      RolloutJob.Config rollout,
      Rewards rewards,
      TextProcessor text,
      Preset preset,
      String rated) {
    this.lakehouse = lakehouse;
    this.engine = engine;
    this.rollout = rollout;
    this.rewards = rewards;
    this.text = text;
    this.config = preset.reconstruct();
    this.difficulty = preset.difficulty();
    this.rated = rated;
    this.tokens = new GivenTokens(lakehouse, engine, rollout);
  }

  public Result run(LongConsumer progress) {
    Map<String, Rows.Query> queries = queries();
    Map<String, Source> sources = cut(sources(queries));
    int[] trigger = text.encodeAsText(TRIGGER);
    List<RolloutJob.Ask> asks = new ArrayList<>();
    Map<String, Source> reflecting = config.directShare() < 1 ? sources : Map.of();
    reflecting.forEach(
        (id, source) -> {
          Rows.Query query = queries.get(source.trajectory.queryId());
          asks.add(
              new RolloutJob.Ask(
                  query.queryId(),
                  query.question() + " " + config.instruction(),
                  query.imageIds(),
                  id,
                  concat(source.reasoning, trigger)));
        });
    new RolloutJob(lakehouse, engine, rollout).run(asks, progress);
    List<Traced> traces = traces(sources, queries, trigger);
    Map<String, InformationGain.Gain> gains = gains(traces, queries);
    Map<String, Rows.Judgement> judgements = judgements(traces, gains, queries);
    List<Row> reflections = new ArrayList<>();
    List<Row> examples = new ArrayList<>();
    Map<String, Long> kinds = new HashMap<>();
    for (Traced trace : traces) {
      Rows.Reflection reflection = reflection(trace, gains, judgements);
      reflections.add(Rows.REFLECTION.toRow(reflection));
      if (reflection.kept()) {
        examples.add(example(trace, reflection.kind()));
        kinds.merge(reflection.kind(), 1L, Long::sum);
      }
    }
    direct(sources, examples.size(), examples, kinds);
    lakehouse.merge(Table.REFLECTIONS, reflections);
    lakehouse.merge(Table.SFT_EXAMPLES, examples);
    long kept =
        kinds.entrySet().stream()
            .filter(e -> !e.getKey().equals("direct"))
            .mapToLong(Map.Entry::getValue)
            .sum();
    return new Result(reflections.size(), kept, kinds);
  }

  /** Those of the kept classes; of the stable ones the preset's share. */
  private Map<String, Rows.Query> queries() {
    Map<String, Rows.Query> queries = new HashMap<>();
    Object[] classes = difficulty.keep().stream().map(Preset.Classified::word).toArray();
    Column inShare =
        pmod(xxhash64(col("query_id")), lit(10_000)).lt(10_000 * difficulty.stableShare());
    lakehouse
        .read(Table.DIFFICULTY)
        .where(
            col("run_id")
                .equalTo(rated)
                .and(col("iteration").equalTo(rollout.iteration()))
                .and(col("class").isin(classes))
                .and(col("class").equalTo("unstable").or(inShare)))
        .select("query_id")
        .join(lakehouse.read(Table.QUERIES), "query_id")
        .collectAsList()
        .forEach(
            row -> {
              Rows.Query query = Rows.QUERY.fromRow(row);
              queries.put(query.queryId(), query);
            });
    return queries;
  }

  /** The first few scored trajectories of each question, wrong ones and right ones in turn. */
  private Map<String, Source> sources(Map<String, Rows.Query> queries) {
    Map<String, int[]> taken = new HashMap<>();
    Map<String, Source> sources = new LinkedHashMap<>();
    List<Row> rows =
        lakehouse
            .read(Table.TRAJECTORIES)
            .where(
                col("run_id")
                    .equalTo(rated)
                    .and(col("iteration").equalTo(rollout.iteration()))
                    .and(col("phase").equalTo(Phase.DIFFICULTY.word()))
                    .and(col("finish").equalTo("stop")))
            .join(
                lakehouse
                    .read(Table.REWARDS)
                    .where(col("version").equalTo(rewards.version()))
                    .where(col("format").equalTo(1.0).and(col("accuracy").isNotNull()))
                    .select("trajectory_id", "accuracy"),
                "trajectory_id")
            .orderBy("query_id", "sample")
            .collectAsList();
    for (Row row : rows) {
      Rows.Trajectory t = Rows.TRAJECTORY.fromRow(row);
      boolean correct = row.<Double>getAs("accuracy") == 1;
      int[] counts = taken.computeIfAbsent(t.queryId(), q -> new int[2]);
      int[] reasoning = reasoning(t);
      if (queries.containsKey(t.queryId())
          && reasoning.length > 0
          && counts[correct ? 1 : 0] < (config.sources() + 1) / 2) {
        counts[correct ? 1 : 0]++;
        sources.put(t.trajectoryId(), new Source(t, correct, reasoning));
      }
    }
    return sources;
  }

  /** With their reasoning up to where the preset cuts it; without those that have no such place. */
  private Map<String, Source> cut(Map<String, Source> whole) {
    Map<String, PreReasoning.Whole> asked = new LinkedHashMap<>();
    whole.forEach(
        (id, source) ->
            asked.put(
                id,
                new PreReasoning.Whole(
                    source.trajectory.imageIds(),
                    ints(source.trajectory.promptIds()),
                    source.reasoning)));
    Map<String, int[]> cuts = new PreReasoning(tokens, text).cut(asked, config.cut());
    Map<String, Source> sources = new LinkedHashMap<>();
    cuts.forEach(
        (id, reasoning) -> {
          Source source = whole.get(id);
          sources.put(id, new Source(source.trajectory, source.correct, reasoning));
        });
    return sources;
  }

  /**
   * The tokens before the answer's tag, without the blank ones that lead to it: the reflection's
   * tag brings its own. None where there is no answer, or a picture's token.
   */
  private int[] reasoning(Rows.Trajectory trajectory) {
    int[] ids = ints(trajectory.completionIds());
    int cut = text.decode(ids).indexOf(Tags.ANSWER);
    if (cut <= 0 || trajectory.completionIds().contains(text.pictureTokenId())) {
      return new int[0];
    }
    int length = text.prefix(ids, cut).length;
    while (length > 0 && text.decode(new int[] {ids[length - 1]}).isBlank()) {
      length--;
    }
    return Arrays.copyOf(ids, length);
  }

  /** The tokens up to the reflection's end, the last one with what it holds behind it, or all. */
  private int[] upToClosed(int[] ids) {
    int at = text.decode(ids).indexOf(Tags.REFLECTION_END);
    return at < 0 ? ids : text.reaching(ids, at + Tags.REFLECTION_END.length());
  }

  private List<Row> sampled() {
    return lakehouse
        .read(Table.TRAJECTORIES)
        .where(
            col("run_id")
                .equalTo(rollout.runId())
                .and(col("iteration").equalTo(rollout.iteration()))
                .and(col("phase").equalTo(Phase.RECONSTRUCTION.word()))
                .and(col("finish").notEqual("error")))
        .orderBy("trajectory_id")
        .collectAsList();
  }

  /**
   * A sampled trace, and what its text says against it.
   *
   * @param reflection its tokens, with the tags
   */
  private record Traced(
      Rows.Trajectory sampled,
      Source source,
      int[] trigger,
      int[] reflection,
      boolean right,
      Map<String, String> against) {}

  private List<Traced> traces(
      Map<String, Source> sources, Map<String, Rows.Query> queries, int[] trigger) {
    ReflectionFilter filter = new ReflectionFilter(config);
    List<Traced> traces = new ArrayList<>();
    for (Row row : sampled()) {
      Rows.Trajectory t = Rows.TRAJECTORY.fromRow(row);
      Source source = sources.get(t.parentId());
      if (source != null && follows(t, source, trigger)) {
        Rows.Query query = queries.get(t.queryId());
        String before = text.decode(source.reasoning);
        String opened = text.decode(concat(source.reasoning, trigger));
        Rewards.Scores scores =
            rewards.score(query.question(), opened + t.text(), query.answer(), null);
        boolean right = scores.accuracy() != null && scores.accuracy() == 1;
        int[] reflection = upToClosed(ints(t.completionIds()));
        int said = Math.max(0, t.text().indexOf(Tags.REFLECTION_END));
        Map<String, String> against =
            filter.against(
                new ReflectionFilter.Trace(
                    query.question() + " " + before,
                    t.text().substring(0, said),
                    reflection.length,
                    t.finish().equals("stop"),
                    scores.format() == 1,
                    right));
        traces.add(new Traced(t, source, trigger, concat(trigger, reflection), right, against));
      }
    }
    return traces;
  }

  /** Not where it was sampled behind another cut, before the settings changed. */
  private static boolean follows(Rows.Trajectory sampled, Source source, int[] trigger) {
    int[] prompt = ints(sampled.promptIds());
    int[] before = concat(source.reasoning, trigger);
    int from = Math.max(0, prompt.length - before.length);
    return Arrays.equals(before, Arrays.copyOfRange(prompt, from, prompt.length));
  }

  /**
   * The answer's tag and an answer as a policy writes them: a token that holds the tag's end and
   * the answer's beginning is the answer's.
   */
  static int[][] answered(TextProcessor text, String answer) {
    int[] whole = text.encodeAsText(ANSWER + answer);
    int[] tag = text.prefix(whole, text.decode(text.encodeAsText(ANSWER)).length());
    return new int[][] {tag, Arrays.copyOfRange(whole, tag.length, whole.length)};
  }

  /** Of those that nothing speaks against yet. */
  private Map<String, InformationGain.Gain> gains(
      List<Traced> traces, Map<String, Rows.Query> queries) {
    List<InformationGain.Asked> asked = new ArrayList<>();
    for (Traced trace : traces) {
      if (trace.against.isEmpty()) {
        Rows.Trajectory parent = trace.source.trajectory;
        String answer = queries.get(parent.queryId()).answer();
        int[][] told = answered(text, answer == null ? "" : answer);
        asked.add(
            new InformationGain.Asked(
                trace.sampled.trajectoryId(),
                parent.imageIds(),
                concat(ints(parent.promptIds()), trace.source.reasoning),
                trace.reflection,
                told[0],
                told[1]));
      }
    }
    return asked.isEmpty() ? Map.of() : new InformationGain(tokens).of(asked);
  }

  /** Of those that the gains leave too; too many without a verdict end the job. */
  private Map<String, Rows.Judgement> judgements(
      List<Traced> traces,
      Map<String, InformationGain.Gain> gains,
      Map<String, Rows.Query> queries) {
    if (config.judge() == null) {
      return Map.of();
    }
    ReflectionFilter filter = new ReflectionFilter(config);
    Map<String, Judge.Case> cases = new LinkedHashMap<>();
    for (Traced trace : traces) {
      String id = trace.sampled.trajectoryId();
      if (trace.against.isEmpty() && filter.against(gains.get(id)).isEmpty()) {
        Rows.Query query = queries.get(trace.sampled.queryId());
        cases.put(
            id,
            new Judge.Case(
                query.question(),
                text.decode(trace.source.reasoning),
                text.decode(trace.reflection),
                query.answer()));
      }
    }
    Map<String, Rows.Judgement> verdicts =
        new Judgements(lakehouse, HttpJudge.of(config.judge())).of(cases);
    List<String> missing =
        verdicts.values().stream().map(Rows.Judgement::error).filter(Objects::nonNull).toList();
    if (missing.size() > rollout.failureBudget() * cases.size()) {
      throw JobErrors.judge(missing.size(), cases.size(), rollout.failureBudget(), missing.get(0));
    }
    return verdicts;
  }

  private Rows.Reflection reflection(
      Traced trace,
      Map<String, InformationGain.Gain> gains,
      Map<String, Rows.Judgement> judgements) {
    Rows.Trajectory t = trace.sampled;
    InformationGain.Gain gain = gains.getOrDefault(t.trajectoryId(), InformationGain.Gain.NONE);
    Map<String, String> against = trace.against;
    if (against.isEmpty()) {
      ReflectionFilter filter = new ReflectionFilter(config);
      against = filter.against(gain);
      if (judgements.containsKey(t.trajectoryId())) {
        against.putAll(filter.against(judgements.get(t.trajectoryId())));
      }
    }
    boolean even = Integer.parseInt(t.trajectoryId().substring(0, 2), 16) % 2 == 0;
    String confirming = even ? "elaborative" : "recheck";
    return new Rows.Reflection(
        t.trajectoryId(),
        rollout.runId(),
        rollout.iteration(),
        t.queryId(),
        t.parentId(),
        trace.source.correct ? confirming : "corrective",
        text.decode(trace.source.reasoning),
        trace.source.correct,
        trace.right,
        against.isEmpty(),
        against.values().stream().findFirst().orElse(null),
        against,
        gain.answer(),
        gain.visual());
  }

  /** A wrong pre-reasoning is seen, a right one learnt too. */
  private Row example(Traced trace, String kind) {
    int[] reflected = concat(trace.trigger, ints(trace.sampled.completionIds()));
    Source source = trace.source;
    String id = trace.sampled.trajectoryId();
    return source.correct
        ? example(source, id, kind, new int[0], concat(source.reasoning, reflected))
        : example(source, id, kind, source.reasoning, reflected);
  }

  private void direct(
      Map<String, Source> sources, int reflective, List<Row> examples, Map<String, Long> kinds) {
    double share = config.directShare();
    long wanted = share < 1 ? Math.round(reflective * share / (1 - share)) : Long.MAX_VALUE;
    for (Source source : sources.values()) {
      if (source.correct && kinds.getOrDefault("direct", 0L) < wanted) {
        Rows.Trajectory t = source.trajectory;
        examples.add(
            example(source, t.trajectoryId(), "direct", new int[0], ints(t.completionIds())));
        kinds.merge("direct", 1L, Long::sum);
      }
    }
  }

  /** {@code seen} stands between the prompt and what is learnt. */
  private Row example(Source source, String sourceId, String kind, int[] seen, int[] learnt) {
    Rows.Trajectory parent = source.trajectory;
    return Rows.SFT_EXAMPLE.toRow(
        new Rows.SftExample(
            Keys.of(rollout.runId(), rollout.iteration(), sourceId),
            rollout.runId(),
            rollout.iteration(),
            parent.queryId(),
            sourceId,
            kind,
            IntStream.of(concat(ints(parent.promptIds()), seen)).boxed().toList(),
            IntStream.of(learnt).boxed().toList(),
            parent.imageIds()));
  }

  private static int[] ints(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  private static int[] concat(int[] first, int[] second) {
    return Stream.of(first, second).flatMapToInt(IntStream::of).toArray();
  }

  /** Rebuilds traces of a run's iteration with the policy that sampled them. */
  public static void main(String[] args) {
    JobMain.run("reconstruct", USAGE, args, ReconstructJob::main);
  }

  static final String USAGE = "--lakehouse --run --preset [--policy] [--iteration 1]";

  static String main(Lakehouse lakehouse, JobArguments arguments) {
    Preset preset = arguments.preset();
    Rows.CheckpointRow policy = arguments.policy(lakehouse);
    RolloutJob.Config rollout =
        RolloutJob.Config.of(
            preset, arguments.run(), arguments.iteration(), Phase.RECONSTRUCTION, policy);
    try (Checkpoint checkpoint =
            Checkpoint.open(policy.uri(), lakehouse.spark().sessionState().newHadoopConf());
        TextProcessor text = TextProcessor.load(checkpoint.folder())) {
      Result result =
          new ReconstructJob(
                  lakehouse,
                  preset.engine(),
                  rollout,
                  arguments.rewards(lakehouse),
                  text,
                  preset,
                  rollout.runId())
              .run(rows -> {});
      return "%d reflections, %d kept, examples %s"
          .formatted(result.sampled(), result.kept(), result.examples());
    }
  }
}
