package io.relook.judge;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Keys;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;

/**
 * A judge's verdicts → {@code judgements}, keyed by what was asked of whom: no second look is
 * judged twice. A row without a score says why, and is asked again the next time.
 */
public final class Judgements {
  /** So many verdicts a commit: what is paid for is not lost. */
  private static final int AT_ONCE = 32;

  private final Lakehouse lakehouse;
  private final Judge judge;

  public Judgements(Lakehouse lakehouse, Judge judge) {
    this.lakehouse = lakehouse;
    this.judge = judge;
  }

  /** Verdicts by the cases' ids. */
  public Map<String, Rows.Judgement> of(Map<String, Judge.Case> cases) {
    Map<String, Rows.Judgement> known = new HashMap<>();
    for (Row row :
        lakehouse
            .read(Table.JUDGEMENTS)
            .where(col("judge").equalTo(judge.name()).and(col("error").isNull()))
            .collectAsList()) {
      Rows.Judgement judgement = Rows.JUDGEMENT.fromRow(row);
      known.put(judgement.judgementId(), judgement);
    }
    Map<String, Rows.Judgement> verdicts = new HashMap<>();
    List<Row> fresh = new ArrayList<>();
    cases.forEach(
        (id, asked) -> {
          Rows.Judgement judgement =
              known.computeIfAbsent(key(asked), key -> ask(key, asked, fresh));
          verdicts.put(id, judgement);
          if (fresh.size() >= AT_ONCE) {
            commit(fresh);
          }
        });
    commit(fresh);
    return verdicts;
  }

  private Rows.Judgement ask(String key, Judge.Case asked, List<Row> fresh) {
    Judge.Verdict verdict = judge.judge(asked);
    Rows.Judgement judgement =
        new Rows.Judgement(
            key,
            judge.name(),
            judge.promptVersion(),
            verdict.reason(),
            verdict.score(),
            verdict.error(),
            verdict.promptTokens(),
            verdict.completionTokens());
    fresh.add(Rows.JUDGEMENT.toRow(judgement));
    return judgement;
  }

  private void commit(List<Row> fresh) {
    lakehouse.replace(Table.JUDGEMENTS, fresh);
    fresh.clear();
  }

  private String key(Judge.Case asked) {
    return Keys.of(
        judge.name(),
        judge.promptVersion(),
        asked.question(),
        asked.reasoning(),
        asked.reflection(),
        asked.answer());
  }
}
