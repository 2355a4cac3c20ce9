package io.relook.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;

/**
 * Where a part of {@code config.json} says how positions turn, as transformers 5.23.0 looks it up:
 * {@code rope_scaling} where it is not empty, or else {@code rope_parameters}; in it {@code
 * rope_theta}, or else beside it. A dict by layer type counts where it is the same for all layers,
 * that is {@code full_attention} (our choice: 5.23.0 cannot open one for this model); beside a
 * {@code rope_theta} for all it says nothing, as there.
 *
 * <p>Two places that contradict each other are refused, except that {@code rope_parameters} goes
 * before the old {@code rope_theta} beside it: there 5.23.0 and the rule agree.
 *
 * @param dict empty where there is none
 * @param theta missing where neither says it
 */
record RopeSettings(JsonNode dict, JsonNode theta) {
  private static final String LAYERS = "full_attention";

  /** Problems are added to {@code problems}, by name. */
  static RopeSettings read(JsonNode part, List<String> problems) {
    JsonNode old = dict(part, "rope_scaling");
    JsonNode parameters = dict(part, "rope_parameters");
    JsonNode dict = old.isEmpty() ? parameters : old;
    JsonNode theta = dict.hasNonNull("rope_theta") ? dict.path("rope_theta") : beside(part);
    if (!old.isEmpty() && !parameters.isEmpty()) {
      same("rope_theta", theta, parameters.path("rope_theta"), problems);
      same("mrope_section", old.path("mrope_section"), parameters.path("mrope_section"), problems);
    }
    return new RopeSettings(dict, theta);
  }

  /** {@code type} and {@code rope_type} must both be one of these, or missing. */
  void requireType(Set<String> known, String engine, List<String> problems) {
    for (String key : List.of("rope_type", "type")) {
      JsonNode type = dict.path(key);
      if (!type.isMissingNode() && !type.isNull() && !known.contains(type.asText())) {
        problems.add("its rope type is '%s', the engine knows %s".formatted(type.asText(), engine));
        return;
      }
    }
  }

  /**
   * Writes what was read so that transformers 5.23.0 and 4.57.6, which does not know {@code
   * rope_parameters}, both find it.
   */
  static void write(ObjectNode part, ModelConfig.Text text) {
    ObjectNode old = part.putObject("rope_scaling").put("type", "mrope");
    section(old, text);
    part.put("rope_theta", text.ropeTheta());
    if (part.has("rope_parameters")) {
      ObjectNode parameters = part.putObject("rope_parameters").put("rope_type", "default");
      parameters.put("rope_theta", text.ropeTheta());
      section(parameters, text);
    }
  }

  private static void section(ObjectNode dict, ModelConfig.Text text) {
    for (int pairs : text.mropeSection()) {
      dict.withArray("mrope_section").add(pairs);
    }
  }

  private static JsonNode dict(JsonNode part, String key) {
    JsonNode dict = part.path(key);
    boolean byLayer = dict.path(LAYERS).isObject() && !dict.has("rope_theta");
    return byLayer ? dict.path(LAYERS) : dict;
  }

  private static JsonNode beside(JsonNode part) {
    return part.path("rope_theta");
  }

  private static void same(String key, JsonNode used, JsonNode other, List<String> problems) {
    boolean equal =
        used.isNumber() && other.isNumber()
            ? used.asDouble() == other.asDouble()
            : used.equals(other);
    if (!other.isMissingNode() && !equal) {
      problems.add(
          "rope_scaling says %s %s and rope_parameters %s: keep one of them"
              .formatted(key, used.isMissingNode() ? "nothing" : used, other));
    }
  }
}
