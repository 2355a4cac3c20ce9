package io.relook.rewards;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Mathematics as an answer writes it. Two expressions are the same where they are worth the same at
 * {@value #POINTS} rational points, positive and negative, that follow from the symbols' names:
 * polynomials and fractions are compared exactly, the rest in double precision. So identities hold
 * in whatever form they are written, and none is searched for.
 */
sealed interface Expression {
  /** At which symbols are given values. */
  int POINTS = 4;

  Scalar at(int point);

  List<Expression> parts();

  /** A number as it stands; {@code decimal} where it was written with a point. */
  record Number(Fraction value, boolean decimal) implements Expression {
    static Number of(long whole) {
      return new Number(Fraction.of(whole), false);
    }

    @Override
    public Scalar at(int point) {
      return Scalar.of(value);
    }

    @Override
    public List<Expression> parts() {
      return List.of();
    }
  }

  /** A number that has a name. */
  enum Constant implements Expression {
    PI(Scalar.of(Math.PI)),
    E(Scalar.of(Math.E)),
    I(Scalar.I),
    INFINITY(Scalar.of(Double.POSITIVE_INFINITY));

    private final transient Scalar value;

    Constant(Scalar value) {
      this.value = value;
    }

    @Override
    public Scalar at(int point) {
      return value;
    }

    @Override
    public List<Expression> parts() {
      return List.of();
    }
  }

  /** A letter, with its subscript, or a number to another base. */
  record Symbol(String name) implements Expression {
    @Override
    public Scalar at(int point) {
      int hash = Math.floorMod(name.hashCode() * 31 + point * 7919, 997);
      Fraction size = new Fraction(BigInteger.valueOf(hash + 211), BigInteger.valueOf(601));
      return Scalar.of(point % 2 == 0 ? size : size.negate());
    }

    @Override
    public List<Expression> parts() {
      return List.of();
    }
  }

  /** One of the operations of two. */
  record Binary(Operator operator, Expression left, Expression right) implements Expression {
    @Override
    public Scalar at(int point) {
      Scalar ours = left.at(point);
      Scalar theirs = right.at(point);
      Scalar value = operator.apply.apply(ours, theirs);
      return operator.compareTo(Operator.TIMES) < 0
          ? value.orNothingAbove(ours, theirs)
          : value.orNothingAbove(ours, theirs).orNothingBelow(ours, theirs);
    }

    @Override
    public List<Expression> parts() {
      return List.of(left, right);
    }
  }

  /** A function of one. */
  record Call(Function function, Expression argument) implements Expression {
    @Override
    public Scalar at(int point) {
      Scalar of = argument.at(point);
      Scalar value = function.apply.apply(of).orNothingAbove(of, of);
      return function == Function.EXP ? value.orNothingBelow(of, of) : value;
    }

    @Override
    public List<Expression> parts() {
      return List.of(argument);
    }
  }

  /** The operations of two. */
  enum Operator {
    PLUS(Scalar::plus),
    MINUS(Scalar::minus),
    TIMES(Scalar::times),
    OVER(Scalar::over),
    POWER(Scalar::power),
    ROOT(Scalar::root);

    private final BinaryOperator<Scalar> apply;

    Operator(BinaryOperator<Scalar> apply) {
      this.apply = apply;
    }

    Expression of(Expression left, Expression right) {
      return new Binary(this, left, right);
    }
  }

  /** The functions of one; {@code log} is the natural logarithm, as in Math-Verify. */
  enum Function {
    NEGATE(Scalar::negate),
    ABS(Scalar::abs),
    SIN(Scalar::sin),
    COS(Scalar::cos),
    TAN(x -> x.sin().over(x.cos())),
    COT(x -> x.cos().over(x.sin())),
    SEC(x -> one().over(x.cos())),
    CSC(x -> one().over(x.sin())),
    ARCSIN(x -> x.real(Math::asin)),
    ARCCOS(x -> x.real(Math::acos)),
    ARCTAN(x -> x.real(Math::atan)),
    SINH(x -> x.real(Math::sinh)),
    COSH(x -> x.real(Math::cosh)),
    TANH(x -> x.real(Math::tanh)),
    EXP(Scalar::exp),
    LN(Scalar::log),
    LOG(Scalar::log);

    private static final Map<String, Function> NAMES =
        Arrays.stream(values())
            .filter(f -> f.ordinal() > ABS.ordinal())
            .collect(Collectors.toMap(f -> f.name().toLowerCase(Locale.ROOT), f -> f));

    private final UnaryOperator<Scalar> apply;

    Function(UnaryOperator<Scalar> apply) {
      this.apply = apply;
    }

    /** By its name in LaTeX; null where there is none. */
    static Function named(String name) {
      return NAMES.get(name);
    }

    Expression of(Expression argument) {
      return new Call(this, argument);
    }

    private static Scalar one() {
      return Scalar.of(Fraction.ONE);
    }
  }

  /** Whether the two are worth the same wherever both are worth something. */
  default boolean isSame(Expression other) {
    boolean rounded = any(Expression::isDecimal) || other.any(Expression::isDecimal);
    int agreed = 0;
    for (int point = 0; point < POINTS; point++) {
      Scalar ours = at(point);
      Scalar theirs = other.at(point);
      if (ours.isNothing() != theirs.isNothing()
          || !ours.isNothing() && !ours.isNear(theirs, rounded)) {
        return false;
      }
      agreed += ours.isNothing() ? 0 : 1;
    }
    return agreed > 1;
  }

  /** A function that has a name; a sign and bars are none. */
  default boolean isFunction() {
    return this instanceof Call c && c.function.compareTo(Function.ABS) > 0;
  }

  /** Whether this or a part of it is such. */
  default boolean any(Predicate<Expression> such) {
    boolean found = such.test(this);
    for (Expression part : parts()) {
      found = found || part.any(such);
    }
    return found;
  }

  /**
   * Whether a sum, a difference or a product of bare numbers was left to the reader: {@code 3-5} is
   * not an answer where -2 is asked for (our choice; MathRuler's too, not Math-Verify's).
   */
  default boolean isUndone() {
    return any(
        e ->
            e instanceof Binary b
                && b.operator.compareTo(Operator.TIMES) <= 0
                && b.left.isBare()
                && b.right.isBare());
  }

  /** A number, a fraction of numbers, or the negative of one. */
  default boolean isBare() {
    return this instanceof Number
        || this instanceof Call c && c.function == Function.NEGATE && c.argument.isBare()
        || this instanceof Binary b
            && b.operator == Operator.OVER
            && b.left.isBare()
            && b.right.isBare();
  }

  private static boolean isDecimal(Expression e) {
    return e instanceof Number n && n.decimal;
  }
}
