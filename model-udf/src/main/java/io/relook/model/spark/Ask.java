package io.relook.model.spark;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * A row's prompt before its pictures are decoded.
 *
 * @param question what the checkpoint's chat template wraps, its pictures where its marks stand
 *     ({@link io.relook.model.text.Question}); null where {@code ids} are the whole prompt, one
 *     image token a merged patch included
 * @param pictures encoded (PNG, JPEG, …), in the question's order, or that in which the ids show
 *     them
 * @param ids of what of the answer is already there, or of the whole prompt
 */
public record Ask(String question, List<byte[]> pictures, int[] ids) {
  public Ask {
    pictures = List.copyOf(pictures);
    requireNonNull(ids, "ids");
  }
}
