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
  private static TrainingRow row(int length) {
    return TrainingRow.supervised(
        new Prompt(new int[length - 2], List.of()), new int[2], new float[2]);
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
  void rowsOfSimilarLengthShareABatchAndPaddingCounts() {
    // 3 + 4 + 5 is 12 tokens, but padded to 5 it is 15: over the budget of 14.
    assertEquals(
        List.of(List.of(3, 4), List.of(5, 7), List.of(10)),
        lengths(MicroBatches.of(rows(10, 4, 7, 3, 5), 14)));
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
        rows.add(row(3 + random.nextInt(60)));
      }
      int budget = 64 + random.nextInt(200);
      List<List<TrainingRow>> batches = MicroBatches.of(rows, budget);
      assertEquals(rows.size(), batches.stream().mapToInt(List::size).sum());
      assertEquals(
          rows.size(), batches.stream().flatMap(List::stream).distinct().count(), "rows repeat");
      for (List<TrainingRow> batch : batches) {
        int longest = batch.stream().mapToInt(TrainingRow::length).max().getAsInt();
        assertTrue(batch.size() * longest <= budget, "over the budget");
      }
    }
  }

  @Test
  void nothingMakesNoBatch() {
    assertEquals(List.of(), MicroBatches.of(List.of(), 10));
  }
}
