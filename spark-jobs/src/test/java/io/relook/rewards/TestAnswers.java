package io.relook.rewards;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Answers as models write them and truths as data sets do, {@code answers.jsonl}: a person's
 * reading of each pair.
 */
class TestAnswers {
  @Test
  void everyAnswerIsReadAsAPersonReadsIt() throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<String> other = new ArrayList<>();
    int right = 0;
    int wrong = 0;
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                TestAnswers.class.getResourceAsStream("answers.jsonl"), StandardCharsets.UTF_8))) {
      for (String line : lines.lines().toList()) {
        JsonNode row = json.readTree(line);
        boolean expected = row.required("right").asBoolean();
        right += expected ? 1 : 0;
        wrong += expected ? 0 : 1;
        if (Verifier.isRight(row.required("answer").asText(), row.required("truth").asText())
            != expected) {
          other.add(line);
        }
      }
    }
    assertEquals(List.of(), other);
    assertTrue(right > 400 && wrong > 200, right + " right, " + wrong + " wrong");
  }
}
