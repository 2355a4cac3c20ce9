package io.relook.model.text.jinja;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * A tuple; its items may be null, which is None.
 *
 * @param names of the items where it is a named tuple, else none
 */
record Tuple(List<Object> items, List<String> names) {
  static Tuple of(Object... items) {
    return new Tuple(Collections.unmodifiableList(Arrays.asList(items)), List.of());
  }

  static Tuple of(List<Object> items) {
    return new Tuple(Collections.unmodifiableList(items), List.of());
  }
}
