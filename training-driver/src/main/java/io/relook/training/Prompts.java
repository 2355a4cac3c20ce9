package io.relook.training;

import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import io.relook.model.image.ImageProcessor;
import io.relook.model.text.TextProcessor;
import java.util.List;
import java.util.stream.IntStream;

/** Questions to prompts, with a checkpoint's own tokenizer, template and picture settings. */
final class Prompts {
  private final TextProcessor text;
  private final ImageProcessor images;

  Prompts(TextProcessor text, ImageProcessor images) {
    this.text = text;
    this.images = images;
  }

  Prompt of(byte[] picture, String question) {
    return of(List.of(picture), question);
  }

  Prompt of(List<byte[]> pictures, String question) {
    List<PictureGrid> grids = pictures.stream().map(images::process).toList();
    return Prompt.of(text, question, grids, images.mergeSize());
  }

  int[] tokens(String said) {
    return text.encodeAsText(said);
  }

  /** An answer's tokens with the token that ends a turn. */
  int[] answer(String answer) {
    return IntStream.concat(IntStream.of(tokens(answer)), IntStream.of(text.control("<|im_end|>")))
        .toArray();
  }
}
