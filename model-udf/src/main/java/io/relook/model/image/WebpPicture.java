package io.relook.model.image;

import com.luciad.imageio.webp.WebPImageReaderSpi;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * The first frame of a WebP on its canvas, as Pillow 13.0.0 loads it: the container by the rules of
 * libwebp 1.6.0's {@code src/demux/demux.c}, the frame's values by libwebp 1.6.0 itself. Around a
 * smaller frame the canvas is transparent black, whatever background the file names. Chunks of
 * later frames must lie inside the file; what is in them is not looked at.
 */
final class WebpPicture implements OpenPicture {
  private static final int ANIMATED = 0x02;
  private static final int EXIF = 0x08;
  private static final int ALPHA = 0x10;
  private static final int KNOWN = 0x3E;

  private final byte[] bytes;
  private final ByteBuffer in;
  private final ImageReader reader = new WebPImageReaderSpi().createReaderInstance(null);
  private int end;
  private int flags;
  private int canvasWidth;
  private int canvasHeight;
  private int left;
  private int top;
  private byte[] frame;
  private int exif;

  WebpPicture(byte[] bytes) throws IOException {
    this.bytes = bytes;
    this.in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long riff = 8 + Integer.toUnsignedLong(in.getInt(4));
    if (riff > bytes.length) {
      throw ImageErrors.cut();
    }
    end = (int) riff;
    boolean extended = is("VP8X", 12);
    if (extended) {
      extended();
    } else if (is("ALPH", 12)) {
      throw damaged();
    } else {
      int after = frame(12, end);
      if (after < end && end - after < 8) {
        throw ImageErrors.cut();
      }
    }
    if (frame == null) {
      throw damaged();
    }
    open(extended);
  }

  /** VP8X, then chunks of which the first frame counts, and EXIF where a flag says that it does. */
  private void extended() {
    int at = next(12, end);
    flags = bytes[20];
    if (at < 12 + 8 + 10 || (flags & ~KNOWN) != 0) {
      throw damaged();
    }
    canvasWidth = 1 + number(24);
    canvasHeight = 1 + number(27);
    boolean animated = (flags & ANIMATED) != 0;
    boolean announced = false;
    while (at < end) {
      int after = next(at, end);
      if (is("VP8X", at)) {
        throw damaged();
      } else if (is("ALPH", at) || is("VP8 ", at) || is("VP8L", at)) {
        if (frame != null || animated || announced) {
          throw damaged();
        }
        after = frame(at, end);
      } else if (is("ANIM", at)) {
        announced = true;
      } else if (is("ANMF", at)) {
        if (!announced || after - at < 8 + 16) {
          throw damaged();
        }
        if (animated && frame == null) {
          left = 2 * number(at + 8);
          top = 2 * number(at + 11);
          frame(at + 8 + 16, after);
        }
      } else if (is("EXIF", at) && (flags & EXIF) != 0 && exif == 0) {
        exif = at;
      }
      at = after;
    }
  }

  /** Takes alpha, where it counts, and the picture's chunk; returns where they end. */
  private int frame(int at, int end) {
    int from = at;
    int after = next(at, end);
    boolean alpha = is("ALPH", at);
    if (alpha) {
      at = after;
      after = next(at, end);
    }
    if (!is("VP8 ", at) && (alpha || !is("VP8L", at))) {
      throw damaged();
    }
    // A still picture's alpha needs the flag.
    boolean counts = (flags & (ALPHA | ANIMATED)) != 0;
    frame = Arrays.copyOfRange(bytes, counts ? from : at, after);
    return after;
  }

  /** Where the chunk behind this one begins. */
  private int next(int at, int end) {
    if (end - at < 8) {
      throw ImageErrors.cut();
    }
    long length = Integer.toUnsignedLong(in.getInt(at + 4));
    long after = at + 8 + length + (length & 1);
    if (after > end) {
      throw ImageErrors.cut();
    }
    return (int) after;
  }

  private void open(boolean extended) throws IOException {
    try {
      reader.setInput(new MemoryCacheImageInputStream(new ByteArrayInputStream(frame)));
      int width = reader.getWidth(0);
      int height = reader.getHeight(0);
      if (!extended) {
        canvasWidth = width;
        canvasHeight = height;
      }
      boolean animated = (flags & ANIMATED) != 0;
      boolean fits =
          animated
              ? left + width <= canvasWidth && top + height <= canvasHeight
              : width == canvasWidth && height == canvasHeight;
      if (!fits) {
        throw damaged();
      }
    } catch (LinkageError e) {
      throw ImageErrors.webpLibrary(e);
    }
  }

  /** Place and length of the EXIF block; 0 and 0 without one. */
  int[] exif() {
    return exif == 0 ? new int[2] : new int[] {exif + 8, in.getInt(exif + 4)};
  }

  @Override
  public int width() {
    return canvasWidth;
  }

  @Override
  public int height() {
    return canvasHeight;
  }

  @Override
  public LayeredImage read() throws IOException {
    BufferedImage image = reader.read(0);
    int[] pixels = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
    byte[] rgb = new byte[3 * canvasWidth * canvasHeight];
    boolean animated = (flags & ANIMATED) != 0;
    boolean hasAlpha = animated ? (flags & ALPHA) != 0 : image.getColorModel().hasAlpha();
    byte[] alpha = hasAlpha ? new byte[canvasWidth * canvasHeight] : null;
    for (int i = 0; i < pixels.length; i++) {
      int to = (top + i / image.getWidth()) * canvasWidth + left + i % image.getWidth();
      rgb[3 * to] = (byte) (pixels[i] >> 16);
      rgb[3 * to + 1] = (byte) (pixels[i] >> 8);
      rgb[3 * to + 2] = (byte) pixels[i];
      if (hasAlpha) {
        alpha[to] = (byte) (pixels[i] >>> 24);
      }
    }
    return new LayeredImage(canvasWidth, canvasHeight, rgb, alpha);
  }

  @Override
  public void close() {
    reader.dispose();
  }

  private boolean is(String name, int at) {
    byte[] wanted = name.getBytes(StandardCharsets.US_ASCII);
    return at + 4 <= bytes.length && Arrays.equals(bytes, at, at + 4, wanted, 0, 4);
  }

  private int number(int at) {
    return bytes[at] & 0xFF | (bytes[at + 1] & 0xFF) << 8 | (bytes[at + 2] & 0xFF) << 16;
  }

  private static RuntimeException damaged() {
    return ImageErrors.unreadable("its chunks are no WebP picture", null);
  }
}
