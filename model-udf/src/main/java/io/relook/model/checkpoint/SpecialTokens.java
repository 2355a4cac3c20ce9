package io.relook.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The named special tokens of a tokenizer, as transformers 5.23.0 finds them:
 * tokenizer_config.json; special_tokens_map.json over it where that has no {@code
 * added_tokens_decoder}; Qwen2Tokenizer's own where a key is absent, which {@code null} is not.
 * {@code model_specific_special_tokens} counts where tokenizer_config.json names no token of the
 * model in another way, as there.
 */
final class SpecialTokens {
  private static final String MAP = "special_tokens_map.json";
  private static final List<String> NAMES =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  /** Classes that have Qwen2Tokenizer's defaults; no class is Qwen2.5-VL's own. */
  private static final List<String> QWEN = List.of("", "Qwen2Tokenizer", "Qwen2TokenizerFast");

  private static final List<String> QWEN_DEFAULTS = List.of("eos_token", "unk_token", "pad_token");

  private SpecialTokens() {}

  /** By transformers' names: the standard ones first. */
  static Map<String, String> read(CheckpointFiles files) {
    JsonNode config = files.tokenizerConfig();
    Map<String, String> found = new LinkedHashMap<>();
    if (isQwen(config)) {
      QWEN_DEFAULTS.forEach(key -> found.put(key, "<|endoftext|>"));
    }
    return ordered(put(found, files));
  }

  static boolean isQwen(JsonNode tokenizerConfig) {
    return QWEN.contains(tokenizerConfig.path("tokenizer_class").asText(""));
  }

  /**
   * Those that the files name, the extra ones too: {@code additional_special_tokens} counts where
   * there are no {@code extra_special_tokens}. No defaults.
   */
  static Set<String> given(CheckpointFiles files) {
    Set<String> given = new LinkedHashSet<>(ordered(put(new LinkedHashMap<>(), files)).values());
    JsonNode extra = files.tokenizerConfig().path("extra_special_tokens");
    JsonNode old = files.tokenizerConfig().path("additional_special_tokens");
    JsonNode list = extra.isEmpty() ? old : extra;
    if (list.isArray()) {
      list.forEach(token -> given.add(content(token)));
    }
    given.removeAll(Arrays.asList(null, ""));
    return given;
  }

  private static Map<String, String> put(Map<String, String> found, CheckpointFiles files) {
    JsonNode config = files.tokenizerConfig();
    Map<String, String> named = new LinkedHashMap<>();
    put(named, config, files, CheckpointFiles.TOKENIZER_CONFIG);
    if (NAMES.containsAll(named.keySet())) {
      putAll(named, config.path("model_specific_special_tokens"));
    }
    found.putAll(named);
    if (!config.has("added_tokens_decoder")) {
      files.json(MAP).ifPresent(map -> put(found, map, files, MAP));
    }
    return found;
  }

  private static Map<String, String> ordered(Map<String, String> found) {
    Map<String, String> ordered = new LinkedHashMap<>();
    NAMES.stream()
        .filter(key -> found.get(key) != null)
        .forEach(key -> ordered.put(key, found.get(key)));
    found.forEach(
        (key, value) -> {
          if (value != null) {
            ordered.putIfAbsent(key, value);
          }
        });
    return Collections.unmodifiableMap(ordered);
  }

  /** Standard names, other keys that end in {@code _token}, and named extra ones. */
  private static void put(
      Map<String, String> found, JsonNode json, CheckpointFiles files, String file) {
    json.properties()
        .forEach(
            entry -> {
              String key = entry.getKey();
              String content = content(entry.getValue());
              if (NAMES.contains(key) && content == null && !entry.getValue().isNull()) {
                throw CheckpointErrors.badSideFile(
                    files.name(), file, "%s is no token: %s".formatted(key, entry.getValue()));
              }
              if (NAMES.contains(key) || key.endsWith("_token") && content != null) {
                found.put(key, content);
              }
            });
    JsonNode extra = json.path("extra_special_tokens");
    if (extra.isObject()) {
      putAll(found, extra);
    }
  }

  private static void putAll(Map<String, String> found, JsonNode tokens) {
    tokens.properties().forEach(entry -> found.put(entry.getKey(), content(entry.getValue())));
  }

  /** A token is a text or an object with its {@code content}; null where it is neither. */
  static String content(JsonNode token) {
    JsonNode content = token.isObject() ? token.path("content") : token;
    return content.isTextual() ? content.asText() : null;
  }
}
