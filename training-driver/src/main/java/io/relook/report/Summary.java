package io.relook.report;

import io.relook.jobs.Wilson;
import io.relook.report.RunReport.Interval;
import io.relook.report.RunReport.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;

/** The tables of a run, counted. */
final class Summary {
  /**
   * The query that counts what a stage left in the tables; of one iteration where it has two
   * places.
   */
  private static final Map<String, String> STAGE_ROWS =
      Map.of(
          "take in", "queries",
          "roll out", "trajectories WHERE phase = 'difficulty' AND iteration = %d",
          "score",
              "scores JOIN trajectories USING (trajectory_id) WHERE phase = 'difficulty' AND iteration = %d",
          "partition", "difficulty WHERE iteration = %d",
          "reconstruct", "reflections WHERE iteration = %d",
          "sft", "sft_examples WHERE iteration = %d",
          "rejection sampling", "trajectories WHERE phase = 'rejection' AND iteration = %d",
          "grpo", "trajectories WHERE phase = 'rl' AND iteration = %d",
          "hard prompts", "trajectories WHERE phase = 'hard' AND iteration = %d");

  private static final String EVALUATED =
      "evaluations JOIN checkpoints USING (policy_version) WHERE iteration = %d AND stage = '%s'";

  private final RunTables tables;
  private final List<Section> sections = new ArrayList<>();

  private Summary(RunTables tables) {
    this.tables = tables;
  }

  static List<Section> of(RunTables tables) {
    Summary summary = new Summary(tables);
    summary.evaluations();
    summary.stages();
    summary.samples();
    summary.difficulty();
    summary.reflections();
    summary.leftOut();
    summary.skipped();
    return summary.sections;
  }

  private void evaluations() {
    List<List<Object>> rows = new ArrayList<>();
    for (Row row :
        tables.rows(
            "SELECT e.benchmark, e.policy_version, sum(int(e.correct)), count(*), avg(double(t.text LIKE '%<reflection>%')), avg(size(t.completion_ids)) FROM evaluations e LEFT JOIN checkpoints c USING (policy_version) LEFT JOIN trajectories t USING (trajectory_id) GROUP BY 1, 2 ORDER BY 1, min(c.committed_at), 2")) {
      rows.add(
          cells(
              row.get(0),
              row.get(1),
              interval(row.getLong(2), row.getLong(3)),
              row.get(3),
              row.get(4),
              row.get(5)));
    }
    add(
        "Evaluations",
        "Greedy answers; 95 % Wilson intervals over questions.",
        List.of(
            "benchmark", "policy", "right", "questions", "share with a reflection", "tokens, mean"),
        rows);
  }

  private void stages() {
    List<List<Object>> rows = new ArrayList<>();
    for (Row row :
        tables.rows(
            "SELECT iteration, stage, sum(seconds), count(*) FROM stages GROUP BY 1, 2 ORDER BY min(started_at)")) {
      rows.add(
          cells(
              row.get(0),
              row.get(1),
              stageRows(row.getString(1), row.getInt(0)),
              row.get(2),
              row.get(3)));
    }
    add(
        "Stages",
        "A run that was stopped and went on has several stretches.",
        List.of("iteration", "stage", "rows", "seconds", "stretches"),
        rows);
  }

  /** Null where the stage is not one that has rows of its own. */
  private Long stageRows(String stage, int iteration) {
    String from = STAGE_ROWS.get(stage);
    if (stage.matches("evaluate \\w+")) {
      from = EVALUATED.formatted(iteration, stage.substring("evaluate ".length()));
    }
    return from == null
        ? null
        : tables.rows("SELECT count(*) FROM " + from.formatted(iteration)).get(0).getLong(0);
  }

  private void samples() {
    query(
        "Samples",
        "All sampled completions, failed and truncated ones too.",
        "SELECT t.iteration, t.phase, count(*) AS samples, count(DISTINCT t.query_id) AS questions, count(DISTINCT t.policy_version) AS policies, sum(int(t.finish = 'error')) AS errors, sum(int(t.finish = 'length')) AS truncated, avg(size(t.completion_ids)) AS `tokens, mean`, avg(s.accuracy) AS `right, share`, avg(s.total) AS `reward, mean`, avg(double(t.text LIKE '%<reflection>%' OR t.parent_id IS NOT NULL)) AS `share with a reflection` FROM trajectories t LEFT JOIN scores s USING (trajectory_id) GROUP BY 1, 2 ORDER BY 1, CASE t.phase WHEN 'difficulty' THEN 1 WHEN 'reconstruction' THEN 2 WHEN 'rejection' THEN 3 WHEN 'rl' THEN 4 WHEN 'hard' THEN 5 ELSE 6 END");
  }

