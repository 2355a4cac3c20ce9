package io.relook.model.spark;

import io.relook.model.engine.ComputeType;
import java.io.Serializable;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * How executors compute.
 *
 * @param dtype float32 or bfloat16
 * @param threads of the engine in each executor JVM; 0 for as many as the JVM has processors
 * @param slots rows that decode together
 * @param templateVariables what the chat template gets beside the chat, such as {@code
 *     enable_thinking}: texts, numbers, true, false, null
 */
public record EngineSettings(
    String dtype, int threads, int slots, Map<String, Object> templateVariables)
    implements Serializable {
  /** What the chat itself brings. */
  private static final Set<String> OF_THE_CHAT =
      Set.of("messages", "tools", "documents", "add_generation_prompt");

  public EngineSettings {
    templateVariables = Collections.unmodifiableMap(new TreeMap<>(templateVariables));
    templateVariables.forEach(
        (name, value) -> {
          if (OF_THE_CHAT.contains(name)) {
            throw SparkErrors.chatVariable(name);
          }
          if (value != null
              && !(value instanceof String
                  || value instanceof Boolean
                  || value instanceof Number)) {
            throw SparkErrors.templateVariable(name, value);
          }
        });
  }

  public EngineSettings(String dtype, int threads, int slots) {
    this(dtype, threads, slots, Map.of());
  }

  ComputeType type() {
    return ComputeType.of(dtype);
  }

  int threadsHere() {
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }
}
