package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** The functions that every template has. */
final class Globals {
  private static final Map<String, Function> ALL =
      Map.of(
          "range",
          (rendering, given) -> range(given),
          "dict",
          (rendering, given) -> dict("dict", given),
          "namespace",
          (rendering, given) -> new Namespace(dict("namespace", given)),
          "cycler",
          (rendering, given) -> new Cycler(given),
          "joiner",
          (rendering, given) -> new Joiner(given),
          "lipsum",
          (rendering, given) -> {
            throw TemplateErrors.unsupported("the function 'lipsum'");
          },
          "raise_exception",
          (rendering, given) -> {
            Object message = given.bind("raise_exception", "message").get(0);
            throw TemplateErrors.raised(Values.text(message).toString());
          },
          "strftime_now",
          (rendering, given) ->
              Strftime.now(rendering.clock(), given.bind("strftime_now", "format").text(0)));

  private Globals() {}

  static Object find(String name, Object absent) {
    Function found = ALL.get(name);
    return found == null ? absent : new Function.Named(name, found);
  }

  private static Range range(Arguments given) {
    Arguments.Bound bound = given.places("range", "start", "stop?", "step?");
    BigInteger first = bound.whole(0);
    return bound.has(1)
        ? new Range(first, bound.whole(1), bound.has(2) ? bound.whole(2) : BigInteger.ONE)
        : new Range(BigInteger.ZERO, first, BigInteger.ONE);
  }

  private static Dict dict(String function, Arguments given) {
    Dict dict = new Dict();
    List<Object> places = given.positional();
    if (places.size() > 1) {
      throw TemplateErrors.type("%s expected at most 1 argument, got %d", function, places.size());
    }
    if (places.size() == 1 && places.get(0) instanceof Dict other) {
      dict.putAll(other);
    } else if (places.size() == 1) {
      for (Iterator<Object> items = Values.iterate(places.get(0)); items.hasNext(); ) {
        List<Object> pair = Values.list(items.next());
        if (pair.size() != 2) {
          throw TemplateErrors.value(
              "dictionary update sequence element has length %d; 2 is required", pair.size());
        }
        dict.put(pair.get(0), pair.get(1));
      }
    }
    given.named().forEach((key, value) -> dict.put(Text.of(key), value));
    return dict;
  }

  /** Goes round and round some values. */
  static final class Cycler {
    private final List<Object> items;
    private int at;

    Cycler(Arguments given) {
      items = given.positional();
      if (items.isEmpty() || !given.named().isEmpty()) {
        throw TemplateErrors.type("at least one item has to be provided");
      }
    }

    Object attribute(String name, Object absent) {
      return switch (name) {
        case "current" -> items.get(at);
        case "items" -> Tuple.of(items);
        case "pos" -> BigInteger.valueOf(at);
        case "next" -> new Function.Named("next", (rendering, given) -> next());
        case "reset" -> new Function.Named("reset", (rendering, given) -> reset());
        default -> absent;
      };
    }

    private Object next() {
      Object current = items.get(at);
      at = (at + 1) % items.size();
      return current;
    }

    private Object reset() {
      at = 0;
      return null;
    }
  }

  /** Nothing when it is called first, then the separator. */
  static final class Joiner implements Function {
    private final Object separator;
    private boolean used;

    Joiner(Arguments given) {
      separator = given.bind("joiner", "sep?").get(0, Text.of(", "));
    }

    Object attribute(String name, Object absent) {
      return switch (name) {
        case "sep" -> separator;
        case "used" -> used;
        default -> absent;
      };
    }

    @Override
    public Object call(Rendering rendering, Arguments given) {
      Object now = used ? separator : Text.EMPTY;
      used = true;
      return now;
    }
  }
}
