package io.relook.rewards;

import io.relook.rewards.Expression.Constant;
import io.relook.rewards.Expression.Function;
import io.relook.rewards.Expression.Number;
import io.relook.rewards.Expression.Operator;
import io.relook.rewards.Expression.Symbol;
import io.relook.rewards.MathToken.Kind;
import io.relook.rewards.MathTokens.Unreadable;
import io.relook.rewards.Meaning.Value;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Reads sums, products, powers, roots and functions. A product needs no sign, but two numbers side
 * by side are none, unless the second is a fraction below 1: {@code 7 3/4} is 7 + 3/4.
 */
final class ExpressionReader {
  private static final int GREATEST_FACTORIAL = 100;

  /** Numbers, symbols and brackets of a whole text: each costs at every point. */
  private static final int MOST_ATOMS = 256;

  private static final Number HALF =
      new Number(new Fraction(BigInteger.ONE, BigInteger.TWO), false);

  private static final Set<String> GREEK =
      Set.of(
          "alpha",
          "beta",
          "gamma",
          "delta",
          "epsilon",
          "varepsilon",
          "zeta",
          "eta",
          "theta",
          "vartheta",
          "kappa",
          "lambda",
          "mu",
          "nu",
          "xi",
          "rho",
          "sigma",
          "tau",
          "phi",
          "varphi",
          "chi",
          "psi",
          "omega",
          "Gamma",
          "Delta",
          "Theta",
          "Lambda",
          "Sigma",
          "Phi",
          "Psi",
          "Omega",
          "ell");

  private final MathTokens tokens;
  private final boolean upper;
  private final Supplier<Meaning> brackets;
  private int atoms;
  private int functions;
  private int bars;
  private boolean signs;
  private Expression pending;

  /**
   * @param upper whether plus-or-minus is plus
   * @param brackets reads what stands in brackets, from the opening one
   */
  ExpressionReader(MathTokens tokens, boolean upper, Supplier<Meaning> brackets) {
    this.tokens = tokens;
    this.upper = upper;
    this.brackets = brackets;
  }

  /** Whether there was a plus-or-minus. */
  boolean hasBothSigns() {
    return signs;
  }

  /** Goes on behind a bracket that was a number. */
  Expression readBehind(Expression first) {
    pending = first;
    return sum(product());
  }

  Expression read() {
    boolean negative = tokens.takes("-");
    if (!negative && !tokens.takes("+")) {
      negative = takesSigns().orElse(false);
    }
    return sum(negative ? Function.NEGATE.of(product()) : product());
  }

  private Expression sum(Expression first) {
    Expression sum = first;
    while (true) {
      Optional<Boolean> both;
      if (tokens.takes("+")) {
        sum = Operator.PLUS.of(sum, product());
      } else if (tokens.takes("-")) {
        sum = Operator.MINUS.of(sum, product());
      } else if ((both = takesSigns()).isPresent()) {
        sum = (both.get() ? Operator.MINUS : Operator.PLUS).of(sum, product());
      } else {
        return sum;
      }
    }
  }

  /** Whether plus-or-minus is minus in this reading; empty where there is none. */
  private Optional<Boolean> takesSigns() {
    boolean first = tokens.takes("pm");
    if (!first && !tokens.takes("mp")) {
      return Optional.empty();
    }
    signs = true;
    return Optional.of(first != upper);
  }

  private Expression product() {
    boolean number = pending == null && !tokens.isAtEnd() && tokens.next().kind() == Kind.NUMBER;
    Expression product = power();
    if (number && product instanceof Number) {
      Optional<Expression> mixed = mixed((Number) product);
      product = mixed.orElse(product);
    }
    while (true) {
      if (tokens.takes("*")) {
        product =
            Operator.TIMES.of(product, tokens.takes("-") ? Function.NEGATE.of(power()) : power());
      } else if (tokens.takes("/")) {
        product = Operator.OVER.of(product, power());
      } else if (startsFactor()) {
        if (tokens.next().kind() == Kind.NUMBER) {
          throw new Unreadable();
        }
        product = Operator.TIMES.of(product, power());
      } else {
        return product;
      }
    }
  }

