package io.relook.model.engine;

import java.io.Serializable;
import java.util.Arrays;

/**
 * A still picture as it travels between processes: an eighth of what it is. Its second frame is the
 * first, and a channel has at most 256 values, those that a byte can become.
 *
 * @param palettes values of each channel
 * @param indices of the first frame's values in their channel's palette, patch after patch
 */
record SentPicture(int height, int width, float[][] palettes, byte[] indices)
    implements Serializable {
  private static final int CHANNELS = 3;
  private static final int FRAMES = 2;
  private static final int VALUES = 256;

  /** Slots of a table from values to indices, a power of two. */
  private static final int SLOTS = 1024;

  /** Null where the picture is of another form, which then travels as it is. */
  static SentPicture of(PictureGrid picture) {
    float[] patches = picture.patches();
    int planes = picture.height() * picture.width() * CHANNELS;
    if (patches.length % (planes * FRAMES) != 0) {
      return null;
    }
    int area = patches.length / (planes * FRAMES);
    Palette[] palettes = {new Palette(), new Palette(), new Palette()};
    byte[] indices = new byte[planes * area];
    for (int plane = 0; plane < planes; plane++) {
      int at = plane * FRAMES * area;
      if (!Arrays.equals(patches, at, at + area, patches, at + area, at + 2 * area)) {
        return null;
      }
      Palette palette = palettes[plane % CHANNELS];
      for (int i = 0; i < area; i++) {
        int index = palette.indexOf(patches[at + i]);
        if (index == VALUES) {
          return null;
        }
        indices[plane * area + i] = (byte) index;
      }
    }
    float[][] values =
        Arrays.stream(palettes).map(p -> Arrays.copyOf(p.values, p.count)).toArray(float[][]::new);
    return new SentPicture(picture.height(), picture.width(), values, indices);
  }

  private Object readResolve() {
    int planes = height * width * CHANNELS;
    int area = indices.length / planes;
    float[] patches = new float[planes * FRAMES * area];
    for (int plane = 0; plane < planes; plane++) {
      int at = plane * FRAMES * area;
      float[] palette = palettes[plane % CHANNELS];
      for (int i = 0; i < area; i++) {
        patches[at + i] = palette[indices[plane * area + i] & 0xFF];
      }
      System.arraycopy(patches, at, patches, at + area, area);
    }
    return new PictureGrid(height, width, patches);
  }

  /** Values by their bits, in the order in which they came. */
  private static final class Palette {
    final float[] values = new float[VALUES];
    int count;
    private final short[] slots = new short[SLOTS];

    /** 256 where the value is one too many. */
    int indexOf(float value) {
      int bits = Float.floatToRawIntBits(value);
      int slot = bits * 0x9E3779B9 >>> 22;
      while (slots[slot] != 0) {
        int index = slots[slot] - 1;
        if (Float.floatToRawIntBits(values[index]) == bits) {
          return index;
        }
        slot = (slot + 1) % SLOTS;
      }
      if (count < VALUES) {
        values[count] = value;
        slots[slot] = (short) ++count;
        return count - 1;
      }
      return VALUES;
    }
  }
}
