package io.relook.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;

/**
 * Groups that show something: in turn one whose rewards differ, one with a reflection, one with an
 * error, a truncated one; where these do not fill the page, others.
 */
final class GroupChooser {
  private static final String OTHER = "";
  private static final List<String> PHASES =
      List.of("rl", "evaluation", "reconstruction", "rejection", "hard", "difficulty");

  /** Columns of {@link #QUERY} by the reason that they are. */
  private static final List<String> REASONS =
      List.of("rewards differ", "reflection", "error", "truncated");

  /** A question's answers at all evaluated policies are one group. The phases come in turn. */
  private static final String QUERY =
      """
      SELECT *, row_number() OVER (PARTITION BY phase ORDER BY iteration DESC, step DESC, query_id) AS place FROM (
      SELECT phase, if(phase = 'evaluation', 0, t.iteration) AS iteration, if(phase = 'evaluation', 0, step) AS step, query_id,
        coalesce(max(total) - min(total) > 1e-9, false) AS `rewards differ`,
        max(text LIKE '%<reflection>%' OR parent_id IS NOT NULL) AS `reflection`,
        max(finish = 'error') AS `error`,
        max(finish = 'length') AS `truncated`
      FROM trajectories t LEFT JOIN scores s USING (trajectory_id) GROUP BY 1, 2, 3, 4)""";

  /** A group's key, and why it was chosen. */
  record Chosen(String phase, int iteration, int step, String queryId, List<String> why) {}

  private GroupChooser() {}

  /** Those chosen, phase by phase, and how many there are in all. */
  record Choice(List<Chosen> groups, int all) {}

  static Choice choose(RunTables tables, int most) {
    Map<String, List<Chosen>> byReason = new LinkedHashMap<>();
    REASONS.forEach(reason -> byReason.put(reason, new ArrayList<>()));
    byReason.put(OTHER, new ArrayList<>());
    List<Row> rows =
        tables.rows(QUERY).stream()
            .sorted(
                Comparator.comparingInt((Row row) -> row.<Integer>getAs("place"))
                    .thenComparingInt(row -> PHASES.indexOf(row.getString(0))))
            .toList();
    for (Row row : rows) {
      List<String> why = REASONS.stream().filter(reason -> row.<Boolean>getAs(reason)).toList();
      Chosen group =
          new Chosen(row.getString(0), row.getInt(1), row.getInt(2), row.getString(3), why);
      (why.isEmpty() ? List.of(OTHER) : why).forEach(reason -> byReason.get(reason).add(group));
    }
    List<Chosen> other = byReason.remove(OTHER);
    List<Chosen> chosen = new ArrayList<>();
    for (int place = 0; place < rows.size(); place++) {
      for (List<Chosen> groups : byReason.values()) {
        if (place < groups.size()) {
          add(chosen, groups.get(place), most);
        }
      }
    }
    other.forEach(group -> add(chosen, group, most));
    chosen.sort(
        Comparator.comparingInt((Chosen group) -> PHASES.indexOf(group.phase()))
            .thenComparing(group -> !group.why().contains(REASONS.get(0)))
            .thenComparingInt(Chosen::iteration)
            .thenComparingInt(Chosen::step)
            .thenComparing(Chosen::queryId));
    return new Choice(chosen, rows.size());
  }

  private static void add(List<Chosen> chosen, Chosen group, int most) {
    if (chosen.size() < most && !chosen.contains(group)) {
      chosen.add(group);
    }
  }
}
