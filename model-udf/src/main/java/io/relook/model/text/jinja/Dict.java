package io.relook.model.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A dictionary in the order of its keys' first entries; 1, 1.0 and true are one key. */
final class Dict {
  /** A key as it was first given, and its value. */
  record Entry(Object key, Object value) {}

  private final Map<Object, Entry> entries = new LinkedHashMap<>();

  void put(Object key, Object value) {
    Object hashed = Values.hashed(key);
    Entry old = entries.get(hashed);
    entries.put(hashed, new Entry(old == null ? key : old.key(), value));
  }

  void putAll(Dict other) {
    other.entries().forEach(entry -> put(entry.key(), entry.value()));
  }

  /** The entry, or null. */
  Entry find(Object key) {
    return entries.get(Values.hashed(key));
  }

  int size() {
    return entries.size();
  }

  List<Entry> entries() {
    return List.copyOf(entries.values());
  }

  List<Object> keys() {
    List<Object> keys = new ArrayList<>(size());
    entries.values().forEach(entry -> keys.add(entry.key()));
    return keys;
  }

  List<Object> values() {
    List<Object> values = new ArrayList<>(size());
    entries.values().forEach(entry -> values.add(entry.value()));
    return values;
  }

  /** Pairs of key and value. */
  List<Object> items() {
    List<Object> items = new ArrayList<>(size());
    entries.values().forEach(entry -> items.add(Tuple.of(entry.key(), entry.value())));
    return items;
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof Dict dict) || dict.size() != size()) {
      return false;
    }
    for (Map.Entry<Object, Entry> entry : entries.entrySet()) {
      Entry there = dict.entries.get(entry.getKey());
      if (there == null || !Comparison.equal(entry.getValue().value(), there.value())) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int hashCode() {
    return entries.keySet().hashCode();
  }
}
