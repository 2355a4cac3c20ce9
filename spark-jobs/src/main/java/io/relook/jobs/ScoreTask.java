package io.relook.jobs;

import io.relook.lakehouse.Rows;
import io.relook.rewards.ClassReward;
import io.relook.rewards.CustomReward;
import io.relook.rewards.Reward;
import io.relook.rewards.Rewards;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** On an executor: each row, and behind its cells its row of {@code rewards}, without the total. */
final class ScoreTask implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1;

  private final Rewards rewards;

  ScoreTask(Rewards rewards) {
    this.rewards = rewards;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    Map<ClassReward, Function<Reward.Sample, Rows.CustomReward>> scorers = new LinkedHashMap<>();
    for (CustomReward reward : rewards.custom()) {
      if (reward instanceof ClassReward) {
        scorers.put((ClassReward) reward, ((ClassReward) reward).scorer());
      }
    }
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public Row next() {
        Row row = rows.next();
        Object[] cells = new Object[row.length() + 1];
        for (int i = 0; i < row.length(); i++) {
          cells[i] = row.get(i);
        }
        cells[row.length()] = Rows.REWARD.toRow(score(row, scorers));
        return RowFactory.create(cells);
      }
    };
  }

  private Rows.Reward score(
      Row row, Map<ClassReward, Function<Reward.Sample, Rows.CustomReward>> scorers) {
    String text = row.getAs("text");
    String truth = row.getAs("truth");
    String error = row.getAs("error");
    Rewards.Scores scores = rewards.score(row.getAs("question"), text, truth, error);
    Reward.Sample sample =
        new Reward.Sample(
            row.getAs("query_id"),
            row.getAs("question"),
            truth,
            row.getAs("template"),
            text,
            row.getAs("finish"),
            row.<Integer>getAs("tokens"),
            scores.answer(),
            scores.format(),
            scores.accuracy(),
            scores.reflection());
    Map<String, Rows.CustomReward> custom = new LinkedHashMap<>();
    scorers.forEach(
        (reward, scorer) ->
            custom.put(
                reward.name(),
                error == null ? scorer.apply(sample) : reward.nothing(Rewards.NO_COMPLETION)));
    return new Rows.Reward(
        row.getAs("trajectory_id"),
        rewards.version(),
        scores.format(),
        scores.accuracy(),
        scores.reflection(),
        null,
        scores.answer(),
        scores.reason(),
        custom);
  }
}
