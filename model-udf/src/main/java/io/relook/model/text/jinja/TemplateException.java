package io.relook.model.text.jinja;

/** What is wrong with a template, or what it did wrong, and in which line. */
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String kind;
  private final String problem;
  private final int line;

  TemplateException(String kind, String problem, int line) {
    super(line == 0 ? problem : "line %d: %s".formatted(line, problem), null, false, false);
    this.kind = kind;
    this.problem = problem;
    this.line = line;
  }

  /** The name of Python's or Jinja's exception. */
  String kind() {
    return kind;
  }

  /** The same with the line, where none is known yet. */
  TemplateException at(int line) {
    return this.line > 0 ? this : new TemplateException(kind, problem, line);
  }
}
