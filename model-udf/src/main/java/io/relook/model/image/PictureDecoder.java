package io.relook.model.image;

import io.relook.lakehouse.RelookException;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.ImageInputStream;

/**
 * Bytes to RGB as Pillow converts: alpha is dropped, not blended; palettes are looked up; gray
 * becomes three equal values; 16 bits are scaled to 8 (Pillow clips them: our choice); CMYK by
 * Pillow's formula; EXIF orientation is applied. The first frame counts. The size is read from the
 * header, and refused there, before a pixel is decoded.
 */
public final class PictureDecoder {
  /** Pillow's limit for a decompression bomb. */
  public static final long MAX_SOURCE_PIXELS = 178_956_970;

  static {
    ImageIO.setUseCache(false);
  }

  private final long maxSourcePixels;

  public PictureDecoder() {
    this(MAX_SOURCE_PIXELS);
  }

  public PictureDecoder(long maxSourcePixels) {
    if (maxSourcePixels < 1 || maxSourcePixels > Integer.MAX_VALUE / 3) {
      throw ImageErrors.sourceLimit(maxSourcePixels, Integer.MAX_VALUE / 3);
    }
    this.maxSourcePixels = maxSourcePixels;
  }

  /** The header's claim: width times height, before any pixel is decoded and unlimited. */
  public long claimedPixels(byte[] bytes) {
    return guarded(bytes, PictureFile::pixels);
  }

  /** Whatever a picture's bytes do to the decoders, the caller sees a DATA error. */
  public RgbImage decode(byte[] bytes) {
    return guarded(bytes, file -> oriented(read(file), file.orientation()));
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

  private RgbImage read(PictureFile file) throws IOException {
    try (ImageInputStream in =
        ImageIO.createImageInputStream(new ByteArrayInputStream(file.pixelBytes()))) {
      ImageReader reader = file.reader();
      try {
        reader.setInput(in, true, true);
        long width = reader.getWidth(0);
        long height = reader.getHeight(0);
        if (width < 1 || height < 1) {
          throw ImageErrors.unreadable("it claims %d × %d pixels".formatted(width, height), null);
        }
        if (width * height > maxSourcePixels) {
          throw ImageErrors.tooLarge(width, height, maxSourcePixels);
        }
        List<String> warnings = new ArrayList<>();
        IIOReadWarningListener listener = (source, message) -> warnings.add(message);
        reader.addIIOReadWarningListener(listener);
        RgbImage image =
            isCmyk(reader)
                ? cmyk(reader.readRaster(0, null), file.adobeTransform() == 2)
                : rgb(reader.read(0));
        for (String warning : warnings) {
          if (warning.toLowerCase(Locale.ROOT).contains("premature end")) {
            throw ImageErrors.unreadable(warning, null);
          }
        }
        return image;
      } finally {
        reader.dispose();
      }
    }
  }

  private static boolean isCmyk(ImageReader reader) throws IOException {
    if (!reader.getFormatName().equalsIgnoreCase("jpeg") || !reader.canReadRaster()) {
      return false;
    }
    var type = reader.getRawImageType(0);
    return type != null && type.getNumBands() == 4;
  }

  /**
   * Adobe stores CMYK inverted: 255 is no ink. YCCK is the first three of those values as YCbCr
   * (ITU-T T.871), of the inks that are not inverted: libjpeg gives 255 minus the RGB of it.
   */
  private static RgbImage cmyk(Raster raster, boolean ycck) {
    int width = raster.getWidth();
    int height = raster.getHeight();
    byte[] rgb = new byte[width * height * 3];
    int[] row = new int[width * 4];
    for (int y = 0; y < height; y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      for (int x = 0; x < width; x++) {
        int light = row[4 * x + 3];
        if (ycck) {
          inks(row, 4 * x);
        }
        for (int c = 0; c < 3; c++) {
          int ink = (255 - row[4 * x + c]) * light + 128;
          int shade = light - ((ink + (ink >> 8)) >> 8);
          rgb[(y * width + x) * 3 + c] = (byte) Math.max(0, Math.min(255, shade));
        }
      }
    }
    return new RgbImage(width, height, rgb);
  }

  private static void inks(int[] row, int at) {
    double luma = row[at];
    double blue = row[at + 1] - 128;
    double red = row[at + 2] - 128;
    row[at] = byteOf(255 - (luma + 1.402 * red));
    row[at + 1] = byteOf(255 - (luma - 0.344136286 * blue - 0.714136286 * red));
    row[at + 2] = byteOf(255 - (luma + 1.772 * blue));
  }

  private static int byteOf(double value) {
    return (int) Math.max(0, Math.min(255, Math.rint(value)));
  }

  private static RgbImage rgb(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] rgb = new byte[width * height * 3];
    Raster raster = image.getRaster();
    int bands = raster.getNumBands();
    int[] row = new int[width * bands];
    int[] largest = new int[bands];
    for (int band = 0; band < bands; band++) {
      largest[band] = (1 << Math.min(16, raster.getSampleModel().getSampleSize(band))) - 1;
    }
    IndexColorModel palette =
        image.getColorModel() instanceof IndexColorModel
            ? (IndexColorModel) image.getColorModel()
            : null;
    for (int y = 0; y < height; y++) {
      raster.getPixels(0, y, width, 1, row);
      for (int x = 0; x < width; x++) {
        int at = (y * width + x) * 3;
        if (palette != null) {
          int colour = palette.getRGB(row[x]);
          rgb[at] = (byte) (colour >> 16);
          rgb[at + 1] = (byte) (colour >> 8);
          rgb[at + 2] = (byte) colour;
        } else {
          for (int c = 0; c < 3; c++) {
            int band = bands < 3 ? 0 : c;
            rgb[at + c] = scaled(row[x * bands + band], largest[band]);
          }
        }
      }
    }
    return new RgbImage(width, height, rgb);
  }

  private static byte scaled(int value, int largest) {
    return (byte) (largest == 255 ? value : (value * 255 + largest / 2) / largest);
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
