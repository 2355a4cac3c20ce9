package io.relook.model.text.jinja;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which variable a name means in a frame: Jinja2 3.1.6's {@code idtracking.Symbols}, told by {@link
 * Node#declare} what the frame reads and writes.
 */
final class Symbols {
  enum Kind {
    PARAMETER,
    RESOLVE,
    ALIAS,
    UNDEFINED
  }

  /**
   * What a variable starts with.
   *
   * @param source of RESOLVE the name among the template's variables, of ALIAS another variable
   */
  record Load(Kind kind, String source) {}

  private final int level;
  private final Symbols parent;
  private final Map<String, String> variables = new LinkedHashMap<>();
  private final Map<String, Load> loads = new LinkedHashMap<>();
  private final Set<String> stores = new LinkedHashSet<>();

  /** Of a frame inside another, or of the whole template where that is null. */
  Symbols(Symbols parent) {
    this(parent, parent == null ? 0 : parent.level + 1);
  }

  private Symbols(Symbols parent, int level) {
    this.parent = parent;
    this.level = level;
  }

  private Symbols copy() {
    Symbols copy = new Symbols(parent, level);
    copy.take(this);
    return copy;
  }

  private void take(Symbols other) {
    variables.putAll(other.variables);
    loads.putAll(other.loads);
    stores.addAll(other.stores);
  }

  Map<String, Load> loads() {
    return loads;
  }

  /** The variable that a name means here, or null. */
  String find(String name) {
    String own = variables.get(name);
    return own != null || parent == null ? own : parent.find(name);
  }

  /** The names that are written here or in a frame around. */
  Set<String> allStores() {
    Set<String> all = new LinkedHashSet<>(stores);
    if (parent != null) {
      all.addAll(parent.allStores());
    }
    return all;
  }

  void declare(List<? extends Node> nodes) {
    nodes.forEach(node -> node.declare(this));
  }

  void load(String name) {
    if (find(name) == null) {
      define(name, new Load(Kind.RESOLVE, name));
    }
  }

  void store(String name) {
    stores.add(name);
    if (!variables.containsKey(name)) {
      String outer = parent == null ? null : parent.find(name);
      define(name, outer == null ? new Load(Kind.UNDEFINED, null) : new Load(Kind.ALIAS, outer));
    }
  }

  void parameter(String name) {
    stores.add(name);
    define(name, new Load(Kind.PARAMETER, null));
  }

  /** Whether the frame itself has such a parameter. */
  boolean hasParameter(String name) {
    String variable = variables.get(name);
    return variable != null && loads.get(variable).kind() == Kind.PARAMETER;
  }

  private void define(String name, Load load) {
    String variable = level + " " + name;
    variables.put(name, variable);
    loads.put(variable, load);
  }

  /** The branches of an {@code if}: what only some of them write may come from outside. */
  void branches(List<? extends List<? extends Node>> branches) {
    List<Symbols> seen =
        branches.stream()
            .map(
                nodes -> {
                  Symbols branch = copy();
                  branch.declare(nodes);
                  return branch;
                })
            .toList();
    Set<String> written = new LinkedHashSet<>();
    seen.forEach(branch -> written.addAll(branch.stores));
    written.removeAll(stores);
    seen.forEach(this::take);
    for (String name : written) {
      String outer = parent == null ? null : parent.find(name);
      loads.put(
          find(name), outer == null ? new Load(Kind.RESOLVE, name) : new Load(Kind.ALIAS, outer));
    }
  }
}
