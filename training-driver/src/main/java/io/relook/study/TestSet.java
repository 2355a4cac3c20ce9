package io.relook.study;

import io.relook.jobs.RolloutJob;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import java.util.List;

/**
 * Held-out questions of one kind.
 *
 * @param name the benchmark's in {@code evaluations}
 * @param questions in the order of their keys
 */
record TestSet(String name, List<Rows.Query> questions) {
  /** Generated scenes, and questions that were taken in from files; empty ones are left out. */
  static List<TestSet> of(Lakehouse lakehouse) {
    return List.of(
            read(lakehouse, "scenes", "source LIKE 'scenes/%'"),
            read(lakehouse, "easy-vqa", "source NOT LIKE 'scenes/%'"))
        .stream()
        .filter(set -> !set.questions.isEmpty())
        .toList();
  }

  List<RolloutJob.Ask> asks() {
    return questions.stream()
        .map(q -> new RolloutJob.Ask(q.queryId(), q.question(), q.imageIds(), null, new int[0]))
        .toList();
  }

  private static TestSet read(Lakehouse lakehouse, String name, String source) {
    return new TestSet(
        name,
        lakehouse
            .read(Table.QUERIES)
            .where("split = 'test' AND " + source)
            .orderBy("query_id")
            .collectAsList()
            .stream()
            .map(Rows.QUERY::fromRow)
            .toList());
  }
}
