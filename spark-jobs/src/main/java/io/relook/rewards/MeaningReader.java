package io.relook.rewards;

import io.relook.rewards.MathToken.Kind;
import io.relook.rewards.MathTokens.Unreadable;
import io.relook.rewards.Meaning.Group;
import io.relook.rewards.Meaning.Relation;
import io.relook.rewards.Meaning.Row;
import io.relook.rewards.Meaning.Sign;
import io.relook.rewards.Meaning.Value;
import io.relook.rewards.Meaning.Word;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads what an answer says, by recursive descent: lists, relations, unions, ratios, brackets,
 * matrices here, what stands between them in {@link ExpressionReader}. Text that is not
 * mathematics, or more of it than is known here, has no meaning. {@code ±} says both signs: the
 * text is read once for each.
 */
final class MeaningReader {
  private static final int MOST_ITEMS = 64;

  private final MathTokens tokens;
  private final ExpressionReader expressions;

  private MeaningReader(List<MathToken> tokens, boolean upper) {
    this.tokens = new MathTokens(tokens);
    this.expressions = new ExpressionReader(this.tokens, upper, this::bracket);
  }

  static Optional<Meaning> read(String text) {
    List<MathToken> tokens = MathToken.of(text);
    try {
      MeaningReader reader = new MeaningReader(tokens, true);
      Meaning meaning = reader.whole();
      return Optional.of(
          reader.expressions.hasBothSigns()
              ? both(meaning, new MeaningReader(tokens, false).whole())
              : meaning);
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
    if (!tokens.isAtEnd()) {
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
    while (tokens.takes(",") || tokens.takes(";")) {
      while (tokens.takes(",")) {}
      items.add(item());
      if (items.size() > MOST_ITEMS) {
        throw new Unreadable();
      }
    }
    return items;
  }

  /** An operand, or a chain of them with relations between. */
  private Meaning item() {
    tokens.deeper();
    List<Meaning> sides = new ArrayList<>(List.of(operand()));
    List<String> relations = new ArrayList<>();
    while (!tokens.isAtEnd() && isRelation(tokens.next())) {
      relations.add(tokens.take().text());
      sides.add(operand());
    }
    tokens.shallower();
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
    if (tokens.sees(":")) {
      while (tokens.takes(":")) {
        terms.add(term());
      }
      return new Row(':', ':', terms);
    }
    while (tokens.takes("cup")) {
      terms.add(term());
    }
    return group(true, terms);
  }

  private Meaning term() {
    MathToken token = tokens.next();
    if (token.kind() == Kind.WORD) {
      return new Word(tokens.take().text());
    }
    if (tokens.takes("begin")) {
      return matrix();
    }
    if (tokens.takes("emptyset") || tokens.takes("varnothing")) {
      return new Group(true, List.of());
    }
    if (isOpen(token)) {
      Meaning bracket = bracket();
      return bracket instanceof Value
          ? new Value(expressions.readBehind(((Value) bracket).expression()))
          : bracket;
    }
    return new Value(expressions.read());
  }

  static boolean isOpen(MathToken token) {
    return token.is("(") || token.is("[") || token.is("{") || token.is("\\{");
  }

  private Meaning bracket() {
    String open = tokens.take().text();
    boolean set = open.equals("\\{");
    if (set && tokens.takes("\\}")) {
      return new Group(true, List.of());
    }
    List<Meaning> items = items();
    String close = tokens.take().text();
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
    while (!tokens.takes("end")) {
      List<Meaning> cells = new ArrayList<>(List.of(item()));
      while (tokens.takes("&")) {
        cells.add(item());
      }
      rows.add(new Row('r', 'r', cells));
      if (!tokens.takes("row") && !tokens.sees("end")) {
        throw new Unreadable();
      }
    }
    if (rows.isEmpty()) {
      throw new Unreadable();
    }
    return new Row('m', 'm', rows);
  }
}
