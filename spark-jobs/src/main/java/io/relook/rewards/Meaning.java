package io.relook.rewards;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What an answer says, read from plain text or LaTeX by {@link MeaningReader}. An assignment says
 * what its right side says: {@code x = 3}, {@code x \in [0,1)}, {@code (p,q) = (3,2)}.
 */
sealed interface Meaning {

  /** One expression. */
  record Value(Expression expression) implements Meaning {
    @Override
    public boolean says(Meaning other) {
      if (other instanceof Row row && row.open == ':' && row.items.size() == 2) {
        return row.says(this);
      }
      return other instanceof Value value && expression.isSame(value.expression);
    }
  }

  /** A word, whatever its case. */
  record Word(String word) implements Meaning {
    @Override
    public boolean says(Meaning other) {
      return other instanceof Word && ((Word) other).word.equalsIgnoreCase(word);
    }
  }

  /**
   * Items in any order: {@code 1, 2}, {@code 1 or 2}, {@code \{1, 2\}}, a union. A list of one is
   * its item.
   *
   * @param set written in braces or joined by a union, so that it has no order at all
   */
  record Group(boolean set, List<Meaning> items) implements Meaning {
    @Override
    public boolean says(Meaning other) {
      if (other instanceof Row row) {
        boolean list = row.open == '(' && row.close == ')' || row.open == '[' && row.close == ']';
        return !set && list && all(items, row.items);
      }
      if (!(other instanceof Group group) || group.items.size() != items.size()) {
        return false;
      }
      List<Meaning> open = new ArrayList<>(group.items);
      return items.stream()
          .allMatch(
              item -> {
                Optional<Meaning> same = open.stream().filter(item::isSame).findFirst();
                same.ifPresent(open::remove);
                return same.isPresent();
              });
    }
  }

  /**
   * Items in their order, between brackets that count: a tuple, an interval, a matrix (of rows), a
   * ratio ({@code :}). A bracket at an infinite end may be round or square.
   */
  record Row(char open, char close, List<Meaning> items) implements Meaning {
    @Override
    public boolean says(Meaning other) {
      if (other instanceof Group group) {
        return group.says(this);
      }
      if (other instanceof Value value) {
        return isRatio() && ratio().map(r -> r.isSame(value.expression)).orElse(false);
      }
      if (!(other instanceof Row row) || !all(items, row.items)) {
        return false;
      }
      return (open == row.open || isInfinite(items.get(0)))
          && (close == row.close || isInfinite(items.get(items.size() - 1)));
    }

    private boolean isRatio() {
      return open == ':' && items.size() == 2;
    }

    private Optional<Expression> ratio() {
      return items.get(0) instanceof Value above && items.get(1) instanceof Value below
          ? Optional.of(Expression.Operator.OVER.of(above.expression, below.expression))
          : Optional.empty();
    }

    private static boolean isInfinite(Meaning end) {
      return end instanceof Value value && Double.isInfinite(value.expression.at(0).re());
    }
  }

  /** The signs of a relation; greater is less with its sides exchanged. */
  enum Sign {
    EQUAL,
    UNEQUAL,
    LESS,
    AT_MOST,
    IN
  }

  /**
   * An equation is the same as one whose difference of sides is a multiple of its own; an
   * inequality, of one whose multiple is positive. An inequality of one symbol is an interval.
   */
  record Relation(Meaning left, Sign sign, Meaning right) implements Meaning {
    @Override
    public boolean says(Meaning other) {
      if (other instanceof Row) {
        return interval().map(i -> i.says(other)).orElse(false);
      }
      if (!(other instanceof Relation relation) || sign != relation.sign) {
        return false;
      }
      return left.isSame(relation.left) && right.isSame(relation.right)
          || (sign == Sign.EQUAL || sign == Sign.UNEQUAL)
              && left.isSame(relation.right)
              && right.isSame(relation.left)
          || isMultiple(relation);
    }

    /** What is assigned; empty where nothing is. */
    Optional<Meaning> assigned() {
      boolean named = isName(left) && !(right instanceof Word);
      return sign == Sign.IN || sign == Sign.EQUAL && (named || isWorkedOut())
          ? Optional.of(right)
          : Optional.empty();
    }

