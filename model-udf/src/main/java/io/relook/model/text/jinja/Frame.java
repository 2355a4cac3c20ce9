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
  private final Map<String, Object> context;
  private final boolean top;
  private Text filtered;

  private Frame(
      Rendering rendering,
      Symbols symbols,
      Frame outer,
      Map<String, Object> variables,
      Map<String, Object> context,
      boolean top) {
    this.rendering = rendering;
    this.symbols = symbols;
    this.outer = outer;
    this.variables = variables;
    this.context = context;
    this.top = top;
  }

  static Frame root(Rendering rendering, Symbols symbols) {
    return new Frame(rendering, symbols, null, new HashMap<>(), new HashMap<>(), true);
  }

  /** Of a block, which sees no other frame, but a context. */
  static Frame block(Rendering rendering, Symbols symbols, Map<String, Object> context) {
    return new Frame(rendering, symbols, null, new HashMap<>(), context, false);
  }

  /** Of the same function. */
  Frame inner(Symbols symbols) {
    return new Frame(rendering, symbols, outer, variables, context, false);
  }

  /** Of a function that stands in this one. */
  Frame function(Symbols symbols) {
    return new Frame(rendering, symbols, this, new HashMap<>(), context, false);
  }

  /** What the template has set so far outside of loops, blocks and macros. */
  Map<String, Object> context() {
    return context;
  }

  /** The context with what is set around. */
  Map<String, Object> locals() {
    Map<String, Object> locals = new HashMap<>(context);
    for (String name : symbols.allStores()) {
      Object value = lookUp(symbols.find(name));
      if (value != MISSING) {
        locals.put(name, value);
      }
    }
    return locals;
  }

  /** Gives the frame's variables what they start with. */
  Frame enter() {
    symbols
        .loads()
        .forEach(
            (variable, load) -> {
              switch (load.kind()) {
                case RESOLVE -> variables.put(variable, resolved(load.source()));
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

  private Object resolved(String name) {
    return context.containsKey(name) ? context.get(name) : rendering.variable(name, MISSING);
  }

  void write(String name, Object value) {
    give(name, value);
    if (top) {
      context.put(name, value);
    }
  }

  /** Gives a parameter its value. */
  void give(String name, Object value) {
    variables.put(symbols.find(name), value);
  }

  void clear(String name) {
    give(name, MISSING);
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
