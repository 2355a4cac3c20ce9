package io.relook.model.text.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** What a value is assigned to. */
sealed interface Target extends Node {
  void assign(Frame frame, Object value);

  /** Tells its names as parameters of the frame. */
  void declareParameters(Symbols symbols);

  /** What a loop's filter passes on: the value again, its parts as they were assigned. */
  Object read(Frame frame);

  /** Fails where a member of something else than a namespace is assigned. */
  default void check(Frame frame) {
    children().forEach(child -> ((Target) child).check(frame));
  }

  record Variable(String name, int line) implements Target {
    @Override
    public List<Node> children() {
      return List.of();
    }

    @Override
    public void declare(Symbols symbols) {
      symbols.store(name);
    }

    @Override
    public void declareParameters(Symbols symbols) {
      symbols.parameter(name);
    }

    @Override
    public void assign(Frame frame, Object value) {
      frame.write(name, value);
    }

    @Override
    public Object read(Frame frame) {
      return frame.read(name);
    }
  }

  /** An attribute of a namespace. */
  record Member(String owner, String name, int line) implements Target {
    @Override
    public List<Node> children() {
      return List.of();
    }

    @Override
    public void declare(Symbols symbols) {
      symbols.load(owner);
    }

    @Override
    public void declareParameters(Symbols symbols) {
      symbols.load(owner);
    }

    @Override
    public void check(Frame frame) {
      if (!(frame.read(owner) instanceof Namespace)) {
        throw new TemplateException(
            "TemplateRuntimeError", "cannot assign attribute on non-namespace object", line);
      }
    }

    @Override
    public void assign(Frame frame, Object value) {
      ((Namespace) frame.read(owner)).set(name, value);
    }

    @Override
    public Object read(Frame frame) {
      return Attributes.attribute(frame.read(owner), name);
    }
  }

  /** Several, each for one item of what is assigned. */
  record Several(List<Target> children, int line) implements Target {
    @Override
    public void declareParameters(Symbols symbols) {
      children.forEach(child -> child.declareParameters(symbols));
    }

    @Override
    public void assign(Frame frame, Object value) {
      Iterator<Object> items = Values.iterate(value);
      List<Object> values = new ArrayList<>();
      while (items.hasNext() && values.size() <= children.size()) {
        values.add(items.next());
      }
      if (values.size() != children.size()) {
        throw TemplateErrors.value(
            values.size() > children.size()
                ? "too many values to unpack (expected %d)"
                : "not enough values to unpack (expected %d, got %d)",
            children.size(),
            values.size());
      }
      for (int i = 0; i < values.size(); i++) {
        children.get(i).assign(frame, values.get(i));
      }
    }

    @Override
    public Object read(Frame frame) {
      return Tuple.of(children.stream().map(child -> child.read(frame)).toArray());
    }
  }
}
