package io.relook.rewards;

import java.util.List;

/**
 * Where a reader stands in its tokens, and how deep: each is looked at once, nesting is bounded.
 */
final class MathTokens {
  private static final int DEEPEST = 40;

  /** Not to be read; carries no trace, for it is no fault. */
  static final class Unreadable extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unreadable() {
      super(null, null, false, false);
    }
  }

  private final List<MathToken> tokens;
  private int at;
  private int depth;

  MathTokens(List<MathToken> tokens) {
    this.tokens = tokens;
  }

  boolean isAtEnd() {
    return at >= tokens.size();
  }

  /** The token in front, which stays there. */
  MathToken next() {
    if (isAtEnd()) {
      throw new Unreadable();
    }
    return tokens.get(at);
  }

  /** Whether a number, a slash and a number are in front. */
  boolean seesFraction() {
    return at + 2 < tokens.size()
        && tokens.get(at).kind() == MathToken.Kind.NUMBER
        && tokens.get(at + 1).is("/")
        && tokens.get(at + 2).kind() == MathToken.Kind.NUMBER;
  }

  MathToken take() {
    MathToken token = next();
    at++;
    return token;
  }

  boolean sees(String sign) {
    return !isAtEnd() && tokens.get(at).is(sign);
  }

  boolean takes(String sign) {
    boolean there = sees(sign);
    at += there ? 1 : 0;
    return there;
  }

  void deeper() {
    if (++depth > DEEPEST) {
      throw new Unreadable();
    }
  }

  void shallower() {
    depth--;
  }
}
