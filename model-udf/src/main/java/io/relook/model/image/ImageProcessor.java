package io.relook.model.image;

import io.relook.model.checkpoint.CheckpointFiles;
import io.relook.model.engine.PictureGrid;
import java.nio.file.Path;
import java.util.List;

/**
 * A picture's bytes to what the model sees, as transformers' Qwen2VLImageProcessorFast: RGB,
 * resized under a pixel budget, normalised, cut into patches.
 *
 * @param mean of each channel, in [0, 1]
 * @param std of each channel
 */
public record ImageProcessor(
    PixelBudget budget,
    int patchSize,
    int temporalPatchSize,
    int mergeSize,
    List<Double> mean,
    List<Double> std,
    PictureDecoder decoder) {
  private static final int LARGEST_SIZE = 64;
  private static final int LARGEST_TIME = 8;

  public ImageProcessor {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    if (Math.min(Math.min(patchSize, temporalPatchSize), mergeSize) < 1
        || Math.max(patchSize, mergeSize) > LARGEST_SIZE
        || temporalPatchSize > LARGEST_TIME) {
      throw ImageErrors.settings(
          "patch_size and merge_size must be from 1 to %d, temporal_patch_size from 1 to %d"
              .formatted(LARGEST_SIZE, LARGEST_TIME));
    }
    if (std.stream().anyMatch(value -> !(value > 0))) {
      throw ImageErrors.settings("image_std must be positive, not " + std);
    }
  }

  /** The settings of a checkpoint's folder; that it has none is an error. */
  public static ImageProcessor load(Path folder) {
    return ProcessorSettings.read(new CheckpointFiles(folder).imageProcessor());
  }

  public ImageProcessor withBudget(PixelBudget other) {
    return new ImageProcessor(other, patchSize, temporalPatchSize, mergeSize, mean, std, decoder);
  }

  public ImageProcessor withTransparency(Transparency other) {
    return new ImageProcessor(
        budget, patchSize, temporalPatchSize, mergeSize, mean, std, decoder.with(other));
  }

  /** What decides which values a picture becomes, beside the checkpoint's settings. */
  public String fingerprint() {
    return "%d-%d:bicubic:%s"
        .formatted(budget.minPixels(), budget.maxPixels(), decoder.transparency().word());
  }

  /** Decodes, resizes and cuts. */
  public PictureGrid process(byte[] bytes) {
    return patches(resize(decoder.decode(bytes)));
  }

  /** The picture at the size that the model sees. */
  public RgbImage resize(RgbImage image) {
    int[] size = budget.fit(image.height(), image.width(), patchSize * mergeSize);
    return Bicubic.resize(image, size[0], size[1]);
  }

  /** Rows: blocks of merge × merge patches; columns: channel, time, row, column. */
  public PictureGrid patches(RgbImage image) {
    int rows = image.height() / patchSize;
    int columns = image.width() / patchSize;
    int area = patchSize * patchSize;
    float[] values = new float[rows * columns * 3 * temporalPatchSize * area];
    float[][] table = normalised();
    int at = 0;
    for (int block = 0; block < rows * columns / mergeSize / mergeSize; block++) {
      int top = block / (columns / mergeSize) * mergeSize;
      int left = block % (columns / mergeSize) * mergeSize;
      for (int patch = 0; patch < mergeSize * mergeSize; patch++) {
        int y0 = (top + patch / mergeSize) * patchSize;
        int x0 = (left + patch % mergeSize) * patchSize;
        for (int channel = 0; channel < 3; channel++) {
          for (int i = 0; i < area; i++) {
            int pixel = (y0 + i / patchSize) * image.width() + x0 + i % patchSize;
            values[at + i] = table[channel][image.rgb()[pixel * 3 + channel] & 0xFF];
          }
          for (int t = 1; t < temporalPatchSize; t++) {
            System.arraycopy(values, at, values, at + t * area, area);
          }
          at += temporalPatchSize * area;
        }
      }
    }
    return new PictureGrid(rows, columns, values);
  }

  /** (value - 255 mean) / (255 std) of each byte value, in float32 as the reference fuses it. */
  private float[][] normalised() {
    float[][] table = new float[3][256];
    for (int c = 0; c < 3; c++) {
      float shift = (float) (mean.get(c).floatValue() * 255.0);
      float scale = (float) (std.get(c).floatValue() * 255.0);
      for (int v = 0; v < 256; v++) {
        table[c][v] = (v - shift) / scale;
      }
    }
    return table;
  }
}
