package io.relook.model.text.jinja;

import java.util.List;

/** What Jinja refuses when it compiles a template. */
final class Checker {
  private Checker() {}

  static void check(List<Statement> template) {
    for (Statement statement : template) {
      if (statement instanceof OtherTemplate other) {
        throw other.refused();
      }
    }
    visit(template, false, false);
  }

  /**
   * @param soft in a branch: a filter that is not there is told only when it is reached
   * @param looping where break and continue may stand
   */
  private static void visit(List<? extends Node> nodes, boolean soft, boolean looping) {
    nodes.forEach(node -> visit(node, soft, looping));
  }

  private static void visit(Node node, boolean soft, boolean looping) {
    if (node instanceof For loop) {
      visit(loop.items(), soft, looping);
      noLoopTarget(loop.children());
      noLoopTarget(List.of(loop.target()));
      visit(loop.body(), false, true);
      visit(loop.otherwise(), false, looping && !loop.recursive());
      if (loop.test() != null) {
        visit(loop.test(), false, false);
      }
    } else if (node instanceof Statement.LoopControl control && !looping) {
      throw TemplateErrors.syntax(
          "'%s' outside loop".formatted(control.flow().name().toLowerCase(java.util.Locale.ROOT)),
          control.line());
    } else if (node instanceof Block block) {
      visit(block.body(), false, false);
    } else if (node instanceof Macro.Definition macro) {
      signature(macro.signature(), macro.line());
    } else if (node instanceof Macro.Generation generation) {
      signature(generation.signature(), generation.line());
    } else if (node instanceof Macro.CallBlock block) {
      visit(block.call(), soft, looping);
      signature(block.signature(), block.line());
    } else if (node instanceof Statement.With with) {
      visit(with.values(), soft, looping);
      visit(with.body(), false, looping);
    } else if (node instanceof Statement.FilterBlock || node instanceof Statement.AssignBlock) {
      visit(node.children(), false, looping);
    } else {
      if (node instanceof Invocation.Filter filter && !soft) {
        known("filter", Filters.known(filter.name()), filter.name(), filter.line());
      }
      if (node instanceof Invocation.Test test && !soft) {
        known("test", Tests.has(test.name()), test.name(), test.line());
      }
      if (node instanceof Invocation.Call call) {
        distinct(call.given().names(), "keyword argument repeated", call.line());
      }
      boolean branch = node instanceof Statement.If || node instanceof Expression.Conditional;
      visit(node.children(), soft || branch, looping);
    }
  }

  private static void signature(Macro.Signature signature, int line) {
    distinct(signature.names(), "duplicate argument", line);
    int caller = signature.names().indexOf("caller");
    int required = signature.names().size() - signature.defaults().size();
    if (caller >= 0 && caller < required && signature.special().contains("caller")) {
      throw TemplateErrors.syntax(
          "When defining macros or call blocks the special \"caller\" argument must be omitted or be given a default.",
          line);
    }
    visit(signature.children(), false, false);
  }

  private static void noLoopTarget(List<? extends Node> nodes) {
    for (Node node : nodes) {
      if (node instanceof Statement.With with) {
        noLoopTarget(with.body());
      } else if (node instanceof Macro.Definition macro) {
        noLoopTarget(macro.signature().body());
      } else if (node instanceof Macro.CallBlock block) {
        noLoopTarget(block.signature().body());
      } else if (node instanceof Target.Variable variable && variable.name().equals("loop")) {
        throw TemplateErrors.syntax(
            "Can't assign to special loop variable in for-loop target", variable.line());
      } else {
        noLoopTarget(node.children());
      }
    }
  }

  private static void distinct(List<String> names, String problem, int line) {
    for (String name : names) {
      if (names.stream().filter(name::equals).count() > 1) {
        throw TemplateErrors.syntax(problem + ": " + name, line);
      }
    }
  }

  private static void known(String kind, boolean known, String name, int line) {
    if (!known) {
      throw TemplateErrors.syntax("No %s named '%s'.".formatted(kind, name), line);
    }
  }
}
