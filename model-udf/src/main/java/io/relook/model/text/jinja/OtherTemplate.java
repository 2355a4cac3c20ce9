package io.relook.model.text.jinja;

import java.util.ArrayList;
import java.util.List;

/**
 * {@code include}, {@code import}, {@code from} and {@code extends}: there is no other template to
 * reach, so they fail where they are run, as in transformers; one that always runs is refused when
 * the template is read.
 *
 * @param names what an import would set
 */
record OtherTemplate(String tag, Expression template, List<Target.Variable> names, int line)
    implements Statement {
  static OtherTemplate parse(String tag, Tokens tokens, ExpressionParser expressions, int line) {
    Expression template = expressions.expression();
    List<Target.Variable> names = new ArrayList<>();
    if (tag.equals("import")) {
      tokens.expectName("as");
      names.add(imported(tokens));
    } else if (tag.equals("from")) {
      tokens.expectName("import");
      do {
        if (skipContext(tokens)) {
          break;
        }
        Target.Variable name = imported(tokens);
        if (name.name().startsWith("_")) {
          throw TemplateErrors.syntax(
              "names starting with an underline can not be imported", name.line());
        }
        names.add(tokens.skipName("as") ? imported(tokens) : name);
      } while (tokens.skip(","));
    } else if (tag.equals("include")
        && tokens.current().isName("ignore")
        && tokens.look().isName("missing")) {
      tokens.next();
      tokens.next();
    }
    if (!tag.equals("extends")) {
      skipContext(tokens);
    }
    return new OtherTemplate(tag, template, names, line);
  }

  private static boolean skipContext(Tokens tokens) {
    boolean found =
        (tokens.current().isName("with") || tokens.current().isName("without"))
            && tokens.look().isName("context");
    if (found) {
      tokens.next();
      tokens.next();
    }
    return found;
  }

  private static Target.Variable imported(Tokens tokens) {
    Token name = tokens.expect(Token.NAME);
    Parser.checkName((String) name.value(), name.line());
    return new Target.Variable((String) name.value(), name.line());
  }

  @Override
  public List<Node> children() {
    return Statement.nodes(List.of(template), names);
  }

  @Override
  public Flow execute(Frame frame, Text.Builder out) {
    throw refused();
  }

  TemplateException refused() {
    return TemplateErrors.unsupported("the tag '%s'".formatted(tag)).at(line);
  }
}
