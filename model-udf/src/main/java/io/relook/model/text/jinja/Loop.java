package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The {@code loop} of a for loop: Jinja2's LoopContext. */
final class Loop implements Function {
  private static final Object NONE = new Object();

  /** Runs the loop's body again over other items. */
  interface Recursion {
    Text over(Object items, int depth);
  }

  private final Recursion recursion;
  private final int depth;
  private Iterator<Object> items;
  private int length;
  private int index = -1;
  private Object before = NONE;
  private Object current = NONE;
  private Object after = NONE;
  private Object lastChanged = NONE;

  /**
   * @param length of the items, -1 where only going through them tells
   * @param recursion null where the loop is not recursive
   */
  Loop(Iterator<Object> items, int length, Recursion recursion, int depth) {
    this.items = items;
    this.length = length;
    this.recursion = recursion;
    this.depth = depth;
  }

  boolean hasNext() {
    return peek() != NONE;
  }

  Object next() {
    Object next = peek();
    after = NONE;
    index++;
    before = current;
    current = next;
    return next;
  }

  private Object peek() {
    if (after == NONE && items.hasNext()) {
      after = items.next();
    }
    return after;
  }

  int index() {
    return index + 1;
  }

  int length() {
    if (length < 0) {
      List<Object> rest = new ArrayList<>();
      items.forEachRemaining(rest::add);
      items = rest.iterator();
      length = rest.size() + index() + (after == NONE ? 0 : 1);
    }
    return length;
  }

  /** An attribute; {@link #has} tells whether there is one of that name. */
  Object attribute(String name) {
    return switch (name) {
      case "index" -> whole(index());
      case "index0" -> whole(index);
      case "revindex" -> whole(length() - index);
      case "revindex0" -> whole(length() - index());
      case "first" -> index == 0;
      case "last" -> peek() == NONE;
      case "length" -> whole(length());
      case "depth" -> whole(depth + 1);
      case "depth0" -> whole(depth);
      case "previtem" -> index == 0 ? Undefined.of("there is no previous item") : before;
      case "nextitem" -> peek() == NONE ? Undefined.of("there is no next item") : peek();
      case "cycle" -> new Function.Named("cycle", (rendering, given) -> cycle(given));
      case "changed" -> new Function.Named("changed", (rendering, given) -> changed(given));
      default -> NONE;
    };
  }

  static boolean has(Object attribute) {
    return attribute != NONE;
  }

  private Object cycle(Arguments given) {
    if (given.positional().isEmpty() || !given.named().isEmpty()) {
      throw TemplateErrors.type("no items for cycling given");
    }
    return given.positional().get(index % given.positional().size());
  }

  private boolean changed(Arguments given) {
    Tuple value = Tuple.of(given.positional());
    boolean changed = !Comparison.equal(lastChanged, value);
    lastChanged = value;
    return changed;
  }

  @Override
  public Object call(Rendering rendering, Arguments given) {
    if (recursion == null) {
      throw TemplateErrors.type(
          "The loop must have the 'recursive' marker to be called recursively.");
    }
    Object items = given.bind("loop", "iterable").get(0);
    return rendering.deeper(() -> recursion.over(items, depth + 1));
  }

  private static BigInteger whole(int number) {
    return BigInteger.valueOf(number);
  }
}
