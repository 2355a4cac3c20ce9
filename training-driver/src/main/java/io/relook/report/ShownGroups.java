package io.relook.report;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.text.TextProcessor;
import io.relook.report.RunReport.Group;
import io.relook.report.RunReport.Own;
import io.relook.report.RunReport.Piece;
import io.relook.report.RunReport.Reward;
import io.relook.report.RunReport.Sample;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.sql.Row;

/**
 * Chosen groups with all their samples, as the page shows them, and the rows that they are made of.
 *
 * @param groups what is shown
 * @param rows trajectories by their ids
 * @param images by their ids
 */
record ShownGroups(
    List<Group> groups, Map<String, Rows.Trajectory> rows, Map<String, Rows.Image> images) {
  /** More tokens of a sample are not shown. */
  static final int MOST_TOKENS = 4000;

  /** Reads what the page needs of the chosen groups; without a tokenizer a sample is one piece. */
  static ShownGroups read(
      RunTables tables, List<GroupChooser.Chosen> chosen, TextProcessor tokenizer) {
    return new Reader(tables, tokenizer).read(chosen);
  }

  private static final class Reader {
    private final RunTables tables;
    private final TokenPieces tokens;
    private final List<String> policies;
    private final Map<String, Double> advantages = new HashMap<>();
    private final Map<String, Rows.Reward> rewards = new HashMap<>();
    private final HeadMeans attention = new HeadMeans();

    Reader(RunTables tables, TextProcessor tokenizer) {
      this.tables = tables;
      this.tokens = tokenizer == null ? null : new TokenPieces(tokenizer);
      this.policies =
          tables.rows("SELECT policy_version FROM checkpoints ORDER BY committed_at").stream()
              .map(row -> row.getString(0))
              .toList();
    }

    ShownGroups read(List<GroupChooser.Chosen> chosen) {
      Set<String> questions = new HashSet<>();
      chosen.forEach(group -> questions.add(group.queryId()));
      Map<String, Rows.Query> queries = new HashMap<>();
      select(Table.QUERIES, "query_id", questions)
          .forEach(row -> queries.put(row.getAs("query_id"), Rows.QUERY.fromRow(row)));
      Map<List<Object>, List<Rows.Trajectory>> samples = new HashMap<>();
      for (Row row : select(Table.TRAJECTORIES, "query_id", questions)) {
        Rows.Trajectory t = Rows.TRAJECTORY.fromRow(row);
        boolean evaluated = t.phase().equals("evaluation");
        List<Object> key =
            List.of(
                t.phase(), evaluated ? 0 : t.iteration(), evaluated ? 0 : t.step(), t.queryId());
        samples.computeIfAbsent(key, k -> new ArrayList<>()).add(t);
      }
      Map<String, Rows.Trajectory> rows = new HashMap<>();
      Set<String> imageIds = new HashSet<>();
      for (GroupChooser.Chosen group : chosen) {
        for (Rows.Trajectory t : samples.get(key(group))) {
          rows.put(t.trajectoryId(), t);
          imageIds.addAll(t.imageIds());
        }
      }
      readFigures(rows.keySet());
      Map<String, Rows.Image> images = new TreeMap<>();
      select(Table.IMAGES, "image_id", imageIds)
          .forEach(row -> images.put(row.getAs("image_id"), Rows.IMAGE.fromRow(row)));
      List<Group> groups = new ArrayList<>();
      for (GroupChooser.Chosen group : chosen) {
        groups.add(group(group, queries.get(group.queryId()), samples.get(key(group))));
      }
      return new ShownGroups(groups, rows, images);
    }

    private static List<Object> key(GroupChooser.Chosen group) {
      return List.of(group.phase(), group.iteration(), group.step(), group.queryId());
    }

    private List<Row> select(Table table, String column, Set<String> values) {
      return tables
          .spark()
          .table(table.tableName())
          .where(col(column).isInCollection(values))
          .collectAsList();
    }

    private void readFigures(Set<String> ids) {
      for (Row row :
          tables.rows(
              "SELECT inline(arrays_zip(trained_ids, advantages)) FROM training_steps WHERE stage = 'grpo'")) {
        if (!row.isNullAt(1)) {
          advantages.put(row.getString(0), row.getDouble(1));
        }
      }
      tables
          .spark()
          .table("scores")
          .where(col("trajectory_id").isInCollection(ids))
          .collectAsList()
          .forEach(row -> rewards.put(row.getAs("trajectory_id"), Rows.REWARD.fromRow(row)));
      for (Row row : select(Table.ATTENTION, "trajectory_id", ids)) {
        attention.add(Rows.ATTENTION.fromRow(row));
      }
    }

    private Group group(
        GroupChooser.Chosen key, Rows.Query query, List<Rows.Trajectory> trajectories) {
      trajectories.sort(
          Comparator.comparingInt((Rows.Trajectory t) -> policies.indexOf(t.policyVersion()))
              .thenComparing(t -> String.valueOf(t.parentId()))
              .thenComparingInt(Rows.Trajectory::sample));
      return new Group(
          key.phase(),
          key.iteration(),
          key.step(),
          key.queryId(),
          query == null ? "(the question is not in the table queries)" : query.question(),
          query == null ? null : query.answer(),
          query == null ? null : query.source(),
          trajectories.get(0).imageIds(),
          key.why(),
          trajectories.stream().map(this::sample).toList());
    }

    private Sample sample(Rows.Trajectory t) {
      int all = t.completionIds().size();
      int shown = Math.min(all, MOST_TOKENS);
      List<Piece> given = List.of();
      List<Piece> sampled;
      if (tokens == null) {
        sampled = List.of(new Piece(t.text(), all, null, false));
      } else {
        given = tokens.of(tokens.given(t.promptIds()), List.of());
        sampled = tokens.of(t.completionIds().subList(0, shown), t.logProbs().subList(0, shown));
      }
      List<Piece> pieces = new ArrayList<>(given);
      pieces.addAll(sampled);
      return new Sample(
          t.trajectoryId(),
          t.iteration(),
          t.step(),
          t.sample(),
          t.policyVersion(),
          t.finish(),
          t.error(),
          t.temperature(),
          given.size(),
          TokenPieces.marked(pieces),
          all,
          shown,
          advantages.get(t.trajectoryId()),
          reward(rewards.get(t.trajectoryId())),
          attention.of(t.trajectoryId()).map(AttentionMaps::shares).orElse(null));
    }

    private static Reward reward(Rows.Reward r) {
      if (r == null) {
        return null;
      }
      List<Own> own = new ArrayList<>();
      new TreeMap<>(r.custom() == null ? Map.<String, Rows.CustomReward>of() : r.custom())
          .forEach((name, reward) -> own.add(new Own(name, reward.value(), reward.reason())));
      return new Reward(
          r.format(), r.accuracy(), r.reflection(), r.total(), r.answer(), r.reason(), own);
    }
  }
}
