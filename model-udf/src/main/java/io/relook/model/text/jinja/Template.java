package io.relook.model.text.jinja;

import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A chat template: Jinja2 3.1.6 as transformers 5.23.0 sets it up (an immutable sandbox, {@code
 * trim_blocks}, {@code lstrip_blocks}, loop controls, {@code generation}, {@code raise_exception},
 * {@code strftime_now} and its own {@code tojson}). What is not done is an error that names the
 * construct and its line. A template reaches its variables and nothing else.
 */
public final class Template {
  private final List<Statement> statements;
  private final Map<String, Block> blocks;

  private Template(List<Statement> statements, Map<String, Block> blocks) {
    this.statements = statements;
    this.blocks = blocks;
  }

  /** Reads a template; a {@link TemplateException} says what Jinja would refuse in it. */
  public static Template of(String source) {
    try {
      List<Statement> statements = Parser.parse(source);
      Checker.check(statements);
      return new Template(statements, Block.all(statements));
    } catch (StackOverflowError e) {
      throw TemplateErrors.unsupported("so deep a nesting");
    }
  }

  /**
   * The text for some variables.
   *
   * @param variables null, Boolean, whole numbers, Double, String (the template's side), {@link
   *     Text} (which tells a user's), List and Map
   */
  public Text render(Map<String, Object> variables, Clock clock) {
    Map<String, Object> values = new HashMap<>();
    variables.forEach((name, value) -> values.put(name, Values.of(value, false)));
    Symbols symbols = new Symbols(null);
    Undeclared.among(statements, "self").forEach(symbols::parameter);
    symbols.declare(statements);
    Text.Builder out = Text.builder();
    try {
      Frame frame = Frame.root(new Rendering(values, blocks, clock), symbols);
      if (symbols.hasParameter("self")) {
        frame.give("self", new Block.TemplateReference(blocks, frame.context()));
      }
      Statement.all(statements, frame.enter(), out);
    } catch (StackOverflowError e) {
      throw TemplateErrors.unsupported("so deep a nesting");
    }
    return out.build();
  }
}
