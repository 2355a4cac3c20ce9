package io.relook.model.engine;

import io.relook.model.checkpoint.ModelConfig;
import io.relook.model.text.Question;
import io.relook.model.text.TextProcessor;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/**
 * Token ids with the pictures that they look at.
 *
 * @param ids with one image token a merged patch
 * @param pictures in the order in which the ids show them
 * @param given ids at the beginning that show pictures; an image token that a model sampled behind
 *     them is text, as it was when it was sampled
 */
public record Prompt(int[] ids, List<PictureGrid> pictures, int given) implements Serializable {
  public Prompt {
    ids = ids.clone();
    pictures = List.copyOf(pictures);
  }

  /** The same tokens over the same pictures: such prompts can be run once for all of them. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Prompt that
        && given == that.given
        && Arrays.equals(ids, that.ids)
        && pictures.equals(that.pictures);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(ids);
  }

  /** A prompt without sampled tokens. */
  public Prompt(int[] ids, List<PictureGrid> pictures) {
    this(ids, pictures, ids.length);
  }

  /**
   * A question by the checkpoint's template, its pictures where {@link Question} says; a DATA error
   * where its marks do not fit them.
   *
   * @param mergeSize of the checkpoint's picture settings
   */
  public static Prompt of(
      TextProcessor text, String question, List<PictureGrid> pictures, int mergeSize) {
    Question asked = Question.of(question, pictures.size());
    List<PictureGrid> shown = asked.shown(pictures);
    List<Integer> tokens = shown.stream().map(picture -> picture.tokens(mergeSize)).toList();
    return new Prompt(text.encodeChat(List.of(asked.message()), tokens, true), shown);
  }

  public int length() {
    return ids.length;
  }

  int lastId() {
    return ids[ids.length - 1];
  }

  /** The prompt with more tokens behind it (a prefix to continue, or a completion to score). */
  public Prompt plus(int[] more) {
    int[] all = Arrays.copyOf(ids, ids.length + more.length);
    System.arraycopy(more, 0, all, ids.length, more.length);
    return new Prompt(all, pictures, given);
  }

  /** Why the model cannot run it, or null. */
  public String problem(ModelConfig config) {
    if (ids.length == 0) {
      return "it is empty: give it at least one token";
    }
    for (int id : ids) {
      if (id < 0 || id >= config.text().vocabSize()) {
        return "token id %d is not in the vocabulary of %d entries"
            .formatted(id, config.text().vocabSize());
      }
    }
    ModelConfig.Vision vision = config.vision();
    int merge = vision.spatialMergeSize();
    int values =
        vision.inChannels() * vision.temporalPatchSize() * vision.patchSize() * vision.patchSize();
    for (PictureGrid picture : pictures) {
      if (picture.height() % merge != 0
          || picture.width() % merge != 0
          || picture.patches().length != (long) picture.height() * picture.width() * values) {
        return "its pictures are cut for another model: preprocessor_config.json must have the patch_size, temporal_patch_size and merge_size of config.json";
      }
    }
    long shown = Arrays.stream(ids, 0, given).filter(id -> id == config.imageTokenId()).count();
    long needed = pictures.stream().mapToLong(p -> p.tokens(merge)).sum();
    if (shown != needed) {
      return "it shows %d picture tokens but its %d pictures have %d: build prompts with the checkpoint's own template"
          .formatted(shown, pictures.size(), needed);
    }
    return null;
  }
}
