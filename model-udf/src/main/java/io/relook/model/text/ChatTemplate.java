package io.relook.model.text;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The checkpoint's own Jinja template, rendered as transformers renders it. */
public final class ChatTemplate {
  private final String source;
  private final Jinjava jinjava;

  ChatTemplate(String source) {
    this.source = source;
    this.jinjava =
        new Jinjava(
            JinjavaConfig.newBuilder()
                .withTrimBlocks(true)
                .withLstripBlocks(true)
                .withNestedInterpretationEnabled(false)
                .withLegacyOverrides(
                    LegacyOverrides.newBuilder()
                        .withEvaluateMapKeys(true)
                        .withWhitespaceRequiredWithinTokens(false)
                        .build())
                .withMaxOutputSize(64L << 20)
                .build());
    jinjava
        .getGlobalContext()
        .registerFunction(
            new ELFunctionDefinition(
                "", "raise_exception", ChatTemplate.class, "raiseException", String.class));
  }

  /** Called by templates that refuse their input. */
  public static String raiseException(String message) {
    throw new IllegalArgumentException(message);
  }

  /** The chat as one text. */
  public String render(List<Message> messages, boolean addGenerationPrompt) {
    Map<String, Object> values = new HashMap<>();
    values.put("messages", messages.stream().map(ChatTemplate::value).collect(Collectors.toList()));
    values.put("add_generation_prompt", addGenerationPrompt);
    values.put("tools", null);
    RenderResult result;
    try {
      result = jinjava.renderForResult(source, values);
    } catch (RuntimeException e) {
      throw TextErrors.badTemplate(String.valueOf(e.getMessage()));
    }
    if (!result.getErrors().isEmpty()) {
      throw TextErrors.badTemplate(
          result.getErrors().stream()
              .map(e -> "line %d: %s".formatted(e.getLineno(), e.getMessage()))
              .distinct()
              .collect(Collectors.joining("; ")));
    }
    return result.getOutput();
  }

  private static Map<String, Object> value(Message message) {
    Map<String, Object> value = new HashMap<>();
    value.put("role", message.role());
    if (message.plain()) {
      value.put("content", message.parts().get(0).text());
      return value;
    }
    List<Map<String, Object>> parts = new ArrayList<>();
    for (Message.Part part : message.parts()) {
      parts.add(
          part.isPicture() ? Map.of("type", "image") : Map.of("type", "text", "text", part.text()));
    }
    value.put("content", parts);
    return value;
  }
}
