package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Filters over lists and dictionaries. */
final class SequenceFilters {
  static final Map<String, Filters.Filter> ALL = new HashMap<>();

  static {
    ALL.put(
        "length",
        (r, value, given) -> TextFilters.none(given, BigInteger.valueOf(Values.length(value))));
    ALL.put("count", ALL.get("length"));
    ALL.put("list", (r, value, given) -> TextFilters.none(given, Values.list(value)));
    ALL.put("first", (r, value, given) -> TextFilters.none(given, first(value)));
    ALL.put("last", (r, value, given) -> TextFilters.none(given, last(value)));
    ALL.put("reverse", (r, value, given) -> TextFilters.none(given, reversed(value)));
    ALL.put("items", (r, value, given) -> TextFilters.none(given, items(value)));
    ALL.put("join", (r, value, given) -> joined(value, given));
    ALL.put("batch", (r, value, given) -> batched(value, given));
    ALL.put("slice", (r, value, given) -> sliced(value, given));
    ALL.put("sort", (r, value, given) -> sorted(value, given));
    ALL.put("dictsort", (r, value, given) -> dictSorted(value, given));
    ALL.put("groupby", (r, value, given) -> grouped(value, given));
    ALL.put(
        "default",
        (r, value, given) -> {
          Arguments.Bound bound = given.bind("default", "default_value?", "boolean?");
          boolean absent =
              value instanceof Undefined || bound.truth(1, false) && !Values.truth(value);
          return absent ? bound.get(0, Text.EMPTY) : value;
        });
    ALL.put("d", ALL.get("default"));
    ALL.put(
        "attr",
        (r, value, given) ->
            Attributes.alone(value, given.bind("attr", "name").text(0).toString()));
  }

  private SequenceFilters() {}

  private static Object first(Object value) {
    Iterator<Object> items = Values.iterate(value);
    return items.hasNext() ? items.next() : Undefined.of("No first item, sequence was empty.");
  }

  private static Object last(Object value) {
    List<Object> items = Values.sized(value);
    if (items == null) {
      throw TemplateErrors.type("'%s' object is not reversible", Values.type(value));
    }
    return items.isEmpty()
        ? Undefined.of("No last item, sequence was empty.")
        : items.get(items.size() - 1);
  }

  private static Object reversed(Object value) {
    if (value instanceof Text text) {
      return text.reversed();
    }
    if (!Values.isIterable(value)) {
      throw TemplateErrors.type("argument must be iterable");
    }
    List<Object> items = Values.list(value);
    Collections.reverse(items);
    return value instanceof Once ? items : new Once(items.iterator());
  }

  private static Once items(Object value) {
    if (value instanceof Undefined) {
      return new Once(Collections.emptyIterator());
    }
    if (value instanceof Dict dict) {
      return new Once(dict.items().iterator());
    }
    throw TemplateErrors.type("Can only get item pairs from a mapping.");
  }

  private static Text joined(Object value, Arguments given) {
    Arguments.Bound bound = given.bind("join", "d?", "attribute?");
    Keys attribute = Keys.one(bound.get(1, null), false, null);
    List<Text> parts = new ArrayList<>();
    Values.iterate(value).forEachRemaining(item -> parts.add(Values.text(attribute.of(item))));
    return Text.join(Values.text(bound.get(0, Text.EMPTY)), parts);
  }

  private static Once batched(Object value, Arguments given) {
    Arguments.Bound bound = given.bind("batch", "linecount", "fill_with?");
    int size = bound.number(0);
    List<Object> batches = new ArrayList<>();
    List<Object> batch = new ArrayList<>();
    for (Object item : Values.list(value)) {
      if (batch.size() == size) {
        batches.add(batch);
        batch = new ArrayList<>();
      }
      batch.add(item);
    }
    if (!batch.isEmpty()) {
      if (size > SelectFilters.MOST) {
        throw TemplateErrors.bound("items of a list", SelectFilters.MOST);
      }
      while (bound.get(1, null) != null && batch.size() < size) {
        batch.add(bound.get(1));
      }
      batches.add(batch);
    }
    return new Once(batches.iterator());
  }

