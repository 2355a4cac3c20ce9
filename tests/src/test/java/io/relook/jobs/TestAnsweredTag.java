package io.relook.jobs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.model.text.TaggedTokenizer;
import io.relook.model.text.TextProcessor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The right answer behind its tag, in the tokens that a policy writes. */
final class TestAnsweredTag {
  @TempDir private Path folder;

  private static void check(TextProcessor text, String answer, String tag, String behind) {
    int[][] told = ReconstructJob.answered(text, answer);
    assertEquals(tag, text.decode(told[0]));
    assertEquals(behind, text.decode(told[1]));
    assertArrayEquals(
        text.encodeAsText(" <answer>" + answer),
        IntStream.concat(IntStream.of(told[0]), IntStream.of(told[1])).toArray());
  }

  @Test
  void theTagIsTheTokenizersOwnWhereItWouldWriteIt() throws Exception {
    for (String name :
        List.of("plain", "special", "added", "special, rstrip", "added, single word")) {
      TaggedTokenizer.write(name, folder.resolve(name));
      try (TextProcessor text = TextProcessor.load(folder.resolve(name))) {
        check(text, "red", " <answer>", "red");
        check(text, "", " <answer>", "");
      }
    }
    TaggedTokenizer.write("special, lstrip", folder.resolve("lstrip"));
    try (TextProcessor text = TextProcessor.load(folder.resolve("lstrip"))) {
      check(text, "3", "<answer>", "3");
    }
  }

  /** As Qwen's splits words: a bracket belongs to the word behind it. */
  @Test
  void aTokenOfBracketAndAnswerIsTheAnswers() throws Exception {
    TaggedTokenizer.write("plain", folder);
    Files.delete(folder.resolve("tokenizer_config.json")); // It names the added tokens too.
    ObjectMapper json = new ObjectMapper();
    JsonNode file = json.readTree(folder.resolve("tokenizer.json").toFile());
    ((ObjectNode) file).putArray("added_tokens");
    ((ObjectNode) file.path("model").path("vocab")).put(">re", 483);
    ((ArrayNode) file.path("model").path("merges")).addArray().add(">").add("re");
    json.writeValue(folder.resolve("tokenizer.json").toFile(), file);
    try (TextProcessor text = TextProcessor.load(folder)) {
      check(text, "red", " <answer", ">red");
      check(text, "blue", " <answer>", "blue");
    }
  }
}
