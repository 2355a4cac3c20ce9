package io.relook.model.image;

import io.relook.lakehouse.RelookException;
import java.io.IOException;

/**
 * Bytes to RGB as Pillow 13.0.0 converts them: {@link StandardPicture}, {@link GifPicture} and
 * {@link WebpPicture} say how. What is transparent gets the ground that {@link Transparency} names;
 * EXIF orientation is applied. The first frame counts. The size is read from the header, and
 * refused there, before a pixel is decoded.
 */
public final class PictureDecoder {
  /** Pillow's limit for a decompression bomb. */
  public static final long MAX_SOURCE_PIXELS = 178_956_970;

  private final long maxSourcePixels;
  private final Transparency transparency;

  public PictureDecoder() {
    this(MAX_SOURCE_PIXELS);
  }

  public PictureDecoder(long maxSourcePixels) {
    this(maxSourcePixels, Transparency.WHITE);
  }

  private PictureDecoder(long maxSourcePixels, Transparency transparency) {
    if (maxSourcePixels < 1 || maxSourcePixels > Integer.MAX_VALUE / 3) {
      throw ImageErrors.sourceLimit(maxSourcePixels, Integer.MAX_VALUE / 3);
    }
    this.maxSourcePixels = maxSourcePixels;
    this.transparency = transparency;
  }

  /** With another ground under what is transparent; white is the default. */
  public PictureDecoder with(Transparency other) {
    return new PictureDecoder(maxSourcePixels, other);
  }

  Transparency transparency() {
    return transparency;
  }

  /** The header's claim: width times height, before any pixel is decoded and unlimited. */
  public long claimedPixels(byte[] bytes) {
    return guarded(
        bytes,
        file -> {
          try (OpenPicture picture = file.open()) {
            return (long) picture.width() * picture.height();
          }
        });
  }

  /** Whatever a picture's bytes do to the decoders, the caller sees a DATA error. */
  public RgbImage decode(byte[] bytes) {
    return guarded(bytes, file -> oriented(transparency.of(read(file)), file.orientation()));
  }

  private interface Step<T> {
    T from(PictureFile file) throws IOException;
  }

  private static <T> T guarded(byte[] bytes, Step<T> step) {
    if (bytes == null || bytes.length == 0) {
      throw ImageErrors.unreadable("it has no bytes", null);
    }
    try {
      return step.from(PictureFile.of(bytes));
    } catch (RelookException e) {
      throw e;
    } catch (IOException | RuntimeException | LinkageError | StackOverflowError e) {
      // Decoders of damaged bytes throw whatever they run into.
      throw ImageErrors.unreadable(String.valueOf(e.getMessage()), e);
    } catch (OutOfMemoryError e) {
      throw ImageErrors.unreadable("it needs more memory than the heap has left", e);
    }
  }

  private LayeredImage read(PictureFile file) throws IOException {
    try (OpenPicture picture = file.open()) {
      long width = picture.width();
      long height = picture.height();
      if (width < 1 || height < 1) {
        throw ImageErrors.unreadable("it claims %d × %d pixels".formatted(width, height), null);
      }
      if (width * height > maxSourcePixels) {
        throw ImageErrors.tooLarge(width, height, maxSourcePixels);
      }
      return picture.read();
    }
  }

  /** EXIF orientation: 2 to 4 mirror or turn by half, 5 to 8 also swap the axes. */
  private static RgbImage oriented(RgbImage image, int orientation) {
    if (orientation < 2 || orientation > 8) {
      return image;
    }
    boolean swapped = orientation >= 5;
    int width = swapped ? image.height() : image.width();
    int height = swapped ? image.width() : image.height();
    byte[] rgb = new byte[width * height * 3];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int sx = swapped ? y : x;
        int sy = swapped ? x : y;
        if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) {
          sx = image.width() - 1 - sx;
        }
        if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) {
          sy = image.height() - 1 - sy;
        }
        System.arraycopy(image.rgb(), (sy * image.width() + sx) * 3, rgb, (y * width + x) * 3, 3);
      }
    }
    return new RgbImage(width, height, rgb);
  }
}
