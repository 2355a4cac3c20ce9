package io.relook.cli;

import java.io.PrintWriter;
import java.util.List;

/**
 * Where blocks of lines are shown.
 *
 * @param terminal a block takes the place of the one before; elsewhere it goes below that
 */
record Screen(PrintWriter out, boolean terminal) {
  private static final String HOME = "\u001b[H";
  private static final String CLEAR_LINE = "\u001b[K";
  private static final String CLEAR_BELOW = "\u001b[J";

  void show(List<String> lines) {
    if (terminal) {
      out.print(HOME);
    }
    lines.forEach(line -> out.println(terminal ? line + CLEAR_LINE : line));
    if (terminal) {
      out.print(CLEAR_BELOW);
    } else {
      out.println();
    }
    out.flush();
  }
}
