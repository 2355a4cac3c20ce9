package io.relook.model.text.jinja;

/** The exceptions that Python and Jinja raise, by their names there. */
final class TemplateErrors {
  static final String TYPE = "TypeError";
  static final String VALUE = "ValueError";

  private TemplateErrors() {}

  static TemplateException syntax(String problem, int line) {
    return new TemplateException("TemplateSyntaxError", problem, line);
  }

  static TemplateException type(String problem, Object... parts) {
    return new TemplateException(TYPE, problem.formatted(parts), 0);
  }

  static TemplateException value(String problem, Object... parts) {
    return new TemplateException(VALUE, problem.formatted(parts), 0);
  }

  static TemplateException index(String problem, Object... parts) {
    return new TemplateException("LookupError", problem.formatted(parts), 0);
  }

  static TemplateException overflow(String problem, Object... parts) {
    return new TemplateException("OverflowError", problem.formatted(parts), 0);
  }

  static TemplateException undefined(Undefined value) {
    return new TemplateException(value.kind(), value.message(), 0);
  }

  /** What the template itself says against its input. */
  static TemplateException raised(String message) {
    return new TemplateException("TemplateError", message, 0);
  }

  static TemplateException security(String problem, Object... parts) {
    return new TemplateException("SecurityError", problem.formatted(parts), 0);
  }

  /** Jinja can, we cannot. */
  static TemplateException unsupported(String construct) {
    return new TemplateException(
        "Unsupported", construct + " is not supported in a chat template here", 0);
  }

  static TemplateException bound(String what, long bound) {
    return new TemplateException(
        "Bound", "the template passes the bound of %,d %s".formatted(bound, what), 0);
  }
}
