package io.relook.report;

import ai.djl.Device;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.lakehouse.Rows;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.ModelProbe;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.image.ImageProcessor;
import io.relook.model.image.PixelBudget;
import io.relook.model.image.Transparency;
import io.relook.model.spark.ModelPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A policy's model in float32, and a trajectory's prompt as the policy saw it. */
final class PolicyProbe implements AutoCloseable {
  /**
   * A fingerprint ends with the pixels that a picture had and the ground under it; where it names
   * none, alpha was dropped.
   */
  private static final Pattern PICTURES = Pattern.compile(":(\\d+)-(\\d+):bicubic(?::(\\w+))?$");

  private final VisionLanguageModel model;
  private final ModelProbe probe;
  private final ImageProcessor checkpoints;

  /**
   * A prompt with its pictures.
   *
   * @param grids rows and columns of each picture's tokens
   */
  record Seen(Prompt prompt, List<List<Integer>> grids) {}

  /** The checkpoint stays the caller's, and open. */
  PolicyProbe(Checkpoint checkpoint, int threads) {
    this.checkpoints = ImageProcessor.load(checkpoint.folder());
    this.model =
        VisionLanguageModel.load(
            ModelPool.program(Device.cpu(), threads),
            checkpoint,
            VisionLanguageModel.Options.cpu(ComputeType.FLOAT32, threads));
    this.probe = new ModelProbe(model);
  }

  /** A DATA error where a picture is not there or cannot be read. */
  Seen seen(Rows.Trajectory t, Map<String, Rows.Image> images) {
    ImageProcessor processor = processor(t.fingerprint());
    List<PictureGrid> pictures = new ArrayList<>();
    List<List<Integer>> grids = new ArrayList<>();
    for (String id : t.imageIds()) {
      if (!images.containsKey(id)) {
        throw new RelookException(Category.DATA, "The table images has no " + id + ".");
      }
      PictureGrid grid = processor.process(images.get(id).bytes());
      pictures.add(grid);
      grids.add(
          List.of(grid.height() / processor.mergeSize(), grid.width() / processor.mergeSize()));
    }
    return new Seen(
        new Prompt(t.promptIds().stream().mapToInt(Integer::intValue).toArray(), pictures), grids);
  }

  private ImageProcessor processor(String fingerprint) {
    Matcher pictures = PICTURES.matcher(fingerprint);
    if (!pictures.find()) {
      return checkpoints;
    }
    long least = Long.parseLong(pictures.group(1));
    long most = Long.parseLong(pictures.group(2));
    String ground = pictures.group(3);
    return checkpoints
        .withBudget(new PixelBudget(least, most))
        .withTransparency(ground == null ? Transparency.DROP : Transparency.of(ground));
  }

  /** By picture token, mean over layers and heads. */
  float[][] map(Seen seen, int[] completion) {
    return probe.attentionMap(seen.prompt(), completion);
  }

  /** A trajectory's rows of the table {@code attention}. */
  List<Rows.Attention> heads(Rows.Trajectory t, Map<String, Rows.Image> images) {
    int[] completion = t.completionIds().stream().mapToInt(Integer::intValue).toArray();
    float[][][] cube = probe.attentionOnPictures(seen(t, images).prompt(), completion);
    List<Rows.Attention> heads = new ArrayList<>();
    for (int l = 0; l < cube[0].length; l++) {
      for (int h = 0; h < cube[0][l].length; h++) {
        Float[] shares = new Float[cube.length];
        for (int s = 0; s < shares.length; s++) {
          shares[s] = cube[s][l][h];
        }
        heads.add(new Rows.Attention(t.trajectoryId(), l, h, List.of(shares)));
      }
    }
    return heads;
  }

  @Override
  public void close() {
    model.close();
  }
}
