package io.relook.model.text.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Macros, and the blocks that Jinja makes into macros. */
final class Macro {
  private static final Object MISSING = new Object();

  private Macro() {}

  /** Parameters, the last of them with defaults, and what is done with them. */
  record Signature(
      List<Target.Variable> parameters, List<Expression> defaults, List<Statement> body) {
    static Signature of(List<Statement> body) {
      return new Signature(List.of(), List.of(), body);
    }

    List<Node> children() {
      return Statement.nodes(parameters, defaults, body);
    }

    List<String> names() {
      return parameters.stream().map(Target.Variable::name).toList();
    }

    /** Which of the special names the body reads. */
    Set<String> special() {
      return Undeclared.among(body, "caller", "kwargs", "varargs");
    }

    boolean takes(String special) {
      return special().contains(special) && !names().contains(special);
    }

    void declare(Symbols symbols) {
      parameters.forEach(parameter -> parameter.declareParameters(symbols));
      symbols.declare(defaults);
      symbols.declare(body);
    }

    Value in(Frame frame, Statement statement, String name) {
      Symbols names =
          frame.symbols(
              statement,
              "",
              symbols -> {
                declare(symbols);
                for (String special : List.of("caller", "kwargs", "varargs")) {
                  if (takes(special)) {
                    symbols.parameter(special);
                  }
                }
                declare(symbols);
              });
      return new Value(name, this, frame, names);
    }
  }

  /** A macro with the frame that it stands in. */
  record Value(String name, Signature signature, Frame frame, Symbols symbols) implements Function {
    String shownName() {
      return name == null ? "anonymous" : "'" + name + "'";
    }

    @Override
    public Text call(Rendering rendering, Arguments given) {
      return rendering.deeper(() -> run(given));
    }

    private boolean takes(String special, List<String> names) {
      return symbols.hasParameter(special) && !names.contains(special);
    }

    private Text run(Arguments given) {
      List<String> names = signature.names();
      Map<String, Object> more = new LinkedHashMap<>(given.named());
      Frame inner = frame.function(symbols);
      for (int i = 0; i < names.size(); i++) {
        boolean placed = i < given.positional().size();
        Object value = placed ? given.positional().get(i) : MISSING;
        if (!placed && more.containsKey(names.get(i))) {
          value = more.remove(names.get(i));
        }
        if (value == MISSING) {
          inner.clear(names.get(i));
        } else {
          inner.write(names.get(i), value);
        }
      }
      if (takes("caller", names)) {
        Object caller = more.remove("caller");
        inner.write("caller", caller == null ? Undefined.of("No caller defined") : caller);
      }
      if (takes("kwargs", names)) {
        Dict rest = new Dict();
        more.forEach((key, value) -> rest.put(Text.of(key), value));
        inner.write("kwargs", rest);
      } else if (!more.isEmpty()) {
        throw TemplateErrors.type(
            "macro %s takes no keyword argument '%s'",
            shownName(), more.keySet().iterator().next());
      }
      List<Object> places = given.positional();
      if (takes("varargs", names)) {
        inner.write(
            "varargs",
            Tuple.of(
                new ArrayList<>(
                    places.subList(Math.min(names.size(), places.size()), places.size()))));
      } else if (places.size() > names.size()) {
        throw TemplateErrors.type(
            "macro %s takes not more than %d argument(s)", shownName(), names.size());
      }
      inner.enter();
      fillDefaults(inner, names);
      Text.Builder out = Text.builder();
      Statement.all(signature.body(), inner, out);
      return out.build();
    }

    private void fillDefaults(Frame inner, List<String> names) {
      int required = names.size() - signature.defaults().size();
      for (int i = 0; i < names.size(); i++) {
        if (inner.isMissing(names.get(i))) {
          inner.write(
              names.get(i),
              i < required
                  ? Undefined.of("parameter '%s' was not provided".formatted(names.get(i)))
                  : signature.defaults().get(i - required).value(inner));
        }
      }
    }

    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }

  record Definition(String name, Signature signature, int line) implements Statement {
    @Override
    public List<Node> children() {
      return signature.children();
    }

    @Override
    public void declare(Symbols symbols) {
      symbols.store(name);
    }

    @Override
    public Flow execute(Frame frame, Text.Builder out) {
      frame.write(name, signature.in(frame, this, name));
      return Flow.NEXT;
    }
  }

  record CallBlock(Invocation.Call call, Signature signature, int line) implements Statement {
    @Override
    public List<Node> children() {
      return Statement.nodes(Arrays.asList(call), signature.children());
    }

    @Override
    public void declare(Symbols symbols) {
      call.declare(symbols);
    }

    @Override
    public Flow execute(Frame frame, Text.Builder out) {
      out.add(Statement.written(call.evaluateWith(frame, signature.in(frame, this, null))));
      return Flow.NEXT;
    }
  }

  /** transformers' {@code generation}: marks what the assistant says, writes it as it is. */
  record Generation(Signature signature, int line) implements Statement {
    @Override
    public List<Node> children() {
      return signature.children();
    }

    @Override
    public void declare(Symbols symbols) {}

    @Override
    public Flow execute(Frame frame, Text.Builder out) {
      out.add(signature.in(frame, this, null).call(frame.rendering(), Arguments.NONE));
      return Flow.NEXT;
    }
  }
}
