package io.relook.model.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What stands behind an expression: attributes, subscripts, calls, filters and tests. */
final class PostfixParser {
  private static final Set<String> TEST_ARGUMENTS =
      Set.of(Token.NAME, Token.STRING, Token.INTEGER, Token.FLOAT, "(", "[", "{");

  private final Tokens tokens;
  private final ExpressionParser expressions;

  PostfixParser(Tokens tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  Expression postfix(Expression parsed) {
    while (true) {
      Token token = tokens.current();
      if (token.is(".")) {
        tokens.next();
        Token member = tokens.next();
        if (member.is(Token.NAME)) {
          parsed = new Access.Attribute(parsed, (String) member.value(), token.line());
        } else if (member.is(Token.INTEGER)) {
          parsed =
              new Access.Item(
                  parsed, new Expression.Constant(member.value(), token.line()), token.line());
        } else {
          throw TemplateErrors.syntax("expected name or number", member.line());
        }
      } else if (token.is("[")) {
        parsed = subscript(parsed);
      } else if (token.is("(")) {
        parsed = new Invocation.Call(parsed, given(), token.line());
      } else {
        return parsed;
      }
    }
  }

  private Expression subscript(Expression owner) {
    int line = tokens.next().line();
    List<Expression> keys = new ArrayList<>();
    Expression sliced = null;
    while (!tokens.current().is("]")) {
      if (sliced != null || !keys.isEmpty()) {
        tokens.expect(",");
        if (sliced != null) {
          throw TemplateErrors.syntax("a slice beside another subscript", line);
        }
      }
      Expression from = tokens.current().is(":") ? null : expressions.expression();
      if (!tokens.skip(":")) {
        keys.add(from);
        continue;
      }
      if (!keys.isEmpty()) {
        throw TemplateErrors.syntax("a slice beside another subscript", line);
      }
      Expression to = sliceEnd();
      Expression step = tokens.skip(":") ? sliceEnd() : null;
      sliced = new Access.Slice(owner, from, to, step, line);
    }
    tokens.expect("]");
    if (sliced != null) {
      return sliced;
    }
    Expression key = keys.size() == 1 ? keys.get(0) : new Expression.TupleOf(keys, line);
    return new Access.Item(owner, key, line);
  }

  private Expression sliceEnd() {
    Token token = tokens.current();
    return token.is(":") || token.is("]") || token.is(",") ? null : expressions.expression();
  }

  Expression filters(Expression parsed) {
    while (true) {
      Token token = tokens.current();
      if (token.is("|")) {
        tokens.next();
        parsed = filter(parsed);
      } else if (token.isName("is")) {
        parsed = test(parsed);
      } else if (token.is("(")) {
        parsed = new Invocation.Call(parsed, given(), token.line());
      } else {
        return parsed;
      }
    }
  }

  /** Filters behind each other; the input is null at a filter block or a set block. */
  Expression filterChain(Expression input) {
    Expression parsed = filter(input);
    while (tokens.skip("|")) {
      parsed = filter(parsed);
    }
    return parsed;
  }

  private Expression filter(Expression input) {
    int line = tokens.current().line();
    String name = dotted();
    return new Invocation.Filter(
        input, name, tokens.current().is("(") ? given() : Invocation.Given.NOTHING, line);
  }

  private String dotted() {
    StringBuilder name = new StringBuilder((String) tokens.expect(Token.NAME).value());
    while (tokens.skip(".")) {
      name.append('.').append(tokens.expect(Token.NAME).value());
    }
    return name.toString();
  }

  private Expression test(Expression input) {
    int line = tokens.next().line();
    boolean negated = tokens.skipName("not");
    String name = dotted();
    Token next = tokens.current();
    Invocation.Given given = Invocation.Given.NOTHING;
    if (next.is("(")) {
      given = given();
    } else if (TEST_ARGUMENTS.contains(next.type())
        && !next.isName("else")
        && !next.isName("or")
        && !next.isName("and")) {
      if (next.isName("is")) {
        throw TemplateErrors.syntax("You cannot chain multiple tests with is", next.line());
      }
      Expression argument = postfix(expressions.primary());
      given = new Invocation.Given(List.of(argument), List.of(), List.of(), null, null);
    }
    Expression parsed = new Invocation.Test(input, name, given, line);
    return negated ? new Expression.Unary("not", parsed, line) : parsed;
  }

  private Invocation.Given given() {
    int line = tokens.expect("(").line();
    List<Expression> positional = new ArrayList<>();
    List<String> names = new ArrayList<>();
    List<Expression> named = new ArrayList<>();
    Expression rest = null;
    Expression more = null;
    boolean comma = false;
    while (!tokens.current().is(")")) {
      if (comma) {
        tokens.expect(",");
        if (tokens.current().is(")")) {
          break;
        }
      }
      comma = true;
      boolean valid = more == null;
      if (tokens.skip("*")) {
        valid &= rest == null;
        rest = expressions.expression();
      } else if (tokens.skip("**")) {
        more = expressions.expression();
      } else if (tokens.current().is(Token.NAME) && tokens.look().is("=")) {
        names.add((String) tokens.next().value());
        tokens.next();
        named.add(expressions.expression());
      } else {
        valid &= rest == null && names.isEmpty();
        positional.add(expressions.expression());
      }
      if (!valid) {
        throw TemplateErrors.syntax("invalid syntax for function call expression", line);
      }
    }
    tokens.expect(")");
    return new Invocation.Given(positional, names, named, rest, more);
  }
}
