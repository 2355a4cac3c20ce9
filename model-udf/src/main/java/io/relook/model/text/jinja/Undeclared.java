package io.relook.model.text.jinja;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which of some names are read before they are written: Jinja2's UndeclaredNameVisitor. */
final class Undeclared {
  private final Set<String> names;
  private final Set<String> found = new HashSet<>();

  private Undeclared(Set<String> names) {
    this.names = names;
  }

  static Set<String> among(List<? extends Node> nodes, String... names) {
    Undeclared search = new Undeclared(new HashSet<>(Set.of(names)));
    search.visit(nodes);
    return search.found;
  }

  private void visit(List<? extends Node> nodes) {
    for (Node node : nodes) {
      if (node instanceof Block) {
        continue;
      }
      if (node instanceof Expression.Name name && names.contains(name.name())) {
        found.add(name.name());
      } else if (node instanceof Target.Variable variable) {
        names.remove(variable.name());
      }
      visit(node.children());
      if (found.equals(names)) {
        return;
      }
    }
  }
}
