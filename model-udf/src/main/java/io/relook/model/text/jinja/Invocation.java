package io.relook.model.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Calls of functions, filters and tests. */
final class Invocation {
  private Invocation() {}

  /** What a call is given; {@code *rest} and {@code **more} may be null. */
  record Given(
      List<Expression> positional,
      List<String> names,
      List<Expression> named,
      Expression rest,
      Expression more) {
    static final Given NOTHING = new Given(List.of(), List.of(), List.of(), null, null);

    List<Expression> children() {
      return Stream.of(positional, named, Expression.given(rest, more))
          .flatMap(List::stream)
          .toList();
    }

    Arguments arguments(Frame frame) {
      List<Object> places = new ArrayList<>(Expression.values(positional, frame));
      Map<String, Object> byName = new LinkedHashMap<>();
      if (rest != null) {
        List<Object> dynamic = Values.list(rest.value(frame));
        places.addAll(dynamic);
      }
      for (int i = 0; i < names.size(); i++) {
        if (byName.containsKey(names.get(i))) {
          throw TemplateErrors.syntax("keyword argument repeated: " + names.get(i), 0);
        }
        byName.put(names.get(i), named.get(i).value(frame));
      }
      if (more != null) {
        if (!(more.value(frame) instanceof Dict dict)) {
          throw TemplateErrors.type("argument after ** must be a mapping");
        }
        for (Dict.Entry entry : dict.entries()) {
          if (!(entry.key() instanceof Text key)) {
            throw TemplateErrors.type("keywords must be strings");
          }
          if (byName.putIfAbsent(key.toString(), entry.value()) != null) {
            throw TemplateErrors.type("got multiple values for keyword argument '%s'", key);
          }
        }
      }
      return new Arguments(places, byName);
    }
  }

  record Call(Expression function, Given given, int line) implements Expression {
    @Override
    public List<Expression> children() {
      return Stream.concat(Stream.of(function), given.children().stream()).toList();
    }

    @Override
    public Object evaluate(Frame frame) {
      Object callee = function.value(frame);
      return call(frame, callee, given.arguments(frame));
    }

    Object evaluateWith(Frame frame, Macro.Value caller) {
      Object callee = function.value(frame);
      Arguments arguments = given.arguments(frame);
      Map<String, Object> named = new LinkedHashMap<>(arguments.named());
      if (named.put("caller", caller) != null) {
        throw TemplateErrors.syntax("keyword argument repeated: caller", line);
      }
      return call(frame, callee, new Arguments(arguments.positional(), named));
    }

    private static Object call(Frame frame, Object callee, Arguments arguments) {
      Operators.refuseUndefined(callee, callee);
      if (!(callee instanceof Function function)) {
        throw TemplateErrors.type("'%s' object is not callable", Values.type(callee));
      }
      return function.call(frame.rendering(), arguments);
    }
  }

  /** A filter's input is null inside of a filter block: its text is given then. */
  record Filter(Expression input, String name, Given given, int line) implements Expression {
    @Override
    public List<Expression> children() {
      return Stream.concat(Expression.given(input).stream(), given.children().stream()).toList();
    }

    @Override
    public Object evaluate(Frame frame) {
      return apply(frame, input == null ? frame.filtered() : input.value(frame));
    }

    private Object apply(Frame frame, Object value) {
      return Filters.apply(frame.rendering(), name, value, given.arguments(frame));
    }
  }

  record Test(Expression input, String name, Given given, int line) implements Expression {
    @Override
    public List<Expression> children() {
      return Stream.concat(Stream.of(input), given.children().stream()).toList();
    }

    @Override
    public Object evaluate(Frame frame) {
      Object value = input.value(frame);
      return Tests.holds(name, value, given.arguments(frame));
    }
  }
}
