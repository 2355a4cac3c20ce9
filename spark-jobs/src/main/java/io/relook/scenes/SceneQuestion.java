package io.relook.scenes;

/**
 * A picture with a question whose answer is known.
 *
 * @param template the kind of question
 * @param reasoning what has to be done, which names nothing that is seen
 * @param look the picture gone through, with what is found so far: for pretraining only
 * @param difficulty 1 (easy) to 5: how many things one must keep apart
 */
public record SceneQuestion(
    byte[] png,
    String template,
    String question,
    String answer,
    String reasoning,
    String look,
    String description,
    int difficulty) {}
