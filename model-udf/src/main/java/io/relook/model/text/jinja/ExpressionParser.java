package io.relook.model.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** Expressions by Jinja2's grammar, its precedence and its oddities. */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> TUPLE_ENDS = Set.of(Token.VARIABLE_END, Token.BLOCK_END, ")");

  private final Tokens tokens;
  private final PostfixParser behind;

  ExpressionParser(Tokens tokens) {
    this.tokens = tokens;
    this.behind = new PostfixParser(tokens, this);
  }

  /** Filters behind each other; the input is null at a filter block or a set block. */
  Expression filterChain(Expression input) {
    return behind.filterChain(input);
  }

  Expression expression() {
    return expression(true);
  }

  private Expression expression(boolean conditional) {
    tokens.deeper();
    Expression parsed = conditional ? conditional() : or();
    tokens.back();
    return parsed;
  }

  /**
   * One expression, or a tuple of several without parentheses.
   *
   * @param empty whether it may be an empty tuple
   */
  Expression tuple(boolean conditional, boolean empty) {
    int line = tokens.current().line();
    List<Expression> items = new ArrayList<>();
    boolean several = several(items, () -> expression(conditional));
    if (several || items.isEmpty() && empty) {
      return new Expression.TupleOf(items, line);
    }
    if (items.isEmpty()) {
      throw TemplateErrors.syntax(
          "Expected an expression, got '%s'".formatted(tokens.current().described()),
          tokens.current().line());
    }
    return items.get(0);
  }

  /** Reads items between commas; whether a comma makes them a tuple. */
  <T> boolean several(List<T> items, Supplier<T> item) {
    boolean several = false;
    while (true) {
      if (!items.isEmpty()) {
        tokens.expect(",");
      }
      if (TUPLE_ENDS.contains(tokens.current().type())) {
        return several;
      }
      items.add(item.get());
      if (!tokens.current().is(",")) {
        return several;
      }
      several = true;
    }
  }

  private Expression conditional() {
    int line = tokens.current().line();
    Expression then = or();
    while (tokens.skipName("if")) {
      Expression test = or();
      Expression otherwise = null;
      if (tokens.skipName("else")) {
        tokens.deeper();
        otherwise = conditional();
        tokens.back();
      }
      then = new Expression.Conditional(test, then, otherwise, line);
      line = tokens.current().line();
    }
    return then;
  }

  private Expression or() {
    Expression left = and();
    while (tokens.current().isName("or")) {
      int line = tokens.next().line();
      left = new Expression.Logical(left, false, and(), line);
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (tokens.current().isName("and")) {
      int line = tokens.next().line();
      left = new Expression.Logical(left, true, not(), line);
    }
    return left;
  }

  private Expression not() {
    if (!tokens.current().isName("not")) {
      return compare();
    }
    int line = tokens.next().line();
    tokens.deeper();
    Expression operand = not();
    tokens.back();
    return new Expression.Unary("not", operand, line);
  }

  private Expression compare() {
    int line = tokens.current().line();
    Expression first = sum();
    List<String> operators = new ArrayList<>();
    List<Expression> rest = new ArrayList<>();
    while (true) {
      if (COMPARISONS.contains(tokens.current().type())) {
        operators.add(tokens.next().type());
      } else if (tokens.skipName("in")) {
        operators.add("in");
      } else if (tokens.current().isName("not") && tokens.look().isName("in")) {
        tokens.next();
        tokens.next();
        operators.add("not in");
      } else {
        return rest.isEmpty() ? first : new Expression.Compare(first, operators, rest, line);
      }
      rest.add(sum());
    }
  }

  private Expression sum() {
    return binary(Set.of("+", "-"), this::concat);
  }

  private Expression concat() {
    int line = tokens.current().line();
    List<Expression> parts = new ArrayList<>(List.of(product()));
    while (tokens.skip("~")) {
      parts.add(product());
    }
    return parts.size() == 1 ? parts.get(0) : new Expression.Concat(parts, line);
  }

  private Expression product() {
    return binary(Set.of("*", "/", "//", "%"), () -> binary(Set.of("**"), () -> unary(true)));
  }

  private Expression binary(Set<String> operators, Supplier<Expression> operand) {
    Expression left = operand.get();
    while (operators.contains(tokens.current().type())) {
      Token operator = tokens.next();
      left = new Expression.Binary(left, operator.type(), operand.get(), operator.line());
    }
    return left;
  }

  private Expression unary(boolean withFilter) {
    Token token = tokens.current();
    Expression parsed;
    if (token.is("-") || token.is("+")) {
      tokens.next();
      tokens.deeper();
      parsed = new Expression.Unary(token.type(), unary(false), token.line());
      tokens.back();
    } else {
      parsed = primary();
    }
    parsed = behind.postfix(parsed);
    return withFilter ? behind.filters(parsed) : parsed;
  }

  Expression primary() {
    Token token = tokens.current();
    switch (token.type()) {
      case Token.NAME:
        tokens.next();
        return switch ((String) token.value()) {
          case "true", "True" -> new Expression.Constant(true, token.line());
          case "false", "False" -> new Expression.Constant(false, token.line());
          case "none", "None" -> new Expression.Constant(null, token.line());
          default -> new Expression.Name((String) token.value(), token.line());
        };
      case Token.STRING:
        Text.Builder text = Text.builder();
        while (tokens.current().is(Token.STRING)) {
          text.add((Text) tokens.next().value());
        }
        return new Expression.Constant(text.build(), token.line());
      case Token.INTEGER:
      case Token.FLOAT:
        tokens.next();
        return new Expression.Constant(token.value(), token.line());
      case "(":
        tokens.next();
        Expression inside = tuple(true, true);
        tokens.expect(")");
        return inside;
      case "[":
        return new Expression.ListOf(listed("]", this::expression), token.line());
      case "{":
        List<Expression> pairs = new ArrayList<>();
        listed(
            "}",
            () -> {
              pairs.add(expression());
              tokens.expect(":");
              pairs.add(expression());
              return null;
            });
        return new Expression.DictOf(pairs, token.line());
      default:
        throw TemplateErrors.syntax("unexpected '%s'".formatted(token.described()), token.line());
    }
  }

  private <T> List<T> listed(String close, Supplier<T> item) {
    tokens.next();
    List<T> items = new ArrayList<>();
    while (!tokens.current().is(close)) {
      if (!items.isEmpty()) {
        tokens.expect(",");
      }
      if (tokens.current().is(close)) {
        break;
      }
      items.add(item.get());
    }
    tokens.expect(close);
    return items;
  }
}
