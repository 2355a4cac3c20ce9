package io.relook.model.text.jinja;

import java.util.List;

/**
 * {@code include}, {@code import}, {@code from} and {@code extends}: there is no other template to
 * reach, so they fail where they are run, as transformers does.
 *
 * @param names what an import would set
 */
record OtherTemplate(String tag, Expression template, List<Target.Variable> names, int line)
    implements Statement {
  @Override
  public List<Node> children() {
    return Statement.nodes(List.of(template), names);
  }

  @Override
  public Flow execute(Frame frame, Text.Builder out) {
    throw TemplateErrors.unsupported("the tag '%s'".formatted(tag));
  }
}
