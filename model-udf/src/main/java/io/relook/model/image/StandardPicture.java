package io.relook.model.image;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * PNG, JPEG and BMP by ImageIO, to RGB as Pillow 13.0.0 converts: palettes are looked up; gray
 * becomes three equal values; CMYK by Pillow's formula. Of 16 bits a channel the higher 8 count, as
 * with Pillow; gray without alpha is scaled, where Pillow clips (our choice). A PNG's transparent
 * colour is compared with what the file stores (PNG specification, 11.3.2.1); Pillow compares gray
 * of 2 and 4 bits, and any 16 bits, with other values.
 */
final class StandardPicture implements OpenPicture {
  private static final int RGB = 2;
  private static final int PALETTE = 3;

  private final PictureFile file;
  private final ImageInputStream in;
  private final ImageReader reader;
  private final int width;
  private final int height;

  static {
    ImageIO.setUseCache(false);
  }

  StandardPicture(PictureFile file, String format) throws IOException {
    this.file = file;
    this.in = ImageIO.createImageInputStream(new ByteArrayInputStream(file.pixelBytes()));
    this.reader = ImageIO.getImageReadersByFormatName(format).next();
    try {
      reader.setInput(in, true, true);
      width = reader.getWidth(0);
      height = reader.getHeight(0);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public int height() {
    return height;
  }

  @Override
  public LayeredImage read() throws IOException {
    List<String> warnings = new ArrayList<>();
    reader.addIIOReadWarningListener((source, message) -> warnings.add(message));
    LayeredImage image =
        isCmyk() ? cmyk(reader.readRaster(0, null), file.adobeTransform() == 2) : layered();
    for (String warning : warnings) {
      if (warning.toLowerCase(Locale.ROOT).contains("premature end")) {
        throw ImageErrors.unreadable(warning, null);
      }
    }
    return image;
  }

  @Override
  public void close() throws IOException {
    reader.dispose();
    in.close();
  }

  private boolean isCmyk() throws IOException {
    if (!reader.getFormatName().equalsIgnoreCase("jpeg") || !reader.canReadRaster()) {
      return false;
    }
    var type = reader.getRawImageType(0);
    return type != null && type.getNumBands() == 4;
  }

  private LayeredImage layered() throws IOException {
    BufferedImage image = reader.read(0);
    ColorModel model = image.getColorModel();
    return file.pngColour() == PALETTE || model instanceof IndexColorModel && file.pngColour() < 0
        ? indexed(image.getRaster(), (IndexColorModel) model)
        : direct(image.getRaster(), model);
  }

  private LayeredImage indexed(Raster raster, IndexColorModel colours) {
    byte[] rgb = new byte[width * height * 3];
    byte[] alphas = file.transparent();
    byte[] alpha = alphas == null ? null : new byte[width * height];
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      raster.getPixels(0, y, width, 1, row);
      for (int x = 0; x < width; x++) {
        int at = y * width + x;
        int colour = colours.getRGB(row[x]);
        rgb[3 * at] = (byte) (colour >> 16);
        rgb[3 * at + 1] = (byte) (colour >> 8);
        rgb[3 * at + 2] = (byte) colour;
        if (alpha != null) {
          alpha[at] = row[x] < alphas.length ? alphas[row[x]] : (byte) 255;
        }
      }
    }
    return new LayeredImage(width, height, rgb, alpha);
  }

  private LayeredImage direct(Raster raster, ColorModel model) throws IOException {
    int bands = raster.getNumBands();
    int[] key = key(bands);
    byte[] rgb = new byte[width * height * 3];
    boolean hasAlpha = key != null || model.hasAlpha() && file.mayHaveAlpha();
    byte[] alpha = hasAlpha ? new byte[width * height] : null;
    int[] row = new int[width * bands];
    int[] largest = new int[bands];
    for (int band = 0; band < bands; band++) {
      largest[band] = (1 << Math.min(16, raster.getSampleModel().getSampleSize(band))) - 1;
    }
    for (int y = 0; y < height; y++) {
      raster.getPixels(0, y, width, 1, row);
      for (int x = 0; x < width; x++) {
        int at = y * width + x;
        for (int c = 0; c < 3; c++) {
          int band = bands < 3 ? 0 : c;
          rgb[3 * at + c] = value(row[x * bands + band], largest[band], bands == 1);
        }
        if (key != null) {
          alpha[at] = (byte) (isKey(row, x * bands, key) ? 0 : 255);
        } else if (alpha != null) {
          alpha[at] = value(row[x * bands + bands - 1], largest[bands - 1], false);
        }
      }
    }
    return new LayeredImage(width, height, rgb, alpha);
  }

  /** The transparent colour of a PNG without alpha, a value a channel; null where it has none. */
  private int[] key(int bands) throws IOException {
    byte[] stored = file.transparent();
    if (stored == null || file.pngColour() != 0 && file.pngColour() != RGB) {
      return null;
    }
    if (stored.length < 2 * bands) {
      throw new IOException("its tRNS chunk is cut off");
    }
    int[] key = new int[bands];
    for (int band = 0; band < bands; band++) {
      int value = (stored[2 * band] & 0xFF) << 8 | stored[2 * band + 1] & 0xFF;
      key[band] = value & (1 << file.pngDepth()) - 1;
    }
    return key;
  }

  private static boolean isKey(int[] row, int at, int[] key) {
    for (int band = 0; band < key.length; band++) {
      if (row[at + band] != key[band]) {
        return false;
      }
    }
    return true;
  }

  private static byte value(int value, int largest, boolean gray) {
    if (largest == 255) {
      return (byte) value;
    }
    return (byte) (largest == 65535 && !gray ? value >> 8 : (value * 255 + largest / 2) / largest);
  }

  /**
   * Adobe stores CMYK inverted: 255 is no ink. YCCK is the first three of those values as YCbCr
   * (ITU-T T.871), of the inks that are not inverted: libjpeg gives 255 minus the RGB of it.
   */
  private static LayeredImage cmyk(Raster raster, boolean ycck) {
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
    return new LayeredImage(width, height, rgb, null);
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
}
