package io.relook.scenes;

/**
 * A picture with a question whose answer is known.
 *
 * @param template the kind of question
 * @param reasoning a short way to the answer, without the answer's tags
 * @param region what the question is about, seen again: for pretraining only
 * @param difficulty 1 (easy) to 5: how many things one must keep apart
 */
public record SceneQuestion(
    byte[] png,
    String template,
    String question,
    String answer,
    String reasoning,
    String region,
    String description,
    int difficulty) {}
