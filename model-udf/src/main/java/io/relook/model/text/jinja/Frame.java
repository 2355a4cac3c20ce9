package io.relook.model.text.jinja;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Where a part of a template runs: names and their variables. Frames of one function share its
 * variables; a macro's also see those of the function it stands in.
 */
final class Frame {
  private static final Object MISSING = new Object();

  private final Rendering rendering;
  private final Symbols symbols;
  private final Frame outer;
  private final Map<String, Object> variables;
  private Text filtered;

  private Frame(Rendering rendering, Symbols symbols, Frame outer, Map<String, Object> variables) {
    this.rendering = rendering;
    this.symbols = symbols;
    this.outer = outer;
    this.variables = variables;
  }

  static Frame root(Rendering rendering, Symbols symbols) {
    return new Frame(rendering, symbols, null, new HashMap<>());
  }

  /** Of the same function. */
  Frame inner(Symbols symbols) {
    return new Frame(rendering, symbols, outer, variables);
  }

  /** Of a function that stands in this one. */
  Frame function(Symbols symbols) {
    return new Frame(rendering, symbols, this, new HashMap<>());
  }

  /** Gives the frame's variables what they start with. */
  Frame enter() {
    symbols
        .loads()
        .forEach(
            (variable, load) -> {
              switch (load.kind()) {
                case RESOLVE -> variables.put(variable, rendering.variable(load.source(), MISSING));
                case ALIAS -> variables.put(variable, lookUp(load.source()));
                case UNDEFINED -> variables.put(variable, MISSING);
                default -> {}
              }
            });
    return this;
  }

  void leave() {
    symbols.loads().keySet().forEach(variable -> variables.put(variable, MISSING));
  }

  Object read(String name) {
    Object value = lookUp(symbols.find(name));
    return value == MISSING ? Undefined.name(name) : value;
  }

  boolean isMissing(String name) {
    return lookUp(symbols.find(name)) == MISSING;
  }

  void write(String name, Object value) {
    variables.put(symbols.find(name), value);
  }

  void clear(String name) {
    write(name, MISSING);
  }

  private Object lookUp(String variable) {
    for (Frame frame = this; frame != null; frame = frame.outer) {
      if (frame.variables.containsKey(variable)) {
        return frame.variables.get(variable);
      }
    }
    return MISSING;
  }

  Symbols symbols() {
    return symbols;
  }

  /** The names of a part's own frame, found once. */
  Symbols symbols(Node part, String branch, Consumer<Symbols> declare) {
    return rendering.symbols(
        part,
        branch,
        () -> {
          Symbols own = new Symbols(symbols);
          declare.accept(own);
          return own;
        });
  }

  Rendering rendering() {
    return rendering;
  }

  /** The text of the filter block that is at its end. */
  Text filtered() {
    return filtered;
  }

  Frame filtering(Text text) {
    filtered = text;
    return this;
  }
}
