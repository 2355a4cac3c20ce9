package io.relook.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What of {@code tokenizer_config.json} and {@code tokenizer.json} changes the ids of a text and is
 * not followed here, or not by all. Each is refused by name.
 *
 * <p>transformers 5.23.0 builds a Qwen2Tokenizer from the vocabulary and merges alone, with its own
 * normalizer and pre-tokenizer; 4.57.6 and the tokenizers library take those of {@code
 * tokenizer.json}. So they must be the same. A post-processor that adds tokens works for a plain
 * text and not for a tokenizer's chat: both versions differ from themselves there.
 */
final class TokenizerKeys {
  /** Qwen2Tokenizer's of transformers 5.23.0. */
  private static final String WORDS =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
          + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private static final Set<String> NOTHING = Set.of("", "null", "false", "0", "0.0", "\"\"");

  private final List<String> problems = new ArrayList<>();

  private TokenizerKeys() {}

  static void check(CheckpointFiles files, JsonNode tokenizer) {
    TokenizerKeys keys = new TokenizerKeys();
    JsonNode config = files.tokenizerConfig();
    for (String key : List.of("split_special_tokens", "add_prefix_space")) {
      keys.nothing("%s in tokenizer_config.json", config, key);
    }
    JsonNode model = tokenizer.path("model");
    keys.nothing("model.%s in tokenizer.json", model, "dropout");
    keys.postProcessor(tokenizer.path("post_processor"));
    if (SpecialTokens.isQwen(config)) {
      for (String key :
          List.of("ignore_merges", "continuing_subword_prefix", "end_of_word_suffix")) {
        keys.nothing("model.%s in tokenizer.json", model, key);
      }
      keys.qwen(tokenizer);
    }
    if (!keys.problems.isEmpty()) {
      throw CheckpointErrors.badConfig(files.name(), keys.problems);
    }
  }

  private void nothing(String name, JsonNode part, String key) {
    JsonNode value = part.path(key);
    if (!NOTHING.contains(value.toString())) {
      problems.add("%s is %s, which the engine does not do".formatted(name.formatted(key), value));
    }
  }

  private void postProcessor(JsonNode step) {
    step.path("processors").forEach(this::postProcessor);
    boolean adds =
        switch (step.path("type").asText("")) {
          case "", "ByteLevel", "Sequence" -> false;
          case "TemplateProcessing" -> !step.path("single").findValues("SpecialToken").isEmpty();
          default -> true;
        };
    if (adds) {
      problems.add(
          "post_processor in tokenizer.json adds tokens to a text: write them into the chat"
              + " template instead");
    }
  }

  private void qwen(JsonNode tokenizer) {
    JsonNode steps = tokenizer.at("/pre_tokenizer/pretokenizers");
    JsonNode split = steps.path(0);
    JsonNode bytes = steps.path(1);
    boolean words =
        steps.size() == 2
            && split.path("type").asText().equals("Split")
            && split.at("/pattern/Regex").asText().equals(WORDS)
            && split.path("behavior").asText().equals("Isolated")
            && !split.path("invert").asBoolean()
            && bytes.path("type").asText().equals("ByteLevel")
            && !bytes.path("add_prefix_space").asBoolean(true)
            && !bytes.path("use_regex").asBoolean(true);
    if (!words || !tokenizer.at("/normalizer/type").asText().equals("NFC")) {
      problems.add(
          "the %s of tokenizer.json is not Qwen2Tokenizer's, whose own transformers 5 uses: name"
                  .formatted(words ? "normalizer" : "pre_tokenizer")
              + " PreTrainedTokenizerFast as tokenizer_class, where it is meant");
    }
  }
}
