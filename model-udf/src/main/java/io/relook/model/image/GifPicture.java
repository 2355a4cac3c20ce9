package io.relook.model.image;

import java.util.Arrays;

/**
 * The first frame of a GIF (GIF89a specification, 1990) on its screen, as Pillow 13.0.0 loads it:
 * around a smaller frame lies the transparent colour, or the first one; a larger frame widens the
 * screen. Data that end before the last row are an error, also where Pillow reads on in what
 * follows (our choice).
 */
final class GifPicture implements OpenPicture {
  private static final int CODES = 4096;
  private static final int[][] PASSES = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};

  private final byte[] bytes;
  private int at = 6;
  private int screenWidth;
  private int screenHeight;
  private byte[] palette;
  private int transparent = -1;
  private final int left;
  private final int top;
  private final int width;
  private final int height;
  private final boolean interlaced;

  private int blockEnd;
  private int bits;
  private int bitCount;

  GifPicture(byte[] bytes) {
    this.bytes = bytes;
    screenWidth = number();
    screenHeight = number();
    int flags = next();
    take(2);
    palette = palette(flags, null);
    for (int block = next(); block != ','; block = next()) {
      if (block == ';') {
        throw ImageErrors.unreadable("it holds no picture", null);
      }
      if (block == '!') {
        extension();
      }
    }
    left = number();
    top = number();
    width = number();
    height = number();
    flags = next();
    interlaced = (flags & 0x40) != 0;
    palette = palette(flags, palette);
    screenWidth = Math.max(screenWidth, left + width);
    screenHeight = Math.max(screenHeight, top + height);
    if (width == 0 || height == 0) {
      throw ImageErrors.unreadable("it claims %d × %d pixels".formatted(width, height), null);
    }
  }

  @Override
  public int width() {
    return screenWidth;
  }

  @Override
  public int height() {
    return screenHeight;
  }

  @Override
  public LayeredImage read() {
    byte[] screen = new byte[screenWidth * screenHeight];
    Arrays.fill(screen, (byte) Math.max(0, transparent));
    decode(screen);
    byte[] rgb = new byte[3 * screen.length];
    byte[] alpha = transparent < 0 ? null : new byte[screen.length];
    for (int i = 0; i < screen.length; i++) {
      int index = screen[i] & 0xFF;
      for (int c = 0; c < 3; c++) {
        int entry = 3 * index + c;
        rgb[3 * i + c] =
            palette == null ? (byte) index : entry < palette.length ? palette[entry] : 0;
      }
      if (alpha != null) {
        alpha[i] = (byte) (index == transparent ? 0 : 255);
      }
    }
    return new LayeredImage(screenWidth, screenHeight, rgb, alpha);
  }

  /** Appendix F: codes of growing size, each for a code before it and one more pixel. */
  private void decode(byte[] screen) {
    int least = next();
    if (least > 11) {
      throw ImageErrors.unreadable("its codes have %d bits".formatted(least), null);
    }
    blockEnd = at;
    int clear = 1 << least;
    int[] before = new int[CODES];
    byte[] last = new byte[CODES];
    byte[] string = new byte[CODES + 1];
    int[] rows = rows();
    int size = least + 1;
    int free = clear + 2;
    int previous = -1;
    byte first = 0;
    for (int pixel = 0; pixel < width * height; ) {
      int code = code(size);
      if (code == clear) {
        size = least + 1;
        free = clear + 2;
        previous = -1;
        continue;
      }
      if (code == clear + 1) {
        throw ImageErrors.cut();
      }
      if (code > (previous < 0 ? clear : free)) {
        throw ImageErrors.unreadable("its data are damaged", null);
      }
      int from = string.length;
      int part = code;
      if (code == free) {
        string[--from] = first;
        part = previous;
      }
      for (; part >= clear; part = before[part]) {
        string[--from] = last[part];
      }
      first = (byte) part;
      string[--from] = first;
      if (previous >= 0 && free < CODES) {
        before[free] = previous;
        last[free] = first;
        if (++free == 1 << size && size < 12) {
          size++;
        }
      }
      previous = code;
      for (; from < string.length && pixel < width * height; from++, pixel++) {
        screen[rows[pixel / width] + pixel % width] = string[from];
      }
    }
  }

  /** Where each row of the data begins on the screen. */
  private int[] rows() {
    int[] rows = new int[height];
    int row = 0;
    for (int[] pass : interlaced ? PASSES : new int[][] {{0, 1}}) {
      for (int y = pass[0]; y < height; y += pass[1]) {
        rows[row++] = (top + y) * screenWidth + left;
      }
    }
    return rows;
  }

  /** A block counts only where it is there to its end. */
  private int code(int size) {
    while (bitCount < size) {
      if (at == blockEnd) {
        int length = next();
        if (length == 0 || length > bytes.length - at) {
          throw ImageErrors.cut();
        }
        blockEnd = at + length;
      }
      bits |= next() << bitCount;
      bitCount += 8;
    }
    int code = bits & (1 << size) - 1;
    bits >>>= size;
    bitCount -= size;
    return code;
  }

  private void extension() {
    boolean control = next() == 0xF9;
    for (int length = next(); length > 0; length = next()) {
      byte[] block = take(length);
      if (control && block.length >= 4 && (block[0] & 1) != 0) {
        transparent = block[3] & 0xFF;
      }
      control = false;
    }
  }

  private byte[] palette(int flags, byte[] otherwise) {
    return (flags & 0x80) == 0 ? otherwise : take(3 << (flags & 7) + 1);
  }

  private int number() {
    return next() | next() << 8;
  }

  private int next() {
    if (at == bytes.length) {
      throw ImageErrors.cut();
    }
    return bytes[at++] & 0xFF;
  }

  private byte[] take(int count) {
    if (count > bytes.length - at) {
      throw ImageErrors.cut();
    }
    at += count;
    return Arrays.copyOfRange(bytes, at - count, at);
  }
}