  private void difficulty() {
    List<List<Object>> rows = new ArrayList<>();
    for (Row row :
        tables.rows(
            "SELECT iteration, class, count(*), sum(int(kept)), sum(correct), sum(samples) FROM difficulty GROUP BY 1, 2 ORDER BY 1, 2")) {
      rows.add(
          cells(
              row.get(0),
              row.get(1),
              row.get(2),
              row.get(3),
              interval(row.getLong(4), row.getLong(5))));
    }
    add(
        "Difficulty",
        "Kept are questions with 0 < pass rate ≤ 1. The rate is over all samples of a class.",
        List.of("iteration", "class", "questions", "kept", "pass rate"),
        rows);
  }

  private void reflections() {
    query(
        "Answers before and after a reflection",
        "Rebuilt traces: the parent's own answer, and the answer behind the reflection. For other samples the tables do not say what the answer would have been without one.",
        "SELECT iteration, kind, if(pre_correct, 'right', 'wrong') AS before, if(correct, 'right', 'wrong') AS after, count(*) AS traces, sum(int(kept)) AS kept, avg(answer_gain) AS `answer gain, mean`, avg(visual_gain) AS `visual gain, mean` FROM reflections GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4");
    query(
        "SFT examples",
        "What the cold start learns from.",
        "SELECT iteration, kind, count(*) AS examples, avg(size(completion_ids)) AS `learnt tokens, mean` FROM sft_examples GROUP BY 1, 2 ORDER BY 1, 2");
  }

  private void leftOut() {
    query(
        "Left out",
        "With the reason that the tables give.",
        """
        SELECT * FROM (
        SELECT 'reflections' AS `table`, reason, count(*) AS rows FROM reflections WHERE NOT kept GROUP BY 2
        UNION ALL
        SELECT 'training_steps: groups', f.reason, count(*) FROM (SELECT explode(groups_filtered) AS f FROM training_steps) GROUP BY 2
        UNION ALL
        SELECT 'difficulty', 'pass rate 0', count(*) FROM difficulty WHERE NOT kept HAVING count(*) > 0
        UNION ALL
        SELECT 'trajectories', error, count(*) FROM trajectories WHERE error IS NOT NULL GROUP BY 2
        UNION ALL
        SELECT 'rewards: no total', s.reason, count(*) FROM scores s JOIN trajectories t USING (trajectory_id) WHERE s.total IS NULL GROUP BY 2
        UNION ALL
        SELECT 'rejects, of all runs', reason, count(*) FROM rejects GROUP BY 2
        ) ORDER BY 1, 3 DESC, 2 LIMIT 50""");
  }

  private void skipped() {
    query(
        "Skipped steps",
        "Steps that left the weights as they were.",
        "SELECT iteration, stage, step, skipped AS reason, loss, gradient_norm AS `gradient norm` FROM training_steps WHERE skipped IS NOT NULL ORDER BY 1, 2, 3");
  }

  private void query(String name, String note, String query) {
    var result = tables.spark().sql(query);
    List<List<Object>> rows = new ArrayList<>();
    for (Row row : result.collectAsList()) {
      Object[] values = new Object[row.length()];
      for (int i = 0; i < values.length; i++) {
        values[i] = row.get(i);
      }
      rows.add(cells(values));
    }
    add(name, note, List.of(result.columns()), rows);
  }

  private void add(String name, String note, List<String> columns, List<List<Object>> rows) {
    sections.add(new Section(name, note, columns, rows));
  }

  private static Interval interval(long right, long all) {
    Wilson ends = Wilson.of(right, all);
    return new Interval(ends.low(), all == 0 ? 0 : (double) right / all, ends.high());
  }

  /** Values may be null. */
  private static List<Object> cells(Object... values) {
    return java.util.Arrays.asList(values);
  }
}
