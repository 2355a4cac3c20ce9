package io.relook.model.text.jinja;

/**
 * A piece of a template's source.
 *
 * @param type as Jinja's lexer names it; an operator's type is its own characters
 * @param value what it says: its text, or a number
 */
record Token(int line, String type, Object value) {
  static final String DATA = "data";
  static final String NAME = "name";
  static final String STRING = "string";
  static final String INTEGER = "integer";
  static final String FLOAT = "float";
  static final String BLOCK_BEGIN = "begin of statement block";
  static final String BLOCK_END = "end of statement block";
  static final String VARIABLE_BEGIN = "begin of print statement";
  static final String VARIABLE_END = "end of print statement";
  static final String END = "end of template";

  boolean is(String type) {
    return this.type.equals(type);
  }

  boolean isName(String name) {
    return type.equals(NAME) && value.equals(name);
  }

  String described() {
    return type.equals(NAME) ? (String) value : type;
  }
}
