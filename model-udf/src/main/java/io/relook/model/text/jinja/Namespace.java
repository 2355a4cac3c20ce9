package io.relook.model.text.jinja;

/** What {@code namespace()} makes: the one value whose attributes a template can set. */
record Namespace(Dict attributes) {
  Namespace {
    attributes.keys().forEach(Namespace::checked);
  }

  void set(String name, Object value) {
    attributes.put(checked(Text.of(name)), value);
  }

  private static Object checked(Object name) {
    if (name instanceof Text text && text.toString().startsWith("_")) {
      throw TemplateErrors.security(
          "Chat templates cannot store underscore-prefixed attributes on a namespace, but got '%s'. Please rename the attribute.",
          text);
    }
    return name;
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