  /** {@code 7\frac{3}{4}} and {@code 7 3/4}. */
  private Optional<Expression> mixed(Number whole) {
    boolean slash = tokens.seesFraction();
    if (whole.decimal() || !whole.value().isWhole() || !slash && !tokens.sees("frac")) {
      return Optional.empty();
    }
    Expression part;
    if (slash) {
      Expression above = number(tokens.take().text());
      tokens.takes("/");
      part = Operator.OVER.of(above, number(tokens.take().text()));
    } else {
      part = power();
    }
    Fraction value = part.isBare() ? part.at(0).exact() : null;
    if (value != null && value.compareTo(Fraction.ONE) >= 0 || tokens.sees("frac")) {
      throw new Unreadable();
    }
    return Optional.of(
        value == null
            ? Operator.TIMES.of(whole, part)
            : new Number(whole.value().plus(value).orElseThrow(Unreadable::new), false));
  }

  private boolean startsFactor() {
    if (tokens.isAtEnd()) {
      return false;
    }
    MathToken token = tokens.next();
    return switch (token.kind()) {
      case NUMBER, LETTER -> true;
      case WORD -> false;
      case COMMAND -> isFactor(token.text());
      case SIGN -> token.is("(") || token.is("[") || token.is("{") || token.is("|") && bars == 0;
    };
  }

  private static boolean isFactor(String command) {
    return Set.of("pi", "infty", "frac", "sqrt", "binom").contains(command)
        || GREEK.contains(command)
        || Function.named(command) != null;
  }

  private Expression power() {
    Expression base = marked(atom());
    if (tokens.takes("^")) {
      base = marked(Operator.POWER.of(base, exponent()));
    }
    return base;
  }

  private Expression exponent() {
    return tokens.takes("-") ? Function.NEGATE.of(atom()) : atom();
  }

  /**
   * With what stands behind it: factorial, percent, degree (which is only turned in a function).
   */
  private Expression marked(Expression expression) {
    Expression marked = expression;
    while (true) {
      if (tokens.takes("!")) {
        marked = factorial(marked);
      } else if (tokens.takes("%")) {
        marked = Operator.OVER.of(marked, Number.of(100));
      } else if (tokens.takes("°")) {
        marked =
            functions == 0
                ? marked
                : Operator.OVER.of(Operator.TIMES.of(marked, Constant.PI), Number.of(180));
      } else {
        return marked;
      }
    }
  }

  private static Expression factorial(Expression of) {
    Fraction value = of.isBare() ? of.at(0).exact() : null;
    if (value == null
        || !value.isWhole()
        || value.numerator().signum() < 0
        || value.compareTo(Fraction.of(GREATEST_FACTORIAL)) > 0) {
      throw new Unreadable();
    }
    Fraction product = Fraction.ONE;
    for (int i = 2; i <= value.numerator().intValue(); i++) {
      product = product.times(Fraction.of(i)).orElseThrow(Unreadable::new);
    }
    return new Number(product, false);
  }

  private Expression atom() {
    if (pending != null) {
      Expression atom = pending;
      pending = null;
      return atom;
    }
    if (++atoms > MOST_ATOMS) {
      throw new Unreadable();
    }
    tokens.deeper();
    Expression atom = atom(tokens.next());
    tokens.shallower();
    return atom;
  }

  private Expression atom(MathToken token) {
    switch (token.kind()) {
      case NUMBER:
        tokens.take();
        return tokens.takes("_")
            ? new Symbol(token.text() + "_" + subscript())
            : number(token.text());
      case LETTER:
        tokens.take();
        return letter(token.text());
      case COMMAND:
        tokens.take();
        return command(token.text());
      default:
        break;
    }
    if (MeaningReader.isOpen(token)) {
      return value(brackets.get());
    }
    if (bars == 0 && tokens.takes("|")) {
      bars++;
      Expression inside = read();
      bars--;
      if (!tokens.takes("|")) {
        throw new Unreadable();
      }
      return Function.ABS.of(inside);
    }
    throw new Unreadable();
  }

