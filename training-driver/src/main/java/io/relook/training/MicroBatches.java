package io.relook.training;

import io.relook.model.engine.TrainingRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Rows of similar length together, each batch of at most so many tokens, padding included. */
public final class MicroBatches {
  private MicroBatches() {}

  /** Every row once; a row longer than the budget stands alone. */
  public static List<List<TrainingRow>> of(List<TrainingRow> rows, int tokenBudget) {
    List<TrainingRow> sorted = new ArrayList<>(rows);
    sorted.sort(Comparator.comparingInt(TrainingRow::length));
    List<List<TrainingRow>> batches = new ArrayList<>();
    List<TrainingRow> batch = new ArrayList<>();
    for (TrainingRow row : sorted) {
      if (!batch.isEmpty() && (batch.size() + 1) * row.length() > tokenBudget) {
        batches.add(batch);
        batch = new ArrayList<>();
      }
      batch.add(row);
    }
    if (!batch.isEmpty()) {
      batches.add(batch);
    }
    return batches;
  }
}
