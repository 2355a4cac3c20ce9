package io.relook.model.text.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** What a template does. */
sealed interface Statement extends Node
    permits Statement.Output,
        Statement.If,
        Statement.Assign,
        Statement.AssignBlock,
        Statement.With,
        Statement.FilterBlock,
        Statement.LoopControl,
        For,
        Block,
        OtherTemplate,
        Macro.Definition,
        Macro.CallBlock,
        Macro.Generation {
  /** How a statement ends. */
  enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  Flow execute(Frame frame, Text.Builder out);

  static Flow all(List<Statement> statements, Frame frame, Text.Builder out) {
    for (Statement statement : statements) {
      Flow flow;
      try {
        frame.rendering().spend(null);
        flow = statement.execute(frame, out);
      } catch (TemplateException e) {
        throw e.at(statement.line());
      }
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  /** What filter and call blocks write: they print texts alone. */
  static Text written(Object value) {
    if (value instanceof Text text) {
      return text;
    }
    throw TemplateErrors.type("a block's text must be str, not %s", Values.type(value));
  }

  @SafeVarargs
  static List<Node> nodes(List<? extends Node>... lists) {
    return Arrays.stream(lists).<Node>flatMap(List::stream).filter(Objects::nonNull).toList();
  }

  /** Text and expressions to print. */
  record Output(List<Expression> children, int line) implements Statement {
    @Override
    public Flow execute(Frame frame, Text.Builder out) {
      for (Expression part : children) {
        Object value = part.value(frame);
        try {
          out.add(Values.text(value));
        } catch (TemplateException e) {
          throw e.at(part.line());
        }
      }
      return Flow.NEXT;
    }
  }

  record If(
      Expression test, List<Statement> body, List<If> elifs, List<Statement> otherwise, int line)
      implements Statement {
    @Override
    public List<Node> children() {
      return nodes(List.of(test), body, elifs, otherwise);
    }

    @Override
    public void declare(Symbols symbols) {
      test.declare(symbols);
      symbols.branches(List.of(body, elifs, otherwise));
    }

    @Override
    public Flow execute(Frame frame, Text.Builder out) {
      for (If branch : (Iterable<If>) Stream.concat(Stream.of(this), elifs.stream())::iterator) {
        if (Values.truth(branch.test.value(frame))) {
          return all(branch.body, frame, out);
        }
      }
      return all(otherwise, frame, out);
    }
  }

  record Assign(Target target, Expression expression, int line) implements Statement {
    @Override
    public List<Node> children() {
      return List.of(target, expression);
    }

    @Override
    public void declare(Symbols symbols) {
      expression.declare(symbols);
      target.declare(symbols);
    }

    @Override
    public Flow execute(Frame frame, Text.Builder out) {
      target.check(frame);
      target.assign(frame, expression.value(frame));
      return Flow.NEXT;
    }
  }

  /** A set block; the filter may be null. */
  record AssignBlock(Target target, Expression filter, List<Statement> body, int line)
      implements Statement {
    @Override
    public List<Node> children() {
      return nodes(Arrays.asList(target, filter), body);
    }

    @Override
    public void declare(Symbols symbols) {
      target.declare(symbols);
    }

    @Override
    public Flow execute(Frame frame, Text.Builder out) {
      Frame inner = frame.inner(frame.symbols(this, "", symbols -> symbols.declare(body))).enter();
      Text.Builder text = Text.builder();
      Flow flow = all(body, inner, text);
      if (flow == Flow.NEXT) {
        target.check(frame);
        Text written = text.build();
        target.assign(frame, filter == null ? written : filter.value(inner.filtering(written)));
        inner.leave();
      }
      return flow;
    }
  }

  record With(List<Target> targets, List<Expression> values, List<Statement> body, int line)
      implements Statement {
    @Override
    public List<Node> children() {
      return nodes(targets, values, body);
    }

    @Override
    public void declare(Symbols symbols) {
      symbols.declare(values);
    }

    @Override
    public Flow execute(Frame frame, Text.Builder out) {
      Symbols names =
          frame.symbols(
              this,
              "",
              symbols -> {
                targets.forEach(target -> target.declareParameters(symbols));
                symbols.declare(body);
              });
      Frame inner = frame.inner(names).enter();
      for (int i = 0; i < targets.size(); i++) {
        targets.get(i).assign(inner, values.get(i).value(frame));
      }
      Flow flow = all(body, inner, out);
      if (flow == Flow.NEXT) {
        inner.leave();
      }
      return flow;
    }
  }

  record FilterBlock(List<Statement> body, Expression filter, int line) implements Statement {
    @Override
    public List<Node> children() {
      return nodes(body, List.of(filter));
    }

    @Override
    public void declare(Symbols symbols) {
      filter.declare(symbols);
    }

    @Override
    public Flow execute(Frame frame, Text.Builder out) {
      Symbols names = frame.symbols(this, "", symbols -> symbols.declare(children()));
      Frame inner = frame.inner(names).enter();
      Text.Builder text = Text.builder();
      Flow flow = all(body, inner, text);
      if (flow == Flow.NEXT) {
        out.add(written(filter.value(inner.filtering(text.build()))));
        inner.leave();
      }
      return flow;
    }
  }

  /** {@code break} or {@code continue}. */
  record LoopControl(Flow flow, int line) implements Statement {
    @Override
    public List<Node> children() {
      return new ArrayList<>();
    }

    @Override
    public Flow execute(Frame frame, Text.Builder out) {
      return flow;
    }
  }
}
