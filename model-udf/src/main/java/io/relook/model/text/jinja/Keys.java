package io.relook.model.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** What filters look at in each item: itself, or attributes in it, without case where asked. */
record Keys(List<List<Object>> paths, boolean listed, boolean fold, Object absent) {
  /**
   * @param attribute null for the item itself, a number or dotted names
   * @param absent in place of undefined ones, null for none
   */
  static Keys one(Object attribute, boolean fold, Object absent) {
    return new Keys(List.of(path(attribute)), false, fold, absent);
  }

  /** Attributes between commas, as a list. */
  static Keys several(Object attribute, boolean fold) {
    List<List<Object>> paths = new ArrayList<>();
    if (attribute instanceof Text names) {
      TextParts.split(names, Text.of(","), -1).forEach(name -> paths.add(path(name)));
    } else {
      paths.add(path(attribute));
    }
    return new Keys(paths, true, fold, null);
  }

  private static List<Object> path(Object attribute) {
    List<Object> path = new ArrayList<>();
    if (attribute instanceof Text names) {
      for (Object name : TextParts.split(names, Text.of("."), -1)) {
        boolean number = Characters.all((Text) name, Characters::isDecimal);
        path.add(number ? new BigInteger(name.toString()) : name);
      }
    } else if (attribute != null) {
      path.add(attribute);
    }
    return path;
  }

  Object of(Object item) {
    List<Object> values = new ArrayList<>();
    for (List<Object> path : paths) {
      Object value = item;
      for (Object part : path) {
        value = Attributes.item(value, part);
        value = value instanceof Undefined && absent != null ? absent : value;
      }
      values.add(fold && value instanceof Text text ? Casing.lower(text) : value);
    }
    return listed ? values : values.get(0);
  }
}
