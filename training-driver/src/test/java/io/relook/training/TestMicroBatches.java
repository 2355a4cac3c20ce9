package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.model.engine.Prompt;
import io.relook.model.engine.TrainingRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class TestMicroBatches {
  private static int prompts;

  /** A row of its own prompt: one that no other has. */
  private static TrainingRow row(int length) {
    int[] ids = new int[length - 2];
    ids[0] = ++prompts;
    return row(new Prompt(ids, List.of()), 2);
  }

  private static TrainingRow row(Prompt prompt, int completion) {
    return TrainingRow.supervised(prompt, new int[completion], new float[completion]);
  }

  private static List<TrainingRow> rows(int... lengths) {
    List<TrainingRow> rows = new ArrayList<>();
    for (int length : lengths) {
      rows.add(row(length));
    }
    return rows;
  }

  private static List<List<Integer>> lengths(List<List<TrainingRow>> batches) {
    return batches.stream()
        .map(batch -> batch.stream().map(TrainingRow::length).collect(Collectors.toList()))
        .collect(Collectors.toList());
  }

  @Test
  void rowsOfSimilarLengthRunTogether() {
    assertEquals(
        List.of(List.of(3, 4, 5), List.of(7), List.of(10)),
        lengths(MicroBatches.of(rows(10, 4, 7, 3, 5), 14)));
  }

  @Test
  void aSharedPromptCountsOnce() {
    Prompt prompt = new Prompt(new int[20], List.of());
    Prompt equal = new Prompt(new int[20], List.of());
    List<TrainingRow> rows = List.of(row(prompt, 9), row(30), row(equal, 3), row(prompt, 6));
    assertEquals(
        List.of(List.of(23, 26, 29), List.of(30)), lengths(MicroBatches.of(rows, 20 + 3 + 6 + 9)));
    assertEquals(
        List.of(List.of(23, 26), List.of(29), List.of(30)),
        lengths(MicroBatches.of(rows, 20 + 3 + 6 + 8)));
  }

  @Test
  void aRowLongerThanTheBudgetStandsAlone() {
    assertEquals(
        List.of(List.of(3), List.of(40), List.of(50)),
        lengths(MicroBatches.of(rows(50, 3, 40), 10)));
  }

  @Test
  void rowsOfOneLengthKeepTheirOrder() {
    List<TrainingRow> rows = rows(5, 5, 5);
    List<TrainingRow> batch = MicroBatches.of(rows, 100).get(0);
    for (int i = 0; i < rows.size(); i++) {
      assertSame(rows.get(i), batch.get(i));
    }
  }

  @Test
  void noRowIsLostAndNoBatchIsOverTheBudget() {
    Random random = new Random(7);
    for (int trial = 0; trial < 200; trial++) {
      List<TrainingRow> rows = new ArrayList<>();
      for (int i = random.nextInt(40); i > 0; i--) {
        Prompt prompt = new Prompt(new int[1 + random.nextInt(12)], List.of());
        rows.add(
            random.nextBoolean()
                ? row(3 + random.nextInt(60))
                : row(prompt, 1 + random.nextInt(50)));
      }
      int budget = 64 + random.nextInt(200);
      List<List<TrainingRow>> batches = MicroBatches.of(rows, budget);
      assertEquals(rows.size(), batches.stream().mapToInt(List::size).sum());
      assertEquals(
          rows.size(), batches.stream().flatMap(List::stream).distinct().count(), "rows repeat");
      for (List<TrainingRow> batch : batches) {
        assertTrue(tokens(batch) <= budget, "over the budget");
      }
    }
  }

  private static int tokens(List<TrainingRow> batch) {
    return batch.stream().map(TrainingRow::prompt).distinct().mapToInt(Prompt::length).sum()
        + batch.stream().mapToInt(row -> row.completion().length).sum();
  }

  @Test
  void nothingMakesNoBatch() {
    assertEquals(List.of(), MicroBatches.of(List.of(), 10));
  }
}
