package io.relook.model.spark;

import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.image.ImageProcessor;
import io.relook.model.image.PixelBudget;
import io.relook.model.text.TextProcessor;
import java.util.List;

/** A policy with the tokenizer and the picture settings that its checkpoint came with. */
final class LoadedPolicy implements AutoCloseable {
  private final Checkpoint checkpoint;
  private final VisionLanguageModel model;
  private final TextProcessor text;
  private final ImageProcessor images;

  LoadedPolicy(
      Checkpoint checkpoint, VisionLanguageModel model, TextProcessor text, ImageProcessor images) {
    this.checkpoint = checkpoint;
    this.model = model;
    this.text = text;
    this.images = images;
  }

  VisionLanguageModel model() {
    return model;
  }

  /** The text of token ids without control tokens, with tags. */
  String decode(int[] ids) {
    return text.decode(ids);
  }

  /** The token ids of a text in which nothing is a control token, and tags are their own. */
  int[] encode(String text) {
    return this.text.encodeAsText(text);
  }

  /** The checkpoint's picture settings; a bound of 0 is the checkpoint's own. */
  ImageProcessor images(PolicySettings settings) {
    PixelBudget own = images.budget();
    long least = settings.minPixels() > 0 ? settings.minPixels() : own.minPixels();
    long most = settings.maxPixels() > 0 ? settings.maxPixels() : own.maxPixels();
    return images
        .withBudget(new PixelBudget(least, most))
        .withTransparency(settings.transparency());
  }

  /** A user's question about pictures, and what of the answer is already there. */
  Prompt prompt(String question, List<PictureGrid> pictures, int[] prefix) {
    return Prompt.of(text, question, pictures, images.mergeSize()).plus(prefix);
  }

  /** Why a completion cannot be computed behind its prompt, or null. */
  String problem(Prompt prompt, int[] completion) {
    Prompt whole = prompt.plus(completion);
    int context = model.config().text().maxPositionEmbeddings();
    String problem = prompt.problem(model.config());
    if (whole.length() > context) {
      return "prompt and completion of %d tokens exceed the model's context of %d: shorten them or lower maxPixels"
          .formatted(whole.length(), context);
    }
    return problem != null ? problem : whole.problem(model.config());
  }

  /** What decides which numbers a question becomes. */
  String fingerprint(ImageProcessor used) {
    return text.fingerprint() + ":" + used.fingerprint();
  }

  @Override
  public void close() {
    model.close();
    text.close();
    checkpoint.close();
  }
}