  private static Expression value(Meaning meaning) {
    if (!(meaning instanceof Value)) {
      throw new Unreadable();
    }
    return ((Value) meaning).expression();
  }

  private static Number number(String text) {
    try {
      boolean decimal = text.chars().anyMatch(c -> ".eE".indexOf(c) >= 0);
      return new Number(Fraction.of(new BigDecimal(text)), decimal);
    } catch (NumberFormatException e) {
      throw new Unreadable();
    }
  }

  private Expression letter(String letter) {
    if (tokens.takes("_")) {
      return new Symbol(letter + "_" + subscript());
    }
    return switch (letter) {
      case "e" -> Constant.E;
      case "i" -> Constant.I;
      default -> new Symbol(letter);
    };
  }

  private Expression command(String name) {
    Function function = Function.named(name);
    if (function != null) {
      return function(function);
    }
    switch (name) {
      case "pi":
        return Constant.PI;
      case "infty":
        return Constant.INFINITY;
      case "frac":
        return fraction();
      case "binom":
        return binomial();
      case "sqrt":
        Expression degree = tokens.sees("[") ? value(brackets.get()) : null;
        Expression of = atom();
        return degree == null ? Operator.POWER.of(of, HALF) : Operator.ROOT.of(of, degree);
      default:
        if (!GREEK.contains(name)) {
          throw new Unreadable();
        }
        return new Symbol(tokens.takes("_") ? name + "_" + subscript() : name);
    }
  }

  /** {@code \frac13} is a third, {@code \frac21005} two of 1005. */
  private Expression fraction() {
    MathToken above = tokens.next();
    if (above.kind() == Kind.NUMBER && above.text().length() > 1) {
      tokens.take();
      return Operator.OVER.of(
          number(above.text().substring(0, 1)), number(above.text().substring(1)));
    }
    Expression numerator = atom();
    return Operator.OVER.of(numerator, atom());
  }

  private Expression binomial() {
    Expression of = atom();
    Expression chosen = atom();
    Fraction size = of.isBare() ? of.at(0).exact() : null;
    Fraction part = chosen.isBare() ? chosen.at(0).exact() : null;
    if (size == null || part == null) {
      throw new Unreadable();
    }
    Number rest = new Number(size.plus(part.negate()).orElseThrow(Unreadable::new), false);
    return Operator.OVER.of(Operator.OVER.of(factorial(of), factorial(chosen)), factorial(rest));
  }

  /** {@code \sin^2 x}, {@code \log_2 8}, {@code \sin b \cos a}: the argument ends at a function. */
  private Expression function(Function function) {
    functions++;
    Expression base = tokens.takes("_") ? atom() : null;
    Expression exponent = tokens.takes("^") ? exponent() : null;
    Expression argument;
    MathToken token = tokens.next();
    if (MeaningReader.isOpen(token) || token.is("|")) {
      argument = marked(atom());
    } else {
      argument = power();
      while (startsFactor()
          && !MeaningReader.isOpen(tokens.next())
          && Function.named(tokens.next().text()) == null) {
        argument = Operator.TIMES.of(argument, power());
      }
    }
    functions--;
    Expression call = function.of(argument);
    if (base != null) {
      call = Operator.OVER.of(call, function.of(base));
    }
    return exponent == null ? call : Operator.POWER.of(call, exponent);
  }

  private String subscript() {
    if (!tokens.takes("{")) {
      return tokens.take().text();
    }
    StringBuilder subscript = new StringBuilder();
    while (!tokens.takes("}")) {
      subscript.append(tokens.take().text());
    }
    return subscript.toString();
  }
}
