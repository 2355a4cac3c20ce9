package io.relook.cases;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.lakehouse.RelookException;
import io.relook.model.text.ChatTemplate;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * {@code template}, {@code messages}, {@code options} (variables beside these), {@code tokens}
 * (special tokens; null ones are not set), {@code expected} or {@code error}: with an error the
 * template must be refused.
 */
final class TemplateCase implements Cases.Kind {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Override
  public boolean isOf(JsonNode row) {
    return row.path("template").isTextual()
        && row.path("messages").isArray()
        && (row.has("expected") || row.has("error"));
  }

  @Override
  public Optional<String> difference(JsonNode row) {
    String name = row.path("name").asText("template");
    String ours;
    try {
      ours = render(row.get("template").asText(), variables(row));
    } catch (RelookException e) {
      return row.has("error")
          ? Optional.empty()
          : Optional.of("%s: refused: %s".formatted(name, e.getMessage()));
    }
    if (row.has("error")) {
      return Optional.of(
          "%s: %s is refused by Jinja (%s), ours renders %s"
              .formatted(name, row.get("template"), row.get("error").asText(), quoted(ours)));
    }
    return ours.equals(row.get("expected").asText())
        ? Optional.empty()
        : Optional.of(
            "%s: expected %s, ours renders %s".formatted(name, row.get("expected"), quoted(ours)));
  }

  /**
   * As transformers passes them: what is not said is false or null, a token that is null absent.
   */
  private static Map<String, Object> variables(JsonNode row) {
    Map<String, Object> variables = new LinkedHashMap<>();
    variables.put("messages", value(row.get("messages")));
    variables.put("add_generation_prompt", false);
    variables.put("tools", null);
    variables.put("documents", null);
    for (String field : new String[] {"tokens", "options"}) {
      for (Map.Entry<String, JsonNode> each : row.path(field).properties()) {
        if (field.equals("options") || !each.getValue().isNull()) {
          variables.put(each.getKey(), value(each.getValue()));
        }
      }
    }
    return variables;
  }

  private static Object value(JsonNode node) {
    return JSON.convertValue(node, new TypeReference<>() {});
  }

  private static String quoted(String text) {
    return JSON.getNodeFactory().textNode(text).toString();
  }

  private static String render(String template, Map<String, Object> variables) {
    return ChatTemplate.of(template).render(variables);
  }
}
