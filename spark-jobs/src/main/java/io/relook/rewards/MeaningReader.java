package io.relook.rewards;

import io.relook.rewards.Expression.Constant;
import io.relook.rewards.Expression.Function;
import io.relook.rewards.Expression.Number;
import io.relook.rewards.Expression.Operator;
import io.relook.rewards.Expression.Symbol;
import io.relook.rewards.MathToken.Kind;
import io.relook.rewards.Meaning.Group;
import io.relook.rewards.Meaning.Relation;
import io.relook.rewards.Meaning.Row;
import io.relook.rewards.Meaning.Sign;
import io.relook.rewards.Meaning.Value;
import io.relook.rewards.Meaning.Word;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads what an answer says, by recursive descent over its tokens: each is looked at once, nesting
 * is bounded. Text that is not mathematics, or more of it than is known here, has no meaning.
 *
 * <p>{@code ±} says both signs: the text is read once for each. Two numbers side by side are no
 * product, unless the second is a fraction ({@code 7 3/4}).
 */
final class MeaningReader {
  private static final int DEEPEST = 40;
  private static final int MOST_ITEMS = 64;
  private static final int GREATEST_FACTORIAL = 100;
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

  /** Not to be read; carries no trace, for it is no fault. */
  private static final class Unreadable extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unreadable() {
      super(null, null, false, false);
    }
  }

  private final List<MathToken> tokens;
  private final boolean upper;
  private int at;
  private int depth;
  private int functions;
  private int bars;
  private boolean signs;
  private Expression pending;

  private MeaningReader(List<MathToken> tokens, boolean upper) {
    this.tokens = tokens;
    this.upper = upper;
  }

  static Optional<Meaning> read(String text) {
    List<MathToken> tokens = MathToken.of(text);
    try {
      MeaningReader reader = new MeaningReader(tokens, true);
      Meaning meaning = reader.whole();
      return Optional.of(
          reader.signs ? both(meaning, new MeaningReader(tokens, false).whole()) : meaning);
    } catch (Unreadable e) {
      return Optional.empty();
    }
  }

  private static Meaning both(Meaning upper, Meaning lower) {
    if (!(upper instanceof Group) || !(lower instanceof Group)) {
      return new Group(false, List.of(upper, lower));
    }
    List<Meaning> items = new ArrayList<>(((Group) upper).items());
    for (Meaning item : ((Group) lower).items()) {
      if (items.stream().noneMatch(item::isSame)) {
        items.add(item);
      }
    }
    return new Group(((Group) upper).set(), items);
  }

  private Meaning whole() {
    Meaning meaning = group(false, items());
    if (at < tokens.size()) {
      throw new Unreadable();
    }
    return meaning;
  }

  private static Meaning group(boolean set, List<Meaning> items) {
    return items.size() == 1 ? items.get(0) : new Group(set, items);
  }

  /** At least one, parted by commas, semicolons, "and" and "or". */
  private List<Meaning> items() {
    List<Meaning> items = new ArrayList<>();
    items.add(item());
    while (takes(",") || takes(";")) {
      while (takes(",")) {}
      items.add(item());
      if (items.size() > MOST_ITEMS) {
        throw new Unreadable();
      }
    }
    return items;
  }

  /** An operand, or a chain of them with relations between. */
  private Meaning item() {
    deeper();
    List<Meaning> sides = new ArrayList<>(List.of(operand()));
    List<String> relations = new ArrayList<>();
    while (at < tokens.size() && isRelation(tokens.get(at))) {
      relations.add(tokens.get(at++).text());
      sides.add(operand());
    }
    depth--;
    return relations.isEmpty() ? sides.get(0) : related(sides, relations);
  }

  private static boolean isRelation(MathToken token) {
    return List.of("=", "<", ">", "le", "ge", "ne", "in", "approx").stream().anyMatch(token::is);
  }

  private static Meaning related(List<Meaning> sides, List<String> relations) {
    if (sides.stream().anyMatch(Relation.class::isInstance)) {
      throw new Unreadable();
    }
    Meaning first = sides.get(0);
    Meaning last = sides.get(sides.size() - 1);
    boolean up = relations.stream().allMatch(r -> r.equals("<") || r.equals("le"));
    boolean down = relations.stream().allMatch(r -> r.equals(">") || r.equals("ge"));
    if (relations.size() == 2 && (up || down) && Relation.isSymbol(sides.get(1))) {
      char lower = isStrict(relations.get(up ? 0 : 1)) ? '(' : '[';
      char higher = isStrict(relations.get(up ? 1 : 0)) ? ')' : ']';
      return new Row(lower, higher, up ? List.of(first, last) : List.of(last, first));
    }
    if (relations.stream().allMatch(r -> r.equals("=") || r.equals("approx"))) {
      return new Relation(first, Sign.EQUAL, last);
    }
    if (relations.size() > 1) {
      throw new Unreadable();
    }
    if (up || down) {
      Sign sign = isStrict(relations.get(0)) ? Sign.LESS : Sign.AT_MOST;
      return up ? new Relation(first, sign, last) : new Relation(last, sign, first);
    }
    return new Relation(first, relations.get(0).equals("in") ? Sign.IN : Sign.UNEQUAL, last);
  }

  private static boolean isStrict(String relation) {
    return relation.equals("<") || relation.equals(">");
  }

  /** A ratio, a union, or one term. */
  private Meaning operand() {
    List<Meaning> terms = new ArrayList<>(List.of(term()));
    if (sees(":")) {
      while (takes(":")) {
        terms.add(term());
      }
      return new Row(':', ':', terms);
    }
    while (takes("cup")) {
      terms.add(term());
    }
    return group(true, terms);
  }

  private Meaning term() {
    MathToken token = next();
    if (token.kind() == Kind.WORD) {
      at++;
      return new Word(token.text());
    }
    if (takes("begin")) {
      return matrix();
    }
    if (takes("emptyset") || takes("varnothing")) {
      return new Group(true, List.of());
    }
    if (isOpen(token)) {
      Meaning bracket = bracket();
      if (!(bracket instanceof Value)) {
        return bracket;
      }
      pending = ((Value) bracket).expression();
    }
    return new Value(sum());
  }

  private static boolean isOpen(MathToken token) {
    return token.is("(") || token.is("[") || token.is("{") || token.is("\\{");
  }

  private Meaning bracket() {
    String open = tokens.get(at++).text();
    boolean set = open.equals("\\{");
    if (set && takes("\\}")) {
      return new Group(true, List.of());
    }
    List<Meaning> items = items();
    String close = next().text();
    at++;
    if (set || open.equals("{")) {
      if (!close.equals(set ? "\\}" : "}")) {
        throw new Unreadable();
      }
      return group(set, items);
    }
    if (!close.equals(")") && !close.equals("]")) {
      throw new Unreadable();
    }
    return items.size() == 1 && (open.equals("(") == close.equals(")"))
        ? items.get(0)
        : new Row(open.charAt(0), close.charAt(0), items);
  }

  private Meaning matrix() {
    List<Meaning> rows = new ArrayList<>();
    while (!takes("end")) {
      List<Meaning> cells = new ArrayList<>(List.of(item()));
      while (takes("&")) {
        cells.add(item());
      }
      rows.add(new Row('r', 'r', cells));
      if (!takes("row") && !sees("end")) {
        throw new Unreadable();
      }
    }
    if (rows.isEmpty()) {
      throw new Unreadable();
    }
    return new Row('m', 'm', rows);
  }

  /** After a bracket that was a number there is no sign before it any more. */
  private Expression sum() {
    if (pending != null) {
      return sum(product());
    }
    boolean negative = takes("-");
    if (!negative && !takes("+")) {
      negative = takesSigns().orElse(false);
    }
    return sum(negative ? Function.NEGATE.of(product()) : product());
  }

  private Expression sum(Expression first) {
    Expression sum = first;
    while (true) {
      Optional<Boolean> both;
      if (takes("+")) {
        sum = Operator.PLUS.of(sum, product());
      } else if (takes("-")) {
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
    boolean first = takes("pm");
    if (!first && !takes("mp")) {
      return Optional.empty();
    }
    signs = true;
    return Optional.of(first != upper);
  }

  private Expression product() {
    boolean number = pending == null && at < tokens.size() && next().kind() == Kind.NUMBER;
    Expression product = power();
    if (number && product instanceof Number) {
      Optional<Expression> mixed = mixed((Number) product);
      product = mixed.orElse(product);
    }
    while (true) {
      if (takes("*")) {
        product = Operator.TIMES.of(product, takes("-") ? Function.NEGATE.of(power()) : power());
      } else if (takes("/")) {
        product = Operator.OVER.of(product, power());
      } else if (startsFactor()) {
        if (next().kind() == Kind.NUMBER) {
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
    boolean slash =
        at + 2 < tokens.size()
            && tokens.get(at).kind() == Kind.NUMBER
            && tokens.get(at + 1).is("/")
            && tokens.get(at + 2).kind() == Kind.NUMBER;
    if (whole.decimal() || !whole.value().isWhole() || !slash && !sees("frac")) {
      return Optional.empty();
    }
    Expression part;
    if (slash) {
      Expression above = number(tokens.get(at).text());
      part = Operator.OVER.of(above, number(tokens.get(at + 2).text()));
      at += 3;
    } else {
      part = power();
    }
    Fraction value = part.isBare() ? part.at(0).exact() : null;
    return Optional.of(
        value == null
            ? Operator.TIMES.of(whole, part)
            : new Number(whole.value().plus(value).orElseThrow(Unreadable::new), false));
  }

  private boolean startsFactor() {
    if (at >= tokens.size()) {
      return false;
    }
    MathToken token = tokens.get(at);
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
    if (takes("^")) {
      base = marked(Operator.POWER.of(base, exponent()));
    }
    return base;
  }

  private Expression exponent() {
    return takes("-") ? Function.NEGATE.of(atom()) : atom();
  }

  /**
   * With what stands behind it: factorial, percent, degree (which is only turned in a function).
   */
  private Expression marked(Expression expression) {
    Expression marked = expression;
    while (true) {
      if (takes("!")) {
        marked = factorial(marked);
      } else if (takes("%")) {
        marked = Operator.OVER.of(marked, Number.of(100));
      } else if (takes("°")) {
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
    deeper();
    Expression atom = atom(next());
    depth--;
    return atom;
  }

  private Expression atom(MathToken token) {
    switch (token.kind()) {
      case NUMBER:
        at++;
        return takes("_") ? new Symbol(token.text() + "_" + subscript()) : number(token.text());
      case LETTER:
        at++;
        return letter(token.text());
      case COMMAND:
        at++;
        return command(token.text());
      default:
        break;
    }
    if (isOpen(token)) {
      return value(bracket());
    }
    if (bars == 0 && takes("|")) {
      bars++;
      Expression inside = sum();
      bars--;
      if (!takes("|")) {
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
    return new Number(Fraction.of(new BigDecimal(text)), text.indexOf('.') >= 0);
  }

  private Expression letter(String letter) {
    if (takes("_")) {
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
        Expression degree = sees("[") ? value(bracket()) : null;
        Expression of = atom();
        return degree == null ? Operator.POWER.of(of, HALF) : Operator.ROOT.of(of, degree);
      default:
        if (!GREEK.contains(name)) {
          throw new Unreadable();
        }
        return new Symbol(takes("_") ? name + "_" + subscript() : name);
    }
  }

  /** {@code \frac13} is a third, {@code \frac21005} two of 1005. */
  private Expression fraction() {
    MathToken above = next();
    if (above.kind() == Kind.NUMBER && above.text().length() > 1) {
      at++;
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
    Expression base = takes("_") ? atom() : null;
    Expression exponent = takes("^") ? exponent() : null;
    Expression argument;
    MathToken token = next();
    if (isOpen(token) || token.is("|")) {
      argument = marked(atom());
    } else {
      argument = power();
      while (startsFactor()
          && !isOpen(tokens.get(at))
          && Function.named(tokens.get(at).text()) == null) {
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
    StringBuilder subscript = new StringBuilder();
    if (!takes("{")) {
      subscript.append(next().text());
      at++;
      return subscript.toString();
    }
    while (!takes("}")) {
      subscript.append(next().text());
      at++;
    }
    return subscript.toString();
  }

  private void deeper() {
    if (++depth > DEEPEST) {
      throw new Unreadable();
    }
  }

  private MathToken next() {
    if (at >= tokens.size()) {
      throw new Unreadable();
    }
    return tokens.get(at);
  }

  private boolean sees(String sign) {
    return at < tokens.size() && tokens.get(at).is(sign);
  }

  private boolean takes(String sign) {
    boolean there = sees(sign);
    at += there ? 1 : 0;
    return there;
  }
}
