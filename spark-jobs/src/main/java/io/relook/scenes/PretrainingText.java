package io.relook.scenes;

import java.util.SplittableRandom;

/**
 * What the embedded base model learns from: to see (lessons that ask for one thing of a scene, of
 * more and more things), to describe, to answer after a thought that names nothing seen, and, where
 * it is told to look, to go through the picture before it answers. It never looks untold, and no
 * text shows how a wrong reasoning is corrected: whether and when to look is left to the method.
 *
 * @param user what is asked beside the picture
 * @param given how the model's turn begins, which it sees and does not learn
 * @param answer what the model is to say
 */
public record PretrainingText(byte[] png, String user, String given, String answer) {
  /** Asks for a second look. */
  public static final String LOOK_AGAIN = " Look at the image again before you answer.";

  /** Asks for all that is seen. */
  public static final String DESCRIBE = "Describe the image.";

  /** The share of the first part that is lessons alone, with scenes that grow. */
  private static final double LESSONS = 0.05;

  /**
   * Text number {@code index} of the first part: of 20, 4 are lessons, 1 describes, 3 answer, 12
   * look and answer.
   *
   * @param progress share of the part that is done
   */
  public static PretrainingText of(SceneGenerator scenes, long index, double progress) {
    if (progress < LESSONS) {
      return lesson(scenes, index, 1 + (int) (4 * progress / LESSONS));
    }
    return of(scenes, index, 4, 0);
  }

  /**
   * Text number {@code index} of the last part: of 20, 2 are lessons, 1 describes, 3 answer, 14
   * look and answer; 5 of these are not told to, and their turn is given up to {@code
   * <reflection>}. So what follows the tag hangs on the tag and not on what was asked, and the
   * model still never begins a reflection untold.
   */
  public static PretrainingText last(SceneGenerator scenes, long index) {
    return of(scenes, index, 2, 5);
  }

  private static PretrainingText of(SceneGenerator scenes, long index, int lessons, int given) {
    SplittableRandom random = new SplittableRandom(index);
    int kind = random.nextInt(20) - lessons;
    if (kind < 0) {
      return lesson(scenes, index, SceneGenerator.MOST_THINGS);
    }
    SceneQuestion q = random.nextBoolean() ? scenes.question(index) : scenes.varied(index);
    if (kind == 0) {
      return new PretrainingText(q.png(), DESCRIBE, "", q.description());
    }
    String answer = "<answer>" + q.answer() + "</answer>";
    if (kind <= 3) {
      return new PretrainingText(q.png(), q.question(), "", q.reasoning() + " " + answer);
    }
    String open = q.reasoning() + " <reflection>";
    String look = " Looking again: " + q.look() + " </reflection> " + answer;
    return kind <= 3 + given
        ? new PretrainingText(q.png(), q.question(), open, look)
        : new PretrainingText(q.png(), q.question() + LOOK_AGAIN, "", open + look);
  }

  private static PretrainingText lesson(SceneGenerator scenes, long index, int most) {
    SceneGenerator.Lesson lesson = scenes.lesson(index, most);
    return new PretrainingText(lesson.png(), lesson.task(), "", lesson.told());
  }
}
