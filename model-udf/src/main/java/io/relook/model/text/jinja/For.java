package io.relook.model.text.jinja;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** A for loop; its test may be null. */
record For(
    Target target,
    Expression items,
    List<Statement> body,
    List<Statement> otherwise,
    Expression test,
    boolean recursive,
    int line)
    implements Statement {
  @Override
  public List<Node> children() {
    return Statement.nodes(
        List.of(target, items), body, otherwise, Arrays.asList(new Node[] {test}));
  }

  @Override
  public void declare(Symbols symbols) {
    items.declare(symbols);
  }

  @Override
  public Flow execute(Frame frame, Text.Builder out) {
    Object over = items.value(frame);
    if (!recursive) {
      return run(frame, frame, over, null, 0, out);
    }
    Loop.Recursion recursion =
        new Loop.Recursion() {
          @Override
          public Text over(Object more, int depth) {
            Text.Builder text = Text.builder();
            run(frame, frame.function(frame.symbols()), more, this, depth, text);
            return text.build();
          }
        };
    out.add(recursion.over(over, 0));
    return Flow.NEXT;
  }

  private Flow run(
      Frame outside,
      Frame frame,
      Object over,
      Loop.Recursion recursion,
      int depth,
      Text.Builder out) {
    Symbols names =
        frame.symbols(
            this,
            "body",
            symbols -> {
              if (recursive
                  || !Undeclared.among(body, "loop").isEmpty()
                  || Block.all(children()).values().stream().anyMatch(Block::scoped)) {
                symbols.parameter("loop");
              }
              target.declareParameters(symbols);
              symbols.declare(body);
            });
    boolean extended = names.hasParameter("loop");
    Frame inner = frame.inner(names);
    Iterator<Object> found = Values.iterate(over);
    int length = over instanceof Once || test != null ? -1 : Values.length(over);
    Loop loop = new Loop(test == null ? found : tested(outside, found), length, recursion, depth);
    boolean otherwise = true;
    while (loop.hasNext()) {
      frame.rendering().spend(null);
      target.assign(inner, loop.next());
      if (extended) {
        inner.write("loop", loop);
      }
      inner.enter();
      Flow flow = Statement.all(body, inner, out);
      if (flow == Flow.BREAK) {
        break;
      }
      // As Jinja compiles it: an iteration that ends by continue does not count.
      otherwise &= flow == Flow.CONTINUE;
    }
    inner.leave();
    if (!otherwise || this.otherwise.isEmpty()) {
      return Flow.NEXT;
    }
    Frame last =
        frame.inner(frame.symbols(this, "else", symbols -> symbols.declare(this.otherwise)));
    Flow flow = Statement.all(this.otherwise, last.enter(), out);
    last.leave();
    return flow;
  }

  /** The items that pass the test, found as they are asked for. */
  private Iterator<Object> tested(Frame outside, Iterator<Object> all) {
    Symbols names =
        outside.symbols(
            this,
            "test",
            symbols -> {
              target.declareParameters(symbols);
              test.declare(symbols);
            });
    Frame inner = outside.function(names);
    return new Iterator<>() {
      private boolean entered;
      private boolean ready;
      private Object next;

      @Override
      public boolean hasNext() {
        if (!entered) {
          inner.enter();
          entered = true;
        }
        while (!ready && all.hasNext()) {
          inner.rendering().spend(null);
          target.assign(inner, all.next());
          ready = Values.truth(test.value(inner));
          next = target.read(inner);
        }
        return ready;
      }

      @Override
      public Object next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        ready = false;
        return next;
      }
    };
  }
}
