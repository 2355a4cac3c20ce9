package io.relook.model.text.jinja;

import java.util.List;

/** Parts of values. */
final class Access {
  private Access() {}

  record Attribute(Expression owner, String name, int line) implements Expression {
    @Override
    public List<Expression> children() {
      return List.of(owner);
    }

    @Override
    public Object evaluate(Frame frame) {
      return Attributes.attribute(owner.value(frame), name);
    }
  }

  record Item(Expression owner, Expression key, int line) implements Expression {
    @Override
    public List<Expression> children() {
      return List.of(owner, key);
    }

    @Override
    public Object evaluate(Frame frame) {
      Object value = owner.value(frame);
      return Attributes.item(value, key.value(frame));
    }
  }

  /** What is left out is null. */
  record Slice(Expression owner, Expression from, Expression to, Expression step, int line)
      implements Expression {
    @Override
    public List<Expression> children() {
      return Expression.given(owner, from, to, step);
    }

    @Override
    public Object evaluate(Frame frame) {
      Object value = owner.value(frame);
      Object[] bounds = new Object[3];
      List<Expression> parts = java.util.Arrays.asList(from, to, step);
      for (int i = 0; i < bounds.length; i++) {
        bounds[i] = parts.get(i) == null ? null : parts.get(i).value(frame);
      }
      return Operators.slice(value, bounds[0], bounds[1], bounds[2]);
    }
  }
}
