package io.relook.judge;

/** Scores a second look. */
public interface Judge {
  /**
   * @param reasoning before the second look
   * @param reflection the second look
   * @param answer the right one
   */
  record Case(String question, String reasoning, String reflection, String answer) {}

  /**
   * @param score from 0 to 1; null where the error says why there is none
   * @param reason in the judge's words
   * @param promptTokens that the judge counted; 0 where it does not say
   */
  record Verdict(
      Double score, String reason, String error, int promptTokens, int completionTokens) {
    static Verdict none(String error) {
      return new Verdict(null, null, error, 0, 0);
    }
  }

  /** Of this judge, its model and its prompt: verdicts of another name are other verdicts. */
  String name();

  String promptVersion();

  /** Never throws for what the judge does: that is a verdict with an error. */
  Verdict judge(Case asked);
}
