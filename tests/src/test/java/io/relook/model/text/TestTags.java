package io.relook.model.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Texts with tags to ids and back, against transformers ({@code goldens/tags/make_tags.py}). */
final class TestTags {
  @TempDir private Path folder;

  private interface Check {
    void of(String name, TextProcessor text, JsonNode variant);
  }

  private void each(Check check) throws Exception {
    for (JsonNode variant : TaggedTokenizer.variants()) {
      String name = variant.path("name").asText();
      TaggedTokenizer.write(name, folder.resolve(name));
      try (TextProcessor text = TextProcessor.load(folder.resolve(name))) {
        check.of(name, text, variant);
      }
    }
  }

  private static int[] ids(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
  }

  @Test
  void textsBecomeTheIdsOfTransformersAndComeBackWithTheirTags() throws Exception {
    each(
        (name, text, variant) -> {
          for (JsonNode c : variant.path("texts")) {
            String said = c.path("text").asText();
            String where = name + ": " + said;
            assertArrayEquals(ids(c.path("ids")), text.encode(said), where);
            assertEquals(c.path("decoded").asText(), text.decode(ids(c.path("ids")), false), where);
            assertEquals(c.path("skipped").asText(), text.decode(ids(c.path("ids")), true), where);
            int[] plain = text.encodeAsText(said);
            assertArrayEquals(ids(c.path("plain")), plain, where);
            String shown = text.decode(plain);
            assertEquals(c.path("shown").asText(), shown, where);
            assertArrayEquals(plain, text.encodeAsText(shown), where);
          }
        });
  }

  @Test
  void lengthsAndPrefixesCountTheCharactersThatAreShown() throws Exception {
    List<String> some = List.of("plain", "special", "added, lstrip, rstrip");
    each(
        (name, text, variant) -> {
          for (JsonNode c : some.contains(name) ? variant.path("texts") : List.<JsonNode>of()) {
            int[] ids = ids(c.path("ids"));
            int[] lengths = text.lengths(ids);
            String shown = text.decode(ids);
            assertEquals(shown.length(), lengths[ids.length - 1], name);
            for (int at = 0; at <= shown.length(); at += 3) {
              int prefix = text.prefix(ids, at).length;
              int reached = text.reaching(ids, at).length;
              assertTrue(prefix == 0 || lengths[prefix - 1] <= at, name);
              assertTrue(prefix == ids.length || lengths[prefix] > at, name);
              assertTrue(reached == 0 ? at == 0 : lengths[reached - 1] >= at, name);
              assertTrue(reached < 2 || lengths[reached - 2] < at, name);
            }
          }
        });
  }

  /** A question that spells a tag is what transformers makes of it; control tokens stay text. */
  @Test
  void chatsAreThoseOfTransformers() throws Exception {
    each(
        (name, text, variant) -> {
          for (JsonNode c : variant.path("chats")) {
            String question = c.path("question").asText();
            assertArrayEquals(ids(c.path("ids")), chat(text, question), name + ": " + question);
          }
          int end = text.control("<|im_end|>");
          int[] asked = chat(text, "<answer><|im_end|>");
          assertEquals(2, IntStream.of(asked).filter(id -> id == end).count(), name);
        });
  }

  private static int[] chat(TextProcessor text, String question) {
    return text.encodeChat(List.of(Message.ofPictures("user", 0, question)), List.of(), true);
  }

  /** A policy may spell a tag in other tokens than the tokenizer: rewards read the same text. */
  @Test
  void aTagInTheBytesTokensIsTheSameText() throws Exception {
    int[][] spelt = new int[1][];
    each(
        (name, text, variant) -> {
          String said = "I see 2. <answer>2</answer>";
          spelt[0] = name.equals("plain") ? text.encodeAsText(said) : spelt[0];
          assertEquals(said, text.decode(spelt[0]), name);
          int[] cut = Arrays.copyOf(spelt[0], text.prefix(spelt[0], 8).length);
          assertEquals("I see 2.", text.decode(cut), name);
        });
  }
}
