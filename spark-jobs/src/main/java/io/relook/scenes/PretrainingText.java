package io.relook.scenes;

import java.util.SplittableRandom;

/**
 * What the embedded base model learns from: to see (lessons that ask for one thing of a scene, of
 * more and more things), to describe, to answer after short reasoning, and to look at the picture
 * again when asked, and seldom unasked. A reflection here confirms what stands before it: no text
 * shows how a wrong reasoning is corrected, or the method's gain would be planted.
 *
 * @param user what is asked beside the picture
 * @param answer what the model is to say
 */
public record PretrainingText(byte[] png, String user, String answer) {
  /** Asks for a second look. */
  public static final String LOOK_AGAIN = " Look at the image again before you answer.";

  /** Asks for all that is seen. */
  public static final String DESCRIBE = "Describe the image.";

  /** The share of the training that is lessons alone, with scenes that grow. */
  private static final double LESSONS = 0.2;

  private static final int MOST_THINGS = 6;

  /**
   * One answer of eight looks again unasked: else the instruction, not the tag, would say what
   * follows a tag.
   */
  private static final int UNASKED = 19;

  /**
   * Text number {@code index}.
   *
   * @param progress share of the training that is done
   */
  public static PretrainingText of(SceneGenerator scenes, long index, double progress) {
    int kind = new SplittableRandom(index).nextInt(20);
    if (progress < LESSONS || kind <= 5) {
      int most = progress < LESSONS ? 1 + (int) (4 * progress / LESSONS) : MOST_THINGS;
      SceneGenerator.Lesson lesson = scenes.lesson(index, most);
      return new PretrainingText(lesson.png(), lesson.task(), lesson.told());
    }
    SceneQuestion q = scenes.question(index);
    String answer = "<answer>" + q.answer() + "</answer>";
    if (kind <= 8) {
      return new PretrainingText(q.png(), DESCRIBE, q.description());
    }
    if (kind <= 15) {
      return new PretrainingText(q.png(), q.question(), q.reasoning() + " " + answer);
    }
    if (kind == 16) {
      return new PretrainingText(q.png(), q.question() + " Where do you look?", q.region());
    }
    String asked = kind == UNASKED ? q.question() : q.question() + LOOK_AGAIN;
    return new PretrainingText(
        q.png(),
        asked,
        q.reasoning() + " <reflection> Looking again: " + q.region() + " </reflection> " + answer);
  }
}
