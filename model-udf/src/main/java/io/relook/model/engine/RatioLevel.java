package io.relook.model.engine;

/** Over what the ratio of the policy to the one that sampled is taken. */
public enum RatioLevel {
  /** Each token its own (PPO, arXiv 1707.06347). */
  TOKEN("token"),
  /** One a sequence: the geometric mean of its tokens' (GSPO, arXiv 2507.18071). */
  SEQUENCE("sequence"),
  /** The sequence's value, but each token with its own gradient (GSPO-token, the same paper). */
  SEQUENCE_TOKEN("sequence_token");

  final String program;

  RatioLevel(String program) {
    this.program = program;
  }
}
