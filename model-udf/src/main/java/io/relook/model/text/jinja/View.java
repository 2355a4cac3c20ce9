package io.relook.model.text.jinja;

import java.util.List;

/**
 * What {@code keys()}, {@code values()} and {@code items()} of a dictionary give.
 *
 * @param kind dict_keys, dict_values or dict_items
 */
record View(String kind, List<Object> items) {}
