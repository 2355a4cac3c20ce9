package io.relook.model.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** What has a value. */
sealed interface Expression extends Node
    permits Expression.Constant,
        Expression.Name,
        Expression.TupleOf,
        Expression.ListOf,
        Expression.DictOf,
        Expression.Unary,
        Expression.Binary,
        Expression.Logical,
        Expression.Compare,
        Expression.Concat,
        Expression.Conditional,
        Access.Attribute,
        Access.Item,
        Access.Slice,
        Invocation.Call,
        Invocation.Filter,
        Invocation.Test {
  Object evaluate(Frame frame);

  /** The value; what goes wrong is told with the line. */
  default Object value(Frame frame) {
    try {
      Object value = evaluate(frame);
      frame.rendering().spend(value);
      return value;
    } catch (TemplateException e) {
      throw e.at(line());
    }
  }

  static List<Expression> given(Expression... expressions) {
    return Stream.of(expressions).filter(Objects::nonNull).toList();
  }

  static List<Object> values(List<Expression> expressions, Frame frame) {
    List<Object> values = new ArrayList<>(expressions.size());
    expressions.forEach(expression -> values.add(expression.value(frame)));
    return values;
  }

  record Constant(Object constant, int line) implements Expression {
    @Override
    public List<Expression> children() {
      return List.of();
    }

    @Override
    public Object evaluate(Frame frame) {
      return constant;
    }
  }

  record Name(String name, int line) implements Expression {
    @Override
    public List<Expression> children() {
      return List.of();
    }

    @Override
    public void declare(Symbols symbols) {
      symbols.load(name);
    }

    @Override
    public Object evaluate(Frame frame) {
      return frame.read(name);
    }
  }

  record TupleOf(List<Expression> children, int line) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      return Tuple.of(values(children, frame));
    }
  }

  record ListOf(List<Expression> children, int line) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      return values(children, frame);
    }
  }

  /** Key, value, key, value … */
  record DictOf(List<Expression> children, int line) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      Dict dict = new Dict();
      for (int i = 0; i < children.size(); i += 2) {
        Object key = children.get(i).value(frame);
        dict.put(key, children.get(i + 1).value(frame));
      }
      return dict;
    }
  }

  /** {@code not - +}. */
  record Unary(String operator, Expression operand, int line) implements Expression {
    @Override
    public List<Expression> children() {
      return List.of(operand);
    }

    @Override
    public Object evaluate(Frame frame) {
      Object value = operand.value(frame);
      return switch (operator) {
        case "not" -> !Values.truth(value);
        case "-" -> Operators.negated(value);
        default -> Operators.plus(value);
      };
    }
  }

  /** {@code + - * / // % **}. */
  record Binary(Expression left, String operator, Expression right, int line)
      implements Expression {
    @Override
    public List<Expression> children() {
      return List.of(left, right);
    }

    @Override
    public Object evaluate(Frame frame) {
      Object first = left.value(frame);
      return Operators.apply(first, operator, right.value(frame));
    }
  }

  /** {@code and or}: the value of the side that decides. */
  record Logical(Expression left, boolean and, Expression right, int line) implements Expression {
    @Override
    public List<Expression> children() {
      return List.of(left, right);
    }

    @Override
    public Object evaluate(Frame frame) {
      Object first = left.value(frame);
      return Values.truth(first) == and ? right.value(frame) : first;
    }
  }

  /** A chain of comparisons, as long as they hold. */
  record Compare(Expression first, List<String> operators, List<Expression> rest, int line)
      implements Expression {
    @Override
    public List<Expression> children() {
      return Stream.concat(Stream.of(first), rest.stream()).toList();
    }

    @Override
    public Object evaluate(Frame frame) {
      Object left = first.value(frame);
      for (int i = 0; i < rest.size(); i++) {
        Object right = rest.get(i).value(frame);
        if (!holds(left, operators.get(i), right)) {
          return false;
        }
        left = right;
      }
      return true;
    }

    static boolean holds(Object left, String operator, Object right) {
      return switch (operator) {
        case "==" -> Comparison.equal(left, right);
        case "!=" -> !Comparison.equal(left, right);
        case "in" -> Values.contains(right, left);
        case "not in" -> !Values.contains(right, left);
        default -> Comparison.ordered(left, operator, right);
      };
    }
  }

  /** {@code ~}. */
  record Concat(List<Expression> children, int line) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      Text.Builder text = Text.builder();
      values(children, frame).forEach(value -> text.add(Values.text(value)));
      return text.build();
    }
  }

  /** {@code then if test else otherwise}; the last may be null. */
  record Conditional(Expression test, Expression then, Expression otherwise, int line)
      implements Expression {
    @Override
    public List<Expression> children() {
      return given(test, then, otherwise);
    }

    @Override
    public Object evaluate(Frame frame) {
      if (Values.truth(test.value(frame))) {
        return then.value(frame);
      }
      return otherwise != null
          ? otherwise.value(frame)
          : Undefined.of(
              "the inline if-expression on line %d evaluated to false and no else section was defined."
                  .formatted(line));
    }
  }
}
