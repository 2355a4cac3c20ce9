package io.relook.model.text.jinja;

import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** Filters that go through items as they are asked for. */
final class SelectFilters {
  static final int MOST = 1 << 20;
  static final Map<String, Filters.Filter> ALL = new HashMap<>();

  static {
    ALL.put("map", SelectFilters::mapped);
    ALL.put("select", (r, value, given) -> selected(r, value, given, true, false));
    ALL.put("reject", (r, value, given) -> selected(r, value, given, false, false));
    ALL.put("selectattr", (r, value, given) -> selected(r, value, given, true, true));
    ALL.put("rejectattr", (r, value, given) -> selected(r, value, given, false, true));
    ALL.put("unique", (r, value, given) -> unique(r, value, given));
  }

  private SelectFilters() {}

  private static Object mapped(Rendering rendering, Object value, Arguments given) {
    return lazily(
        rendering,
        value,
        () -> {
          UnaryOperator<Object> function = function(rendering, given);
          return new Made(null, function);
        });
  }

  private static UnaryOperator<Object> function(Rendering rendering, Arguments given) {
    if (given.positional().isEmpty() && given.named().containsKey("attribute")) {
      Map<String, Object> rest = new LinkedHashMap<>(given.named());
      Keys key = Keys.one(rest.remove("attribute"), false, rest.remove("default"));
      if (!rest.isEmpty()) {
        throw TemplateErrors.type(
            "Unexpected keyword argument '%s'", rest.keySet().iterator().next());
      }
      return key::of;
    }
    if (given.positional().isEmpty()) {
      throw TemplateErrors.type("map requires a filter argument");
    }
    String name = Values.text(given.positional().get(0)).toString();
    return item -> Filters.apply(rendering, name, item, given.without(1));
  }

  private static Object selected(
      Rendering rendering, Object value, Arguments given, boolean wanted, boolean byAttribute) {
    return lazily(
        rendering,
        value,
        () -> {
          int first = byAttribute ? 1 : 0;
          if (given.positional().size() < first) {
            throw TemplateErrors.type("Missing parameter for attribute name");
          }
          Keys key = Keys.one(byAttribute ? given.positional().get(0) : null, false, null);
          boolean plain = given.positional().size() == first;
          String name = plain ? null : Values.text(given.positional().get(first)).toString();
          Arguments rest = plain ? Arguments.NONE : given.without(first + 1);
          return new Made(
              item -> {
                Object tested = key.of(item);
                return wanted == Values.truth(plain ? tested : Tests.holds(name, tested, rest));
              },
              item -> item);
        });
  }

  private static Object unique(Rendering rendering, Object value, Arguments given) {
    Arguments.Bound bound = given.bind("unique", "case_sensitive?", "attribute?");
    Keys key = Keys.one(bound.get(1, null), !bound.truth(0, false), null);
    Set<Object> seen = new HashSet<>();
    Iterator<Object> items = Values.iterate(value);
    return new Once(
        new Lazy(
            rendering,
            items,
            new Made(item -> seen.add(Values.hashed(key.of(item))), item -> item)));
  }

  /** Which items are taken (null: all), and what becomes of them. */
  private record Made(Predicate<Object> taken, UnaryOperator<Object> function) {}

  /** A generator, whose arguments too are looked at when its first item is asked for. */
  private static Once lazily(
      Rendering rendering, Object value, java.util.function.Supplier<Made> made) {
    return new Once(
        new Iterator<>() {
          private Lazy items;

          private Lazy items() {
            if (items == null) {
              boolean any = value instanceof Once || Values.truth(value);
              items =
                  any
                      ? new Lazy(rendering, Values.iterate(value), made.get())
                      : new Lazy(rendering, Collections.emptyIterator(), null);
            }
            return items;
          }

          @Override
          public boolean hasNext() {
            return items().hasNext();
          }

          @Override
          public Object next() {
            return items().next();
          }
        });
  }

  private static final class Lazy implements Iterator<Object> {
    private final Rendering rendering;
    private final Iterator<Object> items;
    private final Made made;
    private boolean ready;
    private Object next;

    Lazy(Rendering rendering, Iterator<Object> items, Made made) {
      this.rendering = rendering;
      this.items = items;
      this.made = made;
    }

    @Override
    public boolean hasNext() {
      while (!ready && items.hasNext()) {
        Object item = items.next();
        rendering.spend(item);
        if (made.taken() == null || made.taken().test(item)) {
          next = made.function().apply(item);
          ready = true;
        }
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
  }
}
