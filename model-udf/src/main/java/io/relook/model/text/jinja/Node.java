package io.relook.model.text.jinja;

import java.util.List;

/** A part of a template. */
interface Node {
  int line();

  /** Its parts, in the order of Jinja's node fields, on which some of its rules rest. */
  List<? extends Node> children();

  /** Tells the names it reads and writes, as Jinja's FrameSymbolVisitor visits it. */
  default void declare(Symbols symbols) {
    children().forEach(child -> child.declare(symbols));
  }
}
