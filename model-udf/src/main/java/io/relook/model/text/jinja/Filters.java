package io.relook.model.text.jinja;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Jinja2's built-in filters by name, and transformers' {@code tojson}. */
final class Filters {
  /** Those that Jinja has and we have not: found here, refused where they are used. */
  static final Set<String> LEFT_OUT = Set.of("random", "urlize");

  interface Filter {
    Object apply(Rendering rendering, Object value, Arguments given);
  }

  private static final Map<String, Filter> ALL = new HashMap<>();

  static {
    ALL.putAll(TextFilters.ALL);
    ALL.putAll(SequenceFilters.ALL);
    ALL.putAll(SelectFilters.ALL);
    ALL.putAll(NumberFilters.ALL);
  }

  private Filters() {}

  static boolean has(String name) {
    return ALL.containsKey(name);
  }

  /** Whether Jinja has it, as the test {@code filter} asks. */
  static boolean known(String name) {
    return has(name) || LEFT_OUT.contains(name);
  }

  static Object apply(Rendering rendering, String name, Object value, Arguments given) {
    Filter filter = ALL.get(name);
    if (filter == null) {
      throw LEFT_OUT.contains(name)
          ? TemplateErrors.unsupported("the filter '%s'".formatted(name))
          : new TemplateException(
              "TemplateRuntimeError", "No filter named '%s' found.".formatted(name), 0);
    }
    rendering.spend(value);
    return filter.apply(rendering, value, given);
  }

  /** A text as it is, of all else what it prints (markupsafe's soft_str). */
  static Text soft(Object value) {
    return value instanceof Text text ? text : Values.text(value);
  }
}
