package io.relook.model.text.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A {@code block}: written where it stands, with names of its own. It sees the template's variables
 * and what the template has set outside of loops and macros; a scoped one also sees what is set
 * around it.
 */
record Block(String name, boolean scoped, boolean required, List<Statement> body, int line)
    implements Statement {
  @Override
  public List<Node> children() {
    return Statement.nodes(body);
  }

  /** Names inside are its own. */
  @Override
  public void declare(Symbols symbols) {}

  @Override
  public Flow execute(Frame frame, Text.Builder out) {
    if (required) {
      throw new TemplateException(
          "TemplateRuntimeError", "Required block '%s' not found".formatted(name), line);
    }
    out.add(written(frame.rendering(), scoped ? frame.locals() : frame.context()));
    return Flow.NEXT;
  }

  Text written(Rendering rendering, Map<String, Object> context) {
    Symbols symbols =
        rendering.symbols(
            this,
            "",
            () -> {
              Symbols own = new Symbols(null);
              Undeclared.among(body, "self", "super").forEach(own::parameter);
              own.declare(body);
              return own;
            });
    Frame frame = Frame.block(rendering, symbols, context);
    if (symbols.hasParameter("super")) {
      frame.give("super", Undefined.of("there is no parent block called '%s'.".formatted(name)));
    }
    if (symbols.hasParameter("self")) {
      frame.give("self", new TemplateReference(rendering.blocks(), context));
    }
    Text.Builder text = Text.builder();
    rendering.deeper(() -> Statement.all(body, frame.enter(), text));
    return text.build();
  }

  /** All blocks of a template by name. */
  static Map<String, Block> all(List<? extends Node> template) {
    Map<String, Block> blocks = new LinkedHashMap<>();
    collect(template, blocks);
    return blocks;
  }

  private static void collect(List<? extends Node> nodes, Map<String, Block> blocks) {
    for (Node node : nodes) {
      if (node instanceof Block block && blocks.put(block.name, block) != null) {
        throw TemplateErrors.syntax("block '%s' defined twice".formatted(block.name), block.line);
      }
      collect(node.children(), blocks);
    }
  }

  /** The variable {@code self}: its members are the blocks. */
  record TemplateReference(Map<String, Block> blocks, Map<String, Object> context) {
    /** What writes a block, or null. */
    Function member(Object name) {
      Block block = name instanceof Text text ? blocks.get(text.toString()) : null;
      return block == null
          ? null
          : new Function.Named(
              block.name,
              (rendering, given) -> {
                given.places(block.name);
                return block.written(rendering, context);
              });
    }
  }
}
