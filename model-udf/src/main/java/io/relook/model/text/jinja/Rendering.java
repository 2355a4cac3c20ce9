package io.relook.model.text.jinja;

import java.time.Clock;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * One run of a template: its variables, and what it has spent. Time is bounded as work, so that one
 * input always ends alike.
 */
final class Rendering {
  /** In steps: values, their 8th items, their 64th characters, rounds of loops. */
  private static final long MOST_WORK = 4_000_000;

  private static final int DEEPEST = 150;

  private final Map<String, Object> variables;
  private final Map<String, Block> blocks;
  private final Clock clock;
  private final Map<Node, Map<String, Symbols>> symbols = new IdentityHashMap<>();
  private long work;
  private int depth;

  Rendering(Map<String, Object> variables, Map<String, Block> blocks, Clock clock) {
    this.variables = variables;
    this.blocks = blocks;
    this.clock = clock;
  }

  Map<String, Block> blocks() {
    return blocks;
  }

  Clock clock() {
    return clock;
  }

  Object variable(String name, Object absent) {
    if (variables.containsKey(name)) {
      return variables.get(name);
    }
    return Globals.find(name, absent);
  }

  Symbols symbols(Node part, String branch, Supplier<Symbols> declared) {
    Map<String, Symbols> branches = symbols.computeIfAbsent(part, p -> new HashMap<>());
    Symbols found = branches.get(branch);
    if (found == null) {
      found = declared.get();
      branches.put(branch, found);
    }
    return found;
  }

  /** One step, and more where the value is large: whatever is done with it may go through it. */
  void spend(Object value) {
    work +=
        value instanceof Text text
            ? 1 + (text.length() >> 6)
            : value instanceof List<?> list
                ? 1 + (list.size() >> 3)
                : value instanceof Dict dict ? 1 + (dict.size() >> 3) : 1;
    if (work > MOST_WORK) {
      throw TemplateErrors.bound("steps", MOST_WORK);
    }
  }

  /** A call inside of a call. */
  <T> T deeper(Supplier<T> call) {
    if (depth == DEEPEST) {
      throw TemplateErrors.bound("calls inside of each other", DEEPEST);
    }
    depth++;
    try {
      return call.get();
    } finally {
      depth--;
    }
  }
}
