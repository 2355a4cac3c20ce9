package io.relook.model.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which of a tokenizer's added tokens are tags. Tags are text, which a policy writes and rewards
 * read; the other added tokens are control tokens, which only a chat template writes. Our choice:
 * transformers knows {@code special} alone, and its {@code skip_special_tokens} drops special tags.
 */
final class TagTokens {
  /** Such as {@code <summary>}; {@code <s>} and {@code </s>} are control tokens. */
  private static final Pattern FORM = Pattern.compile("</?\\p{L}[\\p{L}\\p{N}_-]+>");

  private TagTokens() {}

  /**
   * The tags of traces, and a user's own, {@code <name>} beside {@code </name>}, unless the chat
   * template writes them, as it does {@code <tool_call>}.
   *
   * @param added the array {@code added_tokens} of {@code tokenizer.json}
   * @param template null where there is none
   */
  static List<String> among(JsonNode added, String template) {
    Set<String> names = new LinkedHashSet<>();
    added.forEach(token -> names.add(token.path("content").asText()));
    List<String> tags = new ArrayList<>();
    for (String name : names) {
      List<String> pair = List.of(name, partner(name));
      boolean own =
          FORM.matcher(name).matches()
              && names.containsAll(pair)
              && (template == null || pair.stream().noneMatch(template::contains));
      if (own || Tags.ALL.contains(name)) {
        tags.add(name);
      }
    }
    return tags;
  }

  private static String partner(String name) {
    return name.startsWith("</") ? "<" + name.substring(2) : "</" + name.substring(1);
  }

  /**
   * The tokenizer whose only added tokens are the tags, with the ids that they have among all. The
   * library numbers added tokens anew, in their order, but for those of the model's vocabulary:
   * tags enter it.
   *
   * @param whole the tokenizer with all its added tokens
   * @param file the same as {@code tokenizer.json}; changed
   */
  static HuggingFaceTokenizer alone(
      HuggingFaceTokenizer whole, ObjectNode file, List<String> tags, Map<String, String> options)
      throws IOException {
    ArrayNode kept = file.arrayNode();
    for (JsonNode token : file.path("added_tokens")) {
      String name = token.path("content").asText();
      if (tags.contains(name)) {
        kept.add(token);
        if (file.path("model").path("vocab") instanceof ObjectNode vocabulary) {
          vocabulary.put(name, TextProcessor.ids(whole, name)[0]);
        }
      }
    }
    file.set("added_tokens", kept);
    HuggingFaceTokenizer alone =
        HuggingFaceTokenizer.newInstance(
            new ByteArrayInputStream(new ObjectMapper().writeValueAsBytes(file)), options);
    for (String tag : tags) {
      if (!Arrays.equals(TextProcessor.ids(whole, tag), TextProcessor.ids(alone, tag))) {
        alone.close();
        throw new IllegalArgumentException(
            "the id of the added token %s follows from the tokens before it: put it into the model's vocabulary"
                .formatted(tag));
      }
    }
    return alone;
  }
}
