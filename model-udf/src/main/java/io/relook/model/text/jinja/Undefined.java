package io.relook.model.text.jinja;

/** Jinja's default Undefined: prints nothing, is false and empty, and fails in any other use. */
record Undefined(String message, String kind) {
  static Undefined name(String name) {
    return new Undefined("'%s' is undefined".formatted(name), "UndefinedError");
  }

  static Undefined of(String message) {
    return new Undefined(message, "UndefinedError");
  }

  static Undefined member(Object owner, Object name) {
    return of(
        name instanceof Text
            ? "'%s object' has no attribute '%s'".formatted(Values.type(owner), name)
            : "%s object has no element %s".formatted(Values.type(owner), Values.repr(name)));
  }

  static Undefined unsafe(Object owner, String name) {
    return new Undefined(
        "access to attribute '%s' of '%s' object is unsafe.".formatted(name, Values.type(owner)),
        "SecurityError");
  }
}
