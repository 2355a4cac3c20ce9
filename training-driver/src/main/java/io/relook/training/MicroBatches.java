package io.relook.training;

import io.relook.model.engine.Prompt;
import io.relook.model.engine.TrainingRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rows that run together: of at most so many tokens, where rows of one prompt share it and it
 * counts once. Prompts and rows of similar length come together, so that attention pads little.
 */
public final class MicroBatches {
  private MicroBatches() {}

  /** Every row once; a row longer than the budget stands alone. */
  public static List<List<TrainingRow>> of(List<TrainingRow> rows, int tokenBudget) {
    List<List<TrainingRow>> batches = new ArrayList<>();
    List<TrainingRow> batch = new ArrayList<>();
    int tokens = 0;
    for (List<TrainingRow> family : families(rows, tokenBudget)) {
      int more = tokens(family);
      if (tokens + more > tokenBudget && !batch.isEmpty()) {
        batches.add(batch);
        batch = new ArrayList<>();
        tokens = 0;
      }
      batch.addAll(family);
      tokens += more;
    }
    if (!batch.isEmpty()) {
      batches.add(batch);
    }
    return batches;
  }

  /** Tokens of rows that share one prompt. */
  public static int tokens(List<TrainingRow> family) {
    return family.get(0).prompt().length()
        + family.stream().mapToInt(row -> row.completion().length).sum();
  }

  /** Rows of one prompt, no family over the budget unless it is one row. */
  private static List<List<TrainingRow>> families(List<TrainingRow> rows, int tokenBudget) {
    Map<Prompt, List<TrainingRow>> byPrompt = new LinkedHashMap<>();
    for (TrainingRow row : rows) {
      byPrompt.computeIfAbsent(row.prompt(), prompt -> new ArrayList<>()).add(row);
    }
    List<List<TrainingRow>> families = new ArrayList<>();
    for (List<TrainingRow> all : byPrompt.values()) {
      all.sort(Comparator.comparingInt(TrainingRow::length));
      List<TrainingRow> family = new ArrayList<>();
      for (TrainingRow row : all) {
        if (!family.isEmpty() && tokens(family) + row.completion().length > tokenBudget) {
          families.add(family);
          family = new ArrayList<>();
        }
        family.add(row);
      }
      families.add(family);
    }
    families.sort(Comparator.comparingInt(MicroBatches::root));
    return families;
  }

  /** What runs from position 0 on: a prompt, or a row that shares it with no other. */
  private static int root(List<TrainingRow> family) {
    return family.size() == 1 ? family.get(0).length() : family.get(0).prompt().length();
  }
}
