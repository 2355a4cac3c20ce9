package io.relook.study;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;

import io.relook.jobs.RolloutJob;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import java.util.List;

/**
 * Held-out questions of one kind, those that have an answer.
 *
 * @param name the benchmark's in {@code evaluations}
 * @param questions in the order of their keys
 */
record TestSet(String name, List<Rows.Query> questions) {
  /**
   * Generated scenes, and questions that were taken in from files; empty ones are left out.
   *
   * @param split test, or validation
   */
  static List<TestSet> of(Lakehouse lakehouse, String split) {
    return List.of(
            read(lakehouse, split, "scenes", "source LIKE 'scenes/%'"),
            read(lakehouse, split, "easy-vqa", "source NOT LIKE 'scenes/%'"))
        .stream()
        .filter(set -> !set.questions.isEmpty())
        .toList();
  }

  List<RolloutJob.Ask> asks() {
    return questions.stream()
        .map(q -> new RolloutJob.Ask(q.queryId(), q.question(), q.imageIds(), null, new int[0]))
        .toList();
  }

  private static TestSet read(Lakehouse lakehouse, String split, String name, String source) {
    return new TestSet(
        split.equals("test") ? name : name + "-" + split,
        lakehouse
            .read(Table.QUERIES)
            .where(col("split").equalTo(split).and(expr(source)).and(col("answer").isNotNull()))
            .orderBy("query_id")
            .collectAsList()
            .stream()
            .map(Rows.QUERY::fromRow)
            .toList());
  }
}