    /** {@code 24*24 = 576}. */
    private boolean isWorkedOut() {
      return left instanceof Value value
          && !value.expression.any(e -> e instanceof Expression.Symbol)
          && left.says(right);
    }

    private boolean isMultiple(Relation other) {
      Optional<Expression> ours = difference();
      Optional<Expression> theirs = other.difference();
      if (sign == Sign.IN || ours.isEmpty() || theirs.isEmpty()) {
        return false;
      }
      Expression factor = Expression.Operator.OVER.of(ours.get(), theirs.get());
      Scalar first = factor.at(0);
      return !first.isNothing()
          && !first.isZero()
          && (sign == Sign.EQUAL || sign == Sign.UNEQUAL || first.im() == 0 && first.re() > 0)
          && ours.get().any(e -> e instanceof Expression.Symbol)
          && IntStream.range(1, Expression.POINTS)
              .allMatch(point -> factor.at(point).isNear(first, false));
    }

    private Optional<Expression> difference() {
      return left instanceof Value less && right instanceof Value more
          ? Optional.of(Expression.Operator.MINUS.of(less.expression, more.expression))
          : Optional.empty();
    }

    private Optional<Meaning> interval() {
      char bracket = sign == Sign.LESS ? '(' : '[';
      Value infinity = new Value(Expression.Constant.INFINITY);
      if (sign != Sign.LESS && sign != Sign.AT_MOST) {
        return Optional.empty();
      }
      if (isSymbol(left)) {
        Value below = new Value(Expression.Function.NEGATE.of(infinity.expression));
        char close = sign == Sign.LESS ? ')' : ']';
        return Optional.of(new Row('(', close, List.of(below, right)));
      }
      return isSymbol(right)
          ? Optional.of(new Row(bracket, ')', List.of(left, infinity)))
          : Optional.empty();
    }

    static boolean isSymbol(Meaning meaning) {
      return meaning instanceof Value value && value.expression instanceof Expression.Symbol;
    }

    /** A symbol, a word, a product that begins with a symbol ({@code f(x)}), or a row of those. */
    private static boolean isName(Meaning meaning) {
      if (meaning instanceof Row row) {
        return row.items.stream().allMatch(Relation::isName);
      }
      return meaning instanceof Word || meaning instanceof Value value && isName(value.expression);
    }

    private static boolean isName(Expression expression) {
      return expression instanceof Expression.Symbol
          || expression instanceof Expression.Binary b
              && b.operator() == Expression.Operator.TIMES
              && isName(b.left());
    }
  }

  /** Whether the other, which is no assignment where this is none, says the same. */
  boolean says(Meaning other);

  /** Whether the two say the same; an assignment beside what is none counts as its value. */
  default boolean isSame(Meaning other) {
    Optional<Meaning> ours = assigned(this);
    Optional<Meaning> theirs = assigned(other);
    if (ours.isPresent() && !(other instanceof Relation)) {
      return ours.get().isSame(other);
    }
    if (theirs.isPresent() && !(this instanceof Relation)) {
      return isSame(theirs.get());
    }
    return other instanceof Row && this instanceof Relation ? says(other) : other.says(this);
  }

  /**
   * Whether one of the two leaves a sum to the reader that the other does not write: {@code 0.4 -
   * 0.6} may be a range, and is then not {@code 0.0 - 0.2}.
   */
  default boolean isUnfinished(Meaning truth) {
    return this instanceof Value ours
        && truth instanceof Value theirs
        && (ours.expression.isUndone() || theirs.expression.isUndone())
        && !ours.expression.equals(theirs.expression);
  }

  /** Multiplied by a factor; empty where it is no expression. */
  default Optional<Meaning> times(Fraction factor) {
    Expression number = new Expression.Number(factor, false);
    return this instanceof Value value
        ? Optional.of(new Value(Expression.Operator.TIMES.of(value.expression, number)))
        : Optional.empty();
  }

  private static boolean all(List<Meaning> ours, List<Meaning> theirs) {
    if (ours.size() != theirs.size()) {
      return false;
    }
    for (int i = 0; i < ours.size(); i++) {
      if (!ours.get(i).isSame(theirs.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static Optional<Meaning> assigned(Meaning meaning) {
    return meaning instanceof Relation relation ? relation.assigned() : Optional.empty();
  }
}
