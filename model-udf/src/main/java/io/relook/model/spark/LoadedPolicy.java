package io.relook.model.spark;

import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.image.ImageProcessor;
import io.relook.model.image.PixelBudget;
import io.relook.model.text.Message;
import io.relook.model.text.TextProcessor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** A policy with the tokenizer and the picture settings that its checkpoint came with. */
public final class LoadedPolicy implements AutoCloseable {
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

  public VisionLanguageModel model() {
    return model;
  }

  public TextProcessor text() {
    return text;
  }

  /** A user's question about pictures, and what of the answer is already there. */
  public Prompt prompt(String question, List<byte[]> pictures, int[] prefix, PixelBudget budget) {
    return prompt(text, images, question, pictures, prefix, budget);
  }

  /** As above, with settings that are loaded without weights. */
  public static Prompt prompt(
      TextProcessor text,
      ImageProcessor images,
      String question,
      List<byte[]> pictures,
      int[] prefix,
      PixelBudget budget) {
    ImageProcessor processor = budget == null ? images : images.withBudget(budget);
    List<PictureGrid> grids = new ArrayList<>();
    List<Integer> tokens = new ArrayList<>();
    for (byte[] picture : pictures) {
      PictureGrid grid = processor.process(picture);
      grids.add(grid);
      tokens.add(grid.tokens(processor.mergeSize()));
    }
    int[] ids =
        text.encodeChat(
            List.of(Message.ofPictures("user", pictures.size(), question)), tokens, true);
    return new Prompt(IntStream.concat(IntStream.of(ids), IntStream.of(prefix)).toArray(), grids);
  }

  /** What decides which numbers a question becomes. */
  public String fingerprint(PixelBudget budget) {
    PixelBudget used = budget == null ? images.budget() : budget;
    return text.fingerprint() + ":" + used.minPixels() + "-" + used.maxPixels() + ":bicubic";
  }

  @Override
  public void close() {
    model.close();
    text.close();
    checkpoint.close();
  }
}
