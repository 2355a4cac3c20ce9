package io.relook.rewards;

/**
 * A user's own reward: a public class with a public constructor without arguments, on the class
 * path of the driver and of the executors, named under {@code rewards.custom} in the preset. Each
 * Spark task makes an instance of its own and calls it from one thread.
 */
public interface Reward {
  /**
   * Names the formula. Raise it with every change of a value: scores of another version are other
   * rows.
   */
  String version();

  /**
   * What a completion is worth; null where the reward has nothing to say of it. An exception, NaN
   * and infinity are failures: the value is NULL with the reason, and counts against the failure
   * budget.
   */
  Double score(Sample sample) throws Exception;

  /**
   * What a reward sees of a trajectory; completions that failed are not shown.
   *
   * @param question as it was asked
   * @param truth the right answer; null where none is known
   * @param template the kind of question; null where none is known
   * @param text the whole completion
   * @param finish {@code stop}, {@code length} or {@code cancelled}
   * @param tokens of the completion
   * @param answer what was read between the answer tags; null where nothing was
   * @param accuracy null where no truth is known
   * @param reflection null where no truth is known
   */
  record Sample(
      String queryId,
      String question,
      String truth,
      String template,
      String text,
      String finish,
      int tokens,
      String answer,
      Double format,
      Double accuracy,
      Double reflection) {}
}
