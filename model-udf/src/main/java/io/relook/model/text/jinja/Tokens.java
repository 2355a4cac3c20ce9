package io.relook.model.text.jinja;

import java.util.List;

/** A template's tokens, one after the other. */
final class Tokens {
  private static final int DEEPEST = 200;

  private final List<Token> tokens;
  private int at;
  private int depth;

  Tokens(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(at);
  }

  Token look() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  /** The current one, going one ahead. */
  Token next() {
    Token token = current();
    at = Math.min(at + 1, tokens.size() - 1);
    return token;
  }

  boolean skip(String type) {
    boolean found = current().is(type);
    if (found) {
      next();
    }
    return found;
  }

  boolean skipName(String name) {
    boolean found = current().isName(name);
    if (found) {
      next();
    }
    return found;
  }

  Token expect(String type) {
    if (!current().is(type)) {
      throw unexpected(type);
    }
    return next();
  }

  Token expectName(String name) {
    if (!current().isName(name)) {
      throw unexpected(name);
    }
    return next();
  }

  private TemplateException unexpected(String expected) {
    return TemplateErrors.syntax(
        current().is(Token.END)
            ? "unexpected end of template, expected '%s'.".formatted(expected)
            : "expected token '%s', got '%s'".formatted(expected, current().described()),
        current().line());
  }

  /** Goes one level deeper into what is nested. */
  void deeper() {
    if (++depth > DEEPEST) {
      throw TemplateErrors.bound("nested constructs", DEEPEST).at(current().line());
    }
  }

  void back() {
    depth--;
  }
}
