package io.relook.scenes;

import java.util.SplittableRandom;

/**
 * What the embedded base model learns from: to read the picture place by place (each place is one
 * picture token, so this teaches to see), to describe, to answer after short reasoning, and to look
 * at the picture again when asked. A reflection here confirms what stands before it: no text shows
 * how a wrong reasoning is corrected, or the method's gain would be planted.
 *
 * @param user what is asked beside the picture
 * @param answer what the model is to say
 */
public record PretrainingText(String user, String answer) {
  /** Asks for a second look. */
  public static final String LOOK_AGAIN = " Look at the image again before you answer.";

  /** Text number {@code index} about a question's picture. */
  public static PretrainingText of(SceneQuestion q, long index) {
    SplittableRandom random = new SplittableRandom(index);
    String answer = "<answer>" + q.answer() + "</answer>";
    int kind = random.nextInt(20);
    if (kind <= 5) {
      return new PretrainingText("Read the image place by place.", q.reading());
    }
    if (kind <= 8) {
      return new PretrainingText("Describe the image.", q.description());
    }
    if (kind <= 15) {
      return new PretrainingText(q.question(), q.reasoning() + " " + answer);
    }
    if (kind == 16) {
      return new PretrainingText(q.question() + " Where do you look?", q.region());
    }
    return new PretrainingText(
        q.question() + LOOK_AGAIN,
        q.reasoning() + " <reflection> Looking again: " + q.region() + " </reflection> " + answer);
  }
}
