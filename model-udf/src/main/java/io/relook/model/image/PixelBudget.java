package io.relook.model.image;

/**
 * How many pixels a picture may have when the model sees it, and its size under that budget.
 *
 * @param minPixels smaller pictures are enlarged
 * @param maxPixels larger ones are reduced
 */
public record PixelBudget(long minPixels, long maxPixels) {
  private static final int MOST_RATIO = 200;

  /** Pixels that a picture may have in the end, whatever the budget: 1.6 GB of patches. */
  private static final double MOST_PIXELS = 1 << 26;

  public PixelBudget {
    if (minPixels < 1 || maxPixels < minPixels) {
      throw ImageErrors.budget(minPixels, maxPixels);
    }
  }

  /** {height, width}: qwen-vl's smart_resize: multiples of {@code factor}, the ratio about kept. */
  public int[] fit(int height, int width, int factor) {
    if ((double) Math.max(height, width) / Math.min(height, width) > MOST_RATIO) {
      throw ImageErrors.ratio(width, height);
    }
    double h = Math.rint((double) height / factor) * factor;
    double w = Math.rint((double) width / factor) * factor;
    if (h * w > maxPixels) {
      double beta = Math.sqrt((double) height * width / maxPixels);
      h = Math.max(factor, Math.floor(height / beta / factor) * factor);
      w = Math.max(factor, Math.floor(width / beta / factor) * factor);
    } else if (h * w < minPixels) {
      double beta = Math.sqrt((double) minPixels / ((double) height * width));
      h = Math.ceil(height * beta / factor) * factor;
      w = Math.ceil(width * beta / factor) * factor;
    }
    if (h * w > MOST_PIXELS) {
      throw ImageErrors.enlarged(h, w, MOST_PIXELS);
    }
    return new int[] {(int) h, (int) w};
  }
}
