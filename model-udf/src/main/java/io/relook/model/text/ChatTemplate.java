package io.relook.model.text;

import io.relook.model.text.jinja.Template;
import io.relook.model.text.jinja.TemplateException;
import io.relook.model.text.jinja.Text;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The checkpoint's own Jinja template, rendered as transformers 5.23.0 renders it. */
public final class ChatTemplate {
  /** Roles that are ours; any other name came with the data. */
  private static final Set<String> ROLES =
      Set.of("system", "user", "assistant", "tool", "developer");

  private final Template template;
  private final Map<String, Object> variables;

  private ChatTemplate(Template template, Map<String, Object> variables) {
    this.template = template;
    this.variables = variables;
  }

  /** A template without special tokens and variables of its own. */
  public static ChatTemplate of(String source) {
    return of(source, Map.of(), Map.of());
  }

  /**
   * Reads a template.
   *
   * @param specialTokens by transformers' names, such as {@code eos_token}
   * @param variables a recipe's, such as {@code enable_thinking}; they go before special tokens
   */
  public static ChatTemplate of(
      String source, Map<String, String> specialTokens, Map<String, Object> variables) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("tools", null);
    all.put("documents", null);
    all.putAll(specialTokens);
    all.putAll(variables);
    try {
      return new ChatTemplate(Template.of(source), all);
    } catch (TemplateException e) {
      throw TextErrors.badTemplate(e.getMessage());
    }
  }

  /**
   * The text for exactly these variables, by transformers' names ({@code messages}, {@code
   * add_generation_prompt}, {@code tools}, special tokens, a recipe's).
   *
   * @param variables null, Boolean, whole numbers, Double, String, List and Map
   */
  public String render(Map<String, Object> variables) {
    return text(variables).toString();
  }

  /** The chat as one text. */
  public String render(List<Message> messages, boolean addGenerationPrompt) {
    return text(messages, addGenerationPrompt).toString();
  }

  /** The chat as one text that knows which of its characters the messages brought. */
  Text text(List<Message> messages, boolean addGenerationPrompt) {
    Map<String, Object> all = new LinkedHashMap<>(variables);
    all.put("messages", messages.stream().map(ChatTemplate::value).toList());
    all.put("add_generation_prompt", addGenerationPrompt);
    return text(all);
  }

  private Text text(Map<String, Object> variables) {
    try {
      return template.render(variables, Clock.systemDefaultZone());
    } catch (TemplateException e) {
      throw TextErrors.badTemplate(e.getMessage());
    }
  }

  private static Map<String, Object> value(Message message) {
    Map<String, Object> value = new LinkedHashMap<>();
    String role = message.role();
    value.put("role", ROLES.contains(role) ? role : Text.ofUser(role));
    if (message.plain()) {
      value.put("content", Text.ofUser(message.parts().get(0).text()));
      return value;
    }
    List<Map<String, Object>> parts = new ArrayList<>();
    for (Message.Part part : message.parts()) {
      Map<String, Object> shown = new LinkedHashMap<>();
      shown.put("type", part.isPicture() ? "image" : "text");
      if (!part.isPicture()) {
        shown.put("text", Text.ofUser(part.text()));
      }
      parts.add(shown);
    }
    value.put("content", parts);
    return value;
  }
}
