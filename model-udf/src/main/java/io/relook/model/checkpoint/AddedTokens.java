package io.relook.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The added tokens of a tokenizer: those of tokenizer.json and those of {@code
 * added_tokens_decoder} in tokenizer_config.json, or of added_tokens.json where that is missing. A
 * token in both is as added_tokens_decoder has it. Two ids for one token or two tokens for one id
 * are refused: transformers 5.23.0 takes one and 4.57.6 the other.
 *
 * <p>Named and extra special tokens that are in neither become added tokens too, as in
 * transformers: with their id in the vocabulary, or else the next free one.
 */
final class AddedTokens {
  private static final List<String> FLAGS =
      List.of("single_word", "lstrip", "rstrip", "normalized", "special");

  private final String folder;
  private final List<String> problems = new ArrayList<>();
  private final TreeMap<Integer, ObjectNode> byId = new TreeMap<>();
  private final Map<String, Integer> ids = new LinkedHashMap<>();

  private AddedTokens(String folder) {
    this.folder = folder;
  }

  /** {@code tokenizer.json} with all of them, by id. */
  static ObjectNode merged(CheckpointFiles files) {
    ObjectNode tokenizer =
        files
            .json(CheckpointFiles.TOKENIZER)
            .map(ObjectNode.class::cast)
            .orElseThrow(() -> CheckpointErrors.noTokenizer(files.name()));
    AddedTokens tokens = new AddedTokens(files.name());
    tokens.read(files, tokenizer);
    ArrayNode array = tokenizer.putArray("added_tokens");
    tokens.byId.values().forEach(array::add);
    return tokenizer;
  }

  private void read(CheckpointFiles files, ObjectNode tokenizer) {
    for (JsonNode token : tokenizer.path("added_tokens")) {
      add(CheckpointFiles.TOKENIZER, token.path("id"), token);
    }
    JsonNode config = files.tokenizerConfig();
    Set<String> special = SpecialTokens.given(files);
    JsonNode decoder = config.path("added_tokens_decoder");
    if (config.has("added_tokens_decoder")) {
      decoder
          .properties()
          .forEach(
              entry ->
                  add(
                      "added_tokens_decoder",
                      CheckpointFiles.JSON.getNodeFactory().textNode(entry.getKey()),
                      entry.getValue()));
    } else {
      files.json("added_tokens.json").ifPresent(map -> addLegacy(map, special));
    }
    if (!problems.isEmpty()) {
      throw CheckpointErrors.badConfig(folder, problems);
    }
    JsonNode vocabulary = tokenizer.path("model").path("vocab");
    special.forEach(token -> know(token, vocabulary));
  }

  private void addLegacy(JsonNode map, Set<String> special) {
    map.properties()
        .forEach(
            entry -> {
              String token = entry.getKey();
              if (!ids.containsKey(token)) {
                add("added_tokens.json", entry.getValue(), token(token, special.contains(token)));
              }
            });
  }

  private void add(String file, JsonNode id, JsonNode token) {
    String content = SpecialTokens.content(token);
    int number = id.isTextual() ? number(id.asText()) : id.isInt() ? id.asInt() : -1;
    if (!token.isObject() || content == null || content.isEmpty() || number < 0) {
      problems.add("%s has a token that is none: %s %s".formatted(file, id, token));
      return;
    }
    ObjectNode before = byId.get(number);
    if (before != null && !before.path("content").asText().equals(content)) {
      problems.add(
          "token %d is '%s' in tokenizer.json and '%s' in %s"
              .formatted(number, before.path("content").asText(), content, file));
      return;
    }
    Integer other = ids.putIfAbsent(content, number);
    if (other != null && other != number) {
      problems.add(
          "token '%s' is %d in tokenizer.json and %d in %s"
              .formatted(content, other, number, file));
      return;
    }
    boolean special = token.path("special").asBoolean(false);
    ObjectNode merged = token(content, special);
    for (String flag : FLAGS) {
      merged.put(flag, token.path(flag).asBoolean(merged.path(flag).asBoolean()));
    }
    byId.put(number, merged.put("id", number));
  }

  private void know(String token, JsonNode vocabulary) {
    if (!ids.containsKey(token)) {
      int next = Math.max(vocabulary.size(), byId.isEmpty() ? 0 : byId.lastKey() + 1);
      int id = vocabulary.path(token).asInt(next);
      ids.put(token, id);
      byId.put(id, token(token, true).put("id", id));
    }
  }

  /** As the tokenizers library makes one: normalised unless special. */
  private static ObjectNode token(String content, boolean special) {
    ObjectNode token = CheckpointFiles.JSON.createObjectNode().put("content", content);
    FLAGS.forEach(flag -> token.put(flag, false));
    return token.put("normalized", !special).put("special", special);
  }

  private static int number(String text) {
    return text.matches("\\d{1,9}") ? Integer.parseInt(text) : -1;
  }
}