  private static Once sliced(Object value, Arguments given) {
    Arguments.Bound bound = given.bind("slice", "slices", "fill_with?");
    List<Object> items = Values.list(value);
    int slices = bound.number(0);
    if (slices == 0) {
      throw new TemplateException("ZeroDivisionError", "integer division or modulo by zero", 0);
    }
    if (slices > SelectFilters.MOST) {
      throw TemplateErrors.bound("items of a list", SelectFilters.MOST);
    }
    List<Object> all = new ArrayList<>();
    int each = Math.floorDiv(items.size(), slices);
    int longer = Math.floorMod(items.size(), slices);
    int at = 0;
    for (int i = 0; i < slices; i++) {
      int end = at + each + (i < longer ? 1 : 0);
      List<Object> slice = new ArrayList<>(items.subList(at, end));
      if (bound.get(1, null) != null && i >= longer) {
        slice.add(bound.get(1));
      }
      all.add(slice);
      at = end;
    }
    return new Once(all.iterator());
  }

  private static List<Object> sorted(Object value, Arguments given) {
    Arguments.Bound bound = given.bind("sort", "reverse?", "case_sensitive?", "attribute?");
    Keys keys = Keys.several(bound.get(2, null), !bound.truth(1, false));
    return sorted(Values.list(value), keys, bound.truth(0, false));
  }

  private static List<Object> dictSorted(Object value, Arguments given) {
    Arguments.Bound bound = given.bind("dictsort", "case_sensitive?", "by?", "reverse?");
    Object by = bound.get(1, Text.of("key"));
    boolean byKey = Comparison.equal(by, Text.of("key"));
    if (!byKey && !Comparison.equal(by, Text.of("value"))) {
      throw TemplateErrors.type("You can only sort by either \"key\" or \"value\"");
    }
    Operators.refuseUndefined(value, value);
    if (!(value instanceof Dict dict)) {
      throw TemplateErrors.type("'%s' object has no attribute 'items'", Values.type(value));
    }
    Keys key = Keys.one(BigInteger.valueOf(byKey ? 0 : 1), !bound.truth(0, false), null);
    return sorted(dict.items(), key, bound.truth(2, false));
  }

  static List<Object> sorted(List<Object> items, Keys key, boolean reverse) {
    List<Dict.Entry> keyed = new ArrayList<>();
    items.forEach(item -> keyed.add(new Dict.Entry(key.of(item), item)));
    Comparator<Dict.Entry> order =
        (a, b) ->
            Comparison.ordered(a.key(), "<", b.key())
                ? -1
                : Comparison.ordered(b.key(), "<", a.key()) ? 1 : 0;
    try {
      keyed.sort(reverse ? order.reversed() : order);
    } catch (IllegalArgumentException e) {
      throw TemplateErrors.unsupported("sorting what has no order");
    }
    List<Object> sorted = new ArrayList<>();
    keyed.forEach(entry -> sorted.add(entry.value()));
    return sorted;
  }

  private static List<Object> grouped(Object value, Arguments given) {
    Arguments.Bound bound = given.bind("groupby", "attribute", "default?", "case_sensitive?");
    boolean fold = !bound.truth(2, false);
    Keys key = Keys.one(bound.get(0), fold, bound.get(1, null));
    Keys shown = Keys.one(bound.get(0), false, bound.get(1, null));
    List<Object> groups = new ArrayList<>();
    List<Object> group = new ArrayList<>();
    Object last = null;
    for (Object item : sorted(Values.list(value), key, false)) {
      Object now = key.of(item);
      if (group.isEmpty() || !Comparison.equal(last, now)) {
        group = new ArrayList<>();
        List<Object> pair = new ArrayList<>();
        pair.add(shown.of(item));
        pair.add(group);
        groups.add(new Tuple(pair, List.of("grouper", "list")));
        last = now;
      }
      group.add(item);
    }
    return groups;
  }
}
