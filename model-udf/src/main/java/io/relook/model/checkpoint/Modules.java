package io.relook.model.checkpoint;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Which linear layers an adapter is for, as peft means {@code target_modules}: names are whole or
 * the ends of whole ones behind a dot, a pattern is for the whole name. Names count in both ways in
 * which checkpoints write them ({@code model.layers.0.…}, {@code model.language_model.layers.0.…}).
 */
public sealed interface Modules {
  boolean matches(String module);

  /** Such as {@code q_proj}; none is nothing. */
  record Named(List<String> names) implements Modules {
    public Named {
      names = List.copyOf(names);
    }

    @Override
    public boolean matches(String module) {
      return names.stream().anyMatch(name -> module.equals(name) || module.endsWith("." + name));
    }
  }

  /** A regular expression. */
  record Matching(String regex) implements Modules {
    public Matching {
      Pattern.compile(regex);
    }

    @Override
    public boolean matches(String module) {
      return Pattern.matches(regex, module);
    }
  }

  /** {@code all-linear}: every linear layer but the head. */
  record AllLinear() implements Modules {
    @Override
    public boolean matches(String module) {
      return !module.equals("lm_head");
    }
  }

  /** The word or the pattern that a text is. */
  static Modules of(String text) {
    return text.equals("all-linear") ? new AllLinear() : new Matching(text);
  }

  /**
   * The linear layers of a model by published name, rows and columns. A head that is the embedding
   * is none: an adapter on it alone would part the two.
   */
  static Map<String, List<Long>> linearLayers(ModelConfig config) {
    Map<String, List<Long>> layers = new TreeMap<>();
    ExpectedTensors.of(config)
        .forEach(
            (name, shape) -> {
              if (shape.size() == 2 && !name.equals("model.embed_tokens.weight")) {
                layers.put(name.substring(0, name.length() - ".weight".length()), shape);
              }
            });
    return layers;
  }
}
