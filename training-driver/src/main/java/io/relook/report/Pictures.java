package io.relook.report;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.model.image.PictureDecoder;
import io.relook.model.image.RgbImage;
import io.relook.report.RunReport.Picture;
import java.awt.Image;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import javax.imageio.ImageIO;

/**
 * Pictures as data URIs: small ones of a browser's formats as they are, others smaller, as JPEG.
 */
final class Pictures {
  private static final int MOST_BYTES = 256 << 10;
  private static final int LONGEST_SIDE = 768;

  private Pictures() {}

  static Picture of(Rows.Image image) {
    String type = type(image.bytes());
    if (type != null && image.bytes().length <= MOST_BYTES) {
      return new Picture(uri(type, image.bytes()), image.width(), image.height(), null);
    }
    try {
      byte[] jpeg = jpeg(new PictureDecoder().decode(image.bytes()));
      return new Picture(uri("image/jpeg", jpeg), image.width(), image.height(), null);
    } catch (RelookException e) {
      return new Picture(null, image.width(), image.height(), e.getMessage());
    }
  }

  /** By the first bytes; null where a browser may not show it. */
  private static String type(byte[] bytes) {
    String head = new String(bytes, 0, Math.min(12, bytes.length), StandardCharsets.ISO_8859_1);
    if (head.startsWith("\u0089PNG\r\n")) {
      return "image/png";
    } else if (head.startsWith("\u00ff\u00d8\u00ff")) {
      return "image/jpeg";
    } else if (head.startsWith("GIF8")) {
      return "image/gif";
    }
    return head.startsWith("RIFF") && head.endsWith("WEBP") ? "image/webp" : null;
  }

  private static byte[] jpeg(RgbImage image) {
    BufferedImage whole =
        new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
    int[] row = new int[image.width()];
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < row.length; x++) {
        int at = (y * row.length + x) * 3;
        byte[] rgb = image.rgb();
        row[x] = (rgb[at] & 255) << 16 | (rgb[at + 1] & 255) << 8 | rgb[at + 2] & 255;
      }
      whole.setRGB(0, y, row.length, 1, row, 0, row.length);
    }
    double scale = Math.min(1, (double) LONGEST_SIDE / Math.max(image.width(), image.height()));
    int width = (int) Math.max(1, Math.round(image.width() * scale));
    int height = (int) Math.max(1, Math.round(image.height() * scale));
    BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Image scaled = whole.getScaledInstance(width, height, Image.SCALE_AREA_AVERAGING);
    small.getGraphics().drawImage(scaled, 0, 0, null);
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ImageIO.write(small, "jpeg", out);
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String uri(String type, byte[] bytes) {
    return "data:%s;base64,%s".formatted(type, Base64.getEncoder().encodeToString(bytes));
  }
}
