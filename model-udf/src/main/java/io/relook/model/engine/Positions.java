package io.relook.model.engine;

import io.relook.model.checkpoint.ModelConfig;
import java.util.List;

/**
 * M-RoPE positions (arXiv 2409.12191, as transformers' get_rope_index): text tokens advance on all
 * three axes together; a picture's tokens share one time, and count rows and columns from where the
 * text before it ended; text goes on after the largest position so far.
 */
public final class Positions {
  private final long[][] axes;
  private final int length;

  private Positions(long[][] axes, int length) {
    this.axes = axes;
    this.length = length;
  }

  public static Positions of(int[] ids, List<PictureGrid> pictures, ModelConfig config) {
    int merge = config.vision().spatialMergeSize();
    long[][] axes = new long[3][ids.length];
    long next = 0;
    int picture = 0;
    int i = 0;
    while (i < ids.length) {
      if (ids[i] == config.imageTokenId() && picture < pictures.size()) {
        int height = pictures.get(picture).height() / merge;
        int width = pictures.get(picture).width() / merge;
        for (int k = 0; k < height * width && i < ids.length; k++, i++) {
          axes[0][i] = next;
          axes[1][i] = next + k / width;
          axes[2][i] = next + k % width;
        }
        next += Math.max(height, width);
        picture++;
      } else {
        axes[0][i] = axes[1][i] = axes[2][i] = next++;
        i++;
      }
    }
    return new Positions(axes, ids.length);
  }

  /** Axis 0 time, 1 row, 2 column. */
  public long at(int axis, int token) {
    return axes[axis][token];
  }

  /** The position of the last token, the same on all axes for a text token. */
  public long last() {
    long last = 0;
    for (long[] axis : axes) {
      last = Math.max(last, axis[length - 1]);
    }
    return last;
  }

  /** The largest position + 1 - length: what a text token's place and its position differ by. */
  public long delta() {
    long largest = -1;
    for (long[] axis : axes) {
      for (long position : axis) {
        largest = Math.max(largest, position);
      }
    }
    return largest + 1 - length;
  }
}
