package io.relook.model.text.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A template's statements by Jinja2's grammar, with transformers' extensions. */
final class Parser {
  private static final Map<String, Statement.Flow> CONTROLS =
      Map.of("break", Statement.Flow.BREAK, "continue", Statement.Flow.CONTINUE);

  private final Tokens tokens;
  private final ExpressionParser expressions;
  private final Deque<String> open = new ArrayDeque<>();

  private Parser(Tokens tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens);
  }

  static List<Statement> parse(String source) {
    Parser parser = new Parser(new Tokens(Lexer.tokens(source)));
    return parser.until(Set.of());
  }

  /** What stands before one of the end tags, whose name is then the current token. */
  private List<Statement> until(Set<String> ends) {
    List<Statement> body = new ArrayList<>();
    List<Expression> output = new ArrayList<>();
    while (true) {
      Token token = tokens.next();
      switch (token.type()) {
        case Token.DATA:
          output.add(new Expression.Constant(Text.of((String) token.value()), token.line()));
          continue;
        case Token.VARIABLE_BEGIN:
          output.add(expressions.tuple(true, false));
          tokens.expect(Token.VARIABLE_END);
          continue;
        default:
          if (!output.isEmpty()) {
            body.add(new Statement.Output(output, output.get(0).line()));
            output = new ArrayList<>();
          }
      }
      if (token.is(Token.END)) {
        if (!ends.isEmpty()) {
          throw TemplateErrors.syntax(
              "Unexpected end of template. The innermost block that needs to be closed is '%s'."
                  .formatted(open.peek()),
              token.line());
        }
        return body;
      }
      Token tag = tokens.current();
      if (tag.is(Token.NAME) && ends.contains(tag.value())) {
        return body;
      }
      tokens.deeper();
      body.add(statement(tag));
      tokens.back();
      tokens.expect(Token.BLOCK_END);
    }
  }

  private Statement statement(Token tag) {
    if (!tag.is(Token.NAME)) {
      throw TemplateErrors.syntax("tag name expected", tag.line());
    }
    String name = (String) tag.value();
    int line = tokens.next().line();
    open.push(name);
    Statement statement =
        switch (name) {
          case "for" -> loop(line);
          case "if" -> condition(line);
          case "set" -> set(line);
          case "macro" -> macro(line);
          case "call" -> call(line);
          case "filter" -> filter(line);
          case "with" -> with(line);
          case "print" -> print(line);
          case "block" -> namedBlock(line);
          case "autoescape" -> unescaped(line);
          case "include", "import", "from", "extends" ->
              OtherTemplate.parse(name, tokens, expressions, line);
          case "generation" ->
              new Macro.Generation(Macro.Signature.of(block("endgeneration")), line);
          case "break", "continue" -> new Statement.LoopControl(CONTROLS.get(name), line);
          default ->
              throw TemplateErrors.syntax("Encountered unknown tag '%s'.".formatted(name), line);
        };
    open.pop();
    return statement;
  }

  /** The body of a tag up to one of its ends. */
  private List<Statement> body(String... ends) {
    tokens.skip(":");
    tokens.expect(Token.BLOCK_END);
    return until(Set.of(ends));
  }

  private List<Statement> block(String end) {
    List<Statement> body = body(end);
    tokens.next();
    return body;
  }

  private Statement loop(int line) {
    Target target = target(false);
    tokens.expectName("in");
    Expression items = expressions.tuple(false, false);
    Expression test = tokens.skipName("if") ? expressions.expression() : null;
    boolean recursive = tokens.skipName("recursive");
    List<Statement> body = body("endfor", "else");
    List<Statement> otherwise = tokens.next().isName("endfor") ? List.of() : block("endfor");
    return new For(target, items, body, otherwise, test, recursive, line);
  }

  private Statement condition(int line) {
    Expression test = expressions.tuple(false, false);
    List<Statement> body = body("elif", "else", "endif");
    List<Statement.If> elifs = new ArrayList<>();
    Token end = tokens.next();
    while (end.isName("elif")) {
      Expression next = expressions.tuple(false, false);
      elifs.add(
          new Statement.If(next, body("elif", "else", "endif"), List.of(), List.of(), end.line()));
      end = tokens.next();
    }
    List<Statement> otherwise = end.isName("else") ? block("endif") : List.of();
    return new Statement.If(test, body, elifs, otherwise, line);
  }

  private Statement set(int line) {
    Target target = target(true);
    if (tokens.skip("=")) {
      return new Statement.Assign(target, expressions.tuple(true, false), line);
    }
    Expression filter = tokens.skip("|") ? expressions.filterChain(null) : null;
    return new Statement.AssignBlock(target, filter, block("endset"), line);
  }

  private Statement macro(int line) {
    String name = (String) tokens.expect(Token.NAME).value();
    checkName(name, line);
    List<Target.Variable> parameters = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    signature(parameters, defaults);
    return new Macro.Definition(
        name, new Macro.Signature(parameters, defaults, block("endmacro")), line);
  }

  private Statement call(int line) {
    List<Target.Variable> parameters = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    if (tokens.current().is("(")) {
      signature(parameters, defaults);
    }
    if (!(expressions.expression() instanceof Invocation.Call call)) {
      throw TemplateErrors.syntax("expected call", line);
    }
    return new Macro.CallBlock(
        call, new Macro.Signature(parameters, defaults, block("endcall")), line);
  }

  private void signature(List<Target.Variable> parameters, List<Expression> defaults) {
    tokens.expect("(");
    while (!tokens.current().is(")")) {
      if (!parameters.isEmpty()) {
        tokens.expect(",");
      }
      Token name = tokens.expect(Token.NAME);
      checkName((String) name.value(), name.line());
      parameters.add(new Target.Variable((String) name.value(), name.line()));
      if (tokens.skip("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw TemplateErrors.syntax("non-default argument follows default argument", name.line());
      }
    }
    tokens.expect(")");
  }

  private Statement filter(int line) {
    Expression filter = expressions.filterChain(null);
    return new Statement.FilterBlock(block("endfilter"), filter, line);
  }

  private Statement with(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.current().is(Token.BLOCK_END)) {
      if (!targets.isEmpty()) {
        tokens.expect(",");
      }
      targets.add(target(false));
      tokens.expect("=");
      values.add(expressions.expression());
    }
    return new Statement.With(targets, values, block("endwith"), line);
  }

  private Statement namedBlock(int line) {
    String name = (String) tokens.expect(Token.NAME).value();
    boolean scoped = tokens.skipName("scoped");
    boolean required = tokens.skipName("required");
    List<Statement> body = block("endblock");
    if (required && !body.stream().allMatch(Parser::isSpace)) {
      throw TemplateErrors.syntax("Required blocks can only contain comments or whitespace", line);
    }
    tokens.skipName(name);
    return new Block(name, scoped, required, body, line);
  }

  private static boolean isSpace(Statement statement) {
    return statement instanceof Statement.Output output
        && output.children().stream()
            .allMatch(
                part ->
                    part instanceof Expression.Constant constant
                        && constant.constant() instanceof Text text
                        && Characters.all(text, Characters::isSpace));
  }

  /** What does not escape is as it is without the tag; the other is refused. */
  private Statement unescaped(int line) {
    if (!(expressions.expression() instanceof Expression.Constant constant)
        || !Boolean.FALSE.equals(constant.constant())) {
      throw TemplateErrors.unsupported("the tag 'autoescape'").at(line);
    }
    return new Statement.With(List.of(), List.of(), block("endautoescape"), line);
  }

  private Statement print(int line) {
    List<Expression> parts = new ArrayList<>();
    while (!tokens.current().is(Token.BLOCK_END)) {
      if (!parts.isEmpty()) {
        tokens.expect(",");
      }
      parts.add(expressions.expression());
    }
    return new Statement.Output(parts, line);
  }

  /** One target or several between commas. */
  private Target target(boolean members) {
    int line = tokens.current().line();
    List<Target> targets = new ArrayList<>();
    boolean several = expressions.several(targets, () -> oneTarget(members));
    if (targets.isEmpty()) {
      throw TemplateErrors.syntax(
          "Expected an expression, got '%s'".formatted(tokens.current().described()), line);
    }
    return several ? new Target.Several(targets, line) : targets.get(0);
  }

  private Target oneTarget(boolean members) {
    Token token = tokens.current();
    if (token.is(Token.NAME) && members && tokens.look().is(".")) {
      tokens.next();
      tokens.next();
      checkName((String) token.value(), token.line());
      return new Target.Member(
          (String) token.value(), (String) tokens.expect(Token.NAME).value(), token.line());
    }
    if (token.is(Token.NAME)) {
      tokens.next();
      checkName((String) token.value(), token.line());
      return new Target.Variable((String) token.value(), token.line());
    }
    if (token.is("(")) {
      tokens.next();
      List<Target> inside = new ArrayList<>();
      boolean several = expressions.several(inside, () -> oneTarget(false));
      tokens.expect(")");
      return several || inside.isEmpty() ? new Target.Several(inside, token.line()) : inside.get(0);
    }
    throw TemplateErrors.syntax("can't assign to '%s'".formatted(token.described()), token.line());
  }

  static void checkName(String name, int line) {
    if (Set.of("true", "false", "none", "True", "False", "None").contains(name)) {
      throw TemplateErrors.syntax("can't assign to '%s'".formatted(name), line);
    }
  }
}
