package io.relook.model.text;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import java.util.Arrays;
import java.util.List;

/** What can be wrong with a tokenizer, a template or a prompt. */
final class TextErrors {
  private TextErrors() {}

  static RelookException otherId(String folder, String token, int id, int[] ids) {
    return new RelookException(
        Category.MODEL,
        "The tokenizer of %s makes %s of its added token '%s', whose id is to be %d: mend tokenizer.json or added_tokens_decoder in tokenizer_config.json."
            .formatted(folder, Arrays.toString(ids), token, id));
  }

  /**
   * @param id of the tokenizer, -1 where it has no such token
   */
  static RelookException otherPictureToken(String folder, String token, int id, int model) {
    return new RelookException(
        Category.MODEL,
        "The checkpoint %s takes token %d for a picture (image_token_id in config.json), but its tokenizer's picture token '%s' %s: take both from one checkpoint, or name the token as image_token in tokenizer_config.json."
            .formatted(folder, model, token, id < 0 ? "is no added token" : "is " + id));
  }

  static RelookException badTokenizer(String folder, Throwable cause) {
    return new RelookException(
        Category.MODEL,
        "The tokenizer.json of %s cannot be read: %s.".formatted(folder, cause.getMessage()),
        cause);
  }

  static RelookException noTemplate() {
    return new RelookException(
        Category.MODEL,
        "The checkpoint has no chat template: neither processor_config.json, chat_template.json,"
            + " chat_template.jinja nor tokenizer_config.json has one.");
  }

  static RelookException badTemplate(String problem) {
    return new RelookException(
        Category.MODEL, "The checkpoint's chat template cannot be rendered: " + problem + ".");
  }

  static RelookException emptyPrompt() {
    return new RelookException(
        Category.DATA, "The prompt is empty: give at least one message with text or a picture.");
  }

  static RelookException pictures(int shown, int given) {
    return new RelookException(
        Category.DATA, "The prompt shows %d pictures but %d were given.".formatted(shown, given));
  }

  /**
   * @param shown places among the pictures that the marks name, from 0, each once
   */
  static RelookException marks(boolean numbered, List<Integer> shown, int pictures) {
    String said =
        numbered
            ? "marks for the pictures %s".formatted(shown.stream().map(i -> i + 1).toList())
            : "%d <image> marks".formatted(shown.size());
    return new RelookException(
        Category.DATA,
        "The question has %s but %d pictures: give each picture %s, or mark none."
            .formatted(
                said, pictures, numbered ? "its number's mark, from <image 1>" : "one <image>"));
  }
}
