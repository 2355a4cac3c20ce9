package io.relook.study;

import static org.apache.spark.sql.functions.col;

import io.relook.jobs.RolloutJob;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.text.Tags;
import io.relook.model.text.TextProcessor;
import io.relook.preset.Preset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Asks evaluated traces that look again two more things, greedily → {@code trajectories}.
 *
 * <ul>
 *   <li>before: the answer that the trace would have given in place of its {@code <reflection>};
 *   <li>swap: the trace goes on from {@code <reflection>} with another picture, one that gives the
 *       same question another answer. A reflection that looks at the picture then says that answer.
 * </ul>
 */
final class Probes {
  /** Traces of a run at most; our choice. */
  private static final int MOST = 400;

  private final Lakehouse lakehouse;
  private final Preset preset;
  private final Rows.CheckpointRow policy;
  private final String runId;

  Probes(Lakehouse lakehouse, Preset preset, String runId, Rows.CheckpointRow policy) {
    this.lakehouse = lakehouse;
    this.preset = preset;
    this.runId = runId;
    this.policy = policy;
  }

  /** Asks what is missing. */
  void run(List<TestSet> sets, LongConsumer progress) {
    Map<String, Rows.Query> questions = new TreeMap<>();
    Map<String, Rows.Query> others = new HashMap<>();
    for (TestSet set : sets) {
      set.questions().forEach(q -> questions.put(q.queryId(), q));
      others.putAll(others(set));
    }
    List<Rows.Trajectory> traces = traces(questions);
    List<RolloutJob.Ask> before = new ArrayList<>();
    List<RolloutJob.Ask> swap = new ArrayList<>();
    try (Checkpoint checkpoint =
            Checkpoint.open(policy.uri(), lakehouse.spark().sessionState().newHadoopConf());
        TextProcessor text = TextProcessor.load(checkpoint.folder())) {
      for (Rows.Trajectory trace : traces) {
        Rows.Query query = questions.get(trace.queryId());
        int[] ids = trace.completionIds().stream().mapToInt(Integer::intValue).toArray();
        before.add(ask(query, query.imageIds(), trace, answering(text, ids)));
        Rows.Query other = others.get(query.queryId());
        if (other != null) {
          swap.add(ask(query, other.imageIds(), trace, reflecting(text, ids)));
        }
      }
    }
    rollOut(Phase.BEFORE, before, progress);
    rollOut(Phase.SWAP, swap, progress);
  }

  /** A trace up to its reflection, and in the reflection's place the answer's tag. */
  static int[] answering(TextProcessor text, int[] ids) {
    String said = text.decode(ids);
    int at = said.indexOf(Tags.REFLECTION);
    int[] before = text.prefix(ids, at);
    int last = before.length - 1;
    while (last >= 0 && text.decode(new int[] {before[last]}).isBlank()) {
      last--;
    }
    String wanted = said.substring(0, at) + Tags.ANSWER;
    int[] whole = continued(text, Arrays.copyOf(ids, Math.max(0, last)), wanted);
    // Unless the last word itself would be written otherwise than the policy wrote it.
    return last < 0 || whole.length > last && whole[last] == ids[last]
        ? whole
        : continued(text, Arrays.copyOf(ids, last + 1), wanted);
  }

  /**
   * Tokens and the rest of a text that they begin. Tokenizers join a tag's bracket with what stands
   * before it: the rest should begin with a word, or with the spaces before the tag.
   */
  private static int[] continued(TextProcessor text, int[] ids, String wanted) {
    String rest = wanted.substring(text.decode(ids).length());
    return concat(ids, text.encodeAsText(rest));
  }

  /** A trace up to its reflection's tag, the last token with what it holds behind it. */
  static int[] reflecting(TextProcessor text, int[] ids) {
    int at = text.decode(ids).indexOf(Tags.REFLECTION);
    return text.reaching(ids, at + Tags.REFLECTION.length());
  }

  /** The first so many evaluated traces that look again. */
  private List<Rows.Trajectory> traces(Map<String, Rows.Query> questions) {
    return lakehouse
        .read(Table.TRAJECTORIES)
        .where(
            col("run_id")
                .equalTo(runId)
                .and(col("policy_version").equalTo(policy.policyVersion()))
                .and(col("phase").equalTo(Phase.EVALUATION.word()))
                .and(col("finish").equalTo("stop"))
                .and(col("text").contains(Tags.REFLECTION)))
        .orderBy("trajectory_id")
        .collectAsList()
        .stream()
        .map(Rows.TRAJECTORY::fromRow)
        .filter(trace -> questions.containsKey(trace.queryId()))
        .limit(MOST)
        .toList();
  }

  /** Of each question the next that is asked alike and has another answer, in the keys' order. */
  static Map<String, Rows.Query> others(TestSet set) {
    Map<String, List<Rows.Query>> alike = new TreeMap<>();
    set.questions()
        .forEach(q -> alike.computeIfAbsent(q.question(), k -> new ArrayList<>()).add(q));
    Map<String, Rows.Query> others = new HashMap<>();
    for (List<Rows.Query> group : alike.values()) {
      for (int i = 0; i < group.size(); i++) {
        Rows.Query query = group.get(i);
        int from = i;
        IntStream.range(1, group.size())
            .mapToObj(k -> group.get((from + k) % group.size()))
            .filter(q -> !q.answer().equals(query.answer()))
            .findFirst()
            .ifPresent(q -> others.put(query.queryId(), q));
      }
    }
    return others;
  }

  private static RolloutJob.Ask ask(
      Rows.Query query, List<String> images, Rows.Trajectory trace, int[] prefix) {
    return new RolloutJob.Ask(
        query.queryId(), query.question(), images, trace.trajectoryId(), prefix);
  }

  private void rollOut(Phase phase, List<RolloutJob.Ask> asks, LongConsumer progress) {
    if (!asks.isEmpty()) {
      RolloutJob.Config config =
          RolloutJob.Config.of(preset, runId, policy.iteration(), phase, policy);
      new RolloutJob(lakehouse, preset.engine(), config).run(asks, progress);
    }
  }

  private static int[] concat(int[] first, int[] second) {
    return Stream.of(first, second).flatMapToInt(IntStream::of).toArray();
  }
}
