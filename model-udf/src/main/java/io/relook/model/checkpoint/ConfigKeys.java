package io.relook.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Keys of {@code config.json} that {@link ConfigReader} does not read and that change a model's
 * numbers where an engine follows them: each must be absent, null or the value here, which changes
 * nothing. All other keys are left alone, as transformers 5.23.0 leaves them: dropout, initial
 * ranges, caches and versions say nothing about the numbers of this architecture.
 */
final class ConfigKeys {
  /** Of the language half and the root: key to its neutral values. */
  private static final Map<String, Set<String>> TEXT =
      Map.ofEntries(
          Map.entry("attn_logit_softcapping", Set.of("0")),
          Map.entry("final_logit_softcapping", Set.of("0")),
          Map.entry("logit_softcapping", Set.of("0")),
          Map.entry("attention_multiplier", Set.of()),
          Map.entry("query_pre_attn_scalar", Set.of()),
          Map.entry("attention_scaling", Set.of("1")),
          Map.entry("attention_chunk_size", Set.of()),
          Map.entry("embedding_multiplier", Set.of("1")),
          Map.entry("residual_multiplier", Set.of("1")),
          Map.entry("logits_scaling", Set.of("1")),
          Map.entry("logit_scale", Set.of("1")),
          Map.entry("scale_embedding", Set.of("false")),
          Map.entry("partial_rotary_factor", Set.of("1")),
          Map.entry("rotary_pct", Set.of("1")),
          Map.entry("rope_local_base_freq", Set.of()),
          Map.entry("use_qk_norm", Set.of("false")),
          Map.entry("qk_norm", Set.of("false")),
          Map.entry("mlp_bias", Set.of("false")),
          Map.entry("is_causal", Set.of("true")),
          Map.entry("num_experts", Set.of("0")),
          Map.entry("num_local_experts", Set.of("0")),
          Map.entry("per_layer_config", Set.of("{}")),
          Map.entry("quantization_config", Set.of()),
          Map.entry("compression_config", Set.of()));

  /** Of the picture half. */
  private static final Map<String, Set<String>> VISION =
      Map.of(
          "deepstack_visual_indexes", Set.of("[]"),
          "partial_rotary_factor", Set.of("1"),
          "per_layer_config", Set.of("{}"),
          "quantization_config", Set.of());

  /** Of rope_scaling and rope_parameters, whose type is the plain one. */
  private static final Map<String, Set<String>> ROPE =
      Map.ofEntries(
          Map.entry("factor", Set.of("1")),
          Map.entry("attention_factor", Set.of("1")),
          Map.entry("short_factor", Set.of()),
          Map.entry("long_factor", Set.of()),
          Map.entry("low_freq_factor", Set.of()),
          Map.entry("high_freq_factor", Set.of()),
          Map.entry("mscale", Set.of("1")),
          Map.entry("mscale_all_dim", Set.of("1")),
          Map.entry("partial_rotary_factor", Set.of("1")),
          Map.entry("mrope_interleaved", Set.of("false")));

  private ConfigKeys() {}

  static void check(
      JsonNode root, JsonNode text, JsonNode vision, JsonNode rope, List<String> problems) {
    refuse(TEXT, root, "", problems);
    if (text != root) {
      refuse(TEXT, text, "text_config.", problems);
    }
    refuse(VISION, vision, "vision_config.", problems);
    refuse(ROPE, rope, "rope_parameters.", problems);
  }

  private static void refuse(
      Map<String, Set<String>> keys, JsonNode part, String at, List<String> problems) {
    new TreeMap<>(keys)
        .forEach(
            (key, neutral) -> {
              JsonNode value = part.path(key);
              if (value.isMissingNode() || value.isNull() || isOneOf(neutral, value)) {
                return;
              }
              problems.add(
                  key.endsWith("ation_config") || key.equals("compression_config")
                      ? "it is quantised (%s), use the float checkpoint it was made of"
                          .formatted(key)
                      : "%s%s is %s, which the engine does not do".formatted(at, key, value));
            });
  }

  private static boolean isOneOf(Set<String> neutral, JsonNode value) {
    if (value.isNumber()) {
      return neutral.stream()
          .anyMatch(n -> n.matches("\\d+") && Double.parseDouble(n) == value.asDouble());
    }
    return neutral.contains(value.toString());
  }
}
