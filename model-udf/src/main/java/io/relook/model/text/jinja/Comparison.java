package io.relook.model.text.jinja;

import java.util.List;

/** Python's equality and order. */
final class Comparison {
  private Comparison() {}

  static boolean equal(Object left, Object right) {
    if (left == right) {
      return true;
    }
    if (left == null || right == null) {
      return false;
    }
    if (Values.isNumber(left) && Values.isNumber(right)) {
      return Numbers.compare(left, right) == 0 && !Numbers.isNan(left) && !Numbers.isNan(right);
    }
    if (left instanceof Undefined && right instanceof Undefined) {
      return true;
    }
    if (left instanceof Tuple a && right instanceof Tuple b) {
      return equalItems(a.items(), b.items());
    }
    if (left instanceof View a && right instanceof View b) {
      return a.kind().equals(b.kind())
          && !a.kind().equals("dict_values")
          && a.items().size() == b.items().size()
          && a.items().stream().allMatch(item -> Values.contains(b.items(), item));
    }
    if (left instanceof List<?> a && right instanceof List<?> b) {
      return left instanceof Range == right instanceof Range && equalItems(a, b);
    }
    return (left instanceof Text || left instanceof Dict) && left.equals(right);
  }

  private static boolean equalItems(List<?> left, List<?> right) {
    if (left.size() != right.size()) {
      return false;
    }
    for (int i = 0; i < left.size(); i++) {
      if (!equal(left.get(i), right.get(i))) {
        return false;
      }
    }
    return true;
  }

  /** Whether {@code left operator right}, for the operators of order. */
  static boolean ordered(Object left, String operator, Object right) {
    if (Values.isNumber(left) && Values.isNumber(right)) {
      return !Numbers.isNan(left)
          && !Numbers.isNan(right)
          && holds(Numbers.compare(left, right), operator);
    }
    if (left instanceof Text a && right instanceof Text b) {
      return holds(a.compareTo(b), operator);
    }
    boolean lists =
        left instanceof List
            && right instanceof List
            && !(left instanceof Range)
            && !(right instanceof Range);
    if (lists || left instanceof Tuple && right instanceof Tuple) {
      List<Object> a = Values.sized(left);
      List<Object> b = Values.sized(right);
      for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
        if (!equal(a.get(i), b.get(i))) {
          return ordered(a.get(i), operator, b.get(i));
        }
      }
      return holds(Integer.compare(a.size(), b.size()), operator);
    }
    Operators.refuseUndefined(left, right);
    throw TemplateErrors.type(
        "'%s' not supported between instances of '%s' and '%s'",
        operator, Values.type(left), Values.type(right));
  }

  private static boolean holds(int compared, String operator) {
    return switch (operator) {
      case "<" -> compared < 0;
      case "<=" -> compared <= 0;
      case ">" -> compared > 0;
      default -> compared >= 0;
    };
  }
}
