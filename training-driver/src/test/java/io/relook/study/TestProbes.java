package io.relook.study;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.relook.lakehouse.Rows;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class TestProbes {
  @Test
  void aSwappedPictureIsOfTheSameQuestionWithAnotherAnswer() {
    TestSet set =
        new TestSet(
            "scenes",
            List.of(
                query("a", "What colour is the star?", "red"),
                query("b", "What colour is the star?", "red"),
                query("c", "What colour is the star?", "blue"),
                query("d", "How many shapes are there?", "2"),
                query("e", "How many stars are there?", "2"),
                query("f", "How many stars are there?", "2")));
    Map<String, String> others = new TreeMap<>();
    Probes.others(set).forEach((id, other) -> others.put(id, other.queryId()));
    assertEquals(Map.of("a", "c", "b", "c", "c", "a"), others);
  }

  private static Rows.Query query(String id, String question, String answer) {
    return new Rows.Query(
        id, "scenes/1", "test", question, answer, List.of("picture-" + id), null, null);
  }
}
