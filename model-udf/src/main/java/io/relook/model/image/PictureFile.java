package io.relook.model.image;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * A picture's bytes by their container: the format from its signature, the EXIF orientation, and
 * the bytes without colour profile. Pillow's {@code convert("RGB")} does not apply profiles;
 * ImageIO's JPEG and WebP readers would, so the profile is left out before they see the file.
 */
final class PictureFile {
  private static final byte[] EXIF = {'E', 'x', 'i', 'f', 0, 0};
  private static final byte[] PROFILE = "ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII);
  private static final int ORIENTATION = 0x0112;

  private final String format;
  private final byte[] bytes;
  private final byte[] pixelBytes;
  private int orientation = 1;
  private int adobeTransform = -1;

  private PictureFile(String format, byte[] bytes) {
    this.format = format;
    this.bytes = bytes;
    this.pixelBytes = bytes.clone();
    if (format.equals("jpeg")) {
      jpeg();
    } else if (format.equals("png")) {
      png();
    } else if (format.equals("webp")) {
      webp();
    }
  }

  static PictureFile of(byte[] bytes) {
    String format = format(bytes);
    if (format == null) {
      throw ImageErrors.unreadable("it is no PNG, JPEG, GIF, BMP or WebP", null);
    }
    return new PictureFile(format, bytes);
  }

  byte[] pixelBytes() {
    return pixelBytes;
  }

  /** 1 to 8, 1 where the file says nothing or nonsense. */
  int orientation() {
    return orientation;
  }

  /** The Adobe segment's colour transform of a JPEG: 0 none, 1 YCbCr, 2 YCCK; -1 without one. */
  int adobeTransform() {
    return adobeTransform;
  }

  ImageReader reader() throws IOException {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
    if (!readers.hasNext()) {
      throw new IOException("no decoder for " + format + " is on the class path");
    }
    return readers.next();
  }

  long pixels() throws IOException {
    ImageReader reader = reader();
    try (ImageInputStream in =
        ImageIO.createImageInputStream(new ByteArrayInputStream(pixelBytes))) {
      reader.setInput(in, true, true);
      return (long) reader.getWidth(0) * reader.getHeight(0);
    } finally {
      reader.dispose();
    }
  }

  private static String format(byte[] b) {
    if (starts(b, 0, new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10})) {
      return "png";
    }
    if (starts(b, 0, new byte[] {(byte) 0xFF, (byte) 0xD8, (byte) 0xFF})) {
      return "jpeg";
    }
    if (starts(b, 0, ascii("GIF87a")) || starts(b, 0, ascii("GIF89a"))) {
      return "gif";
    }
    if (starts(b, 0, ascii("BM"))) {
      return "bmp";
    }
    return starts(b, 0, ascii("RIFF")) && starts(b, 8, ascii("WEBP")) ? "webp" : null;
  }

  /** Walks the segments up to the scan; profile segments become comments. */
  private void jpeg() {
    int at = 2;
    while (at + 4 <= bytes.length && (bytes[at] & 0xFF) == 0xFF) {
      int marker = bytes[at + 1] & 0xFF;
      if (marker == 0xFF) {
        at++;
        continue;
      }
      int length = (bytes[at + 2] & 0xFF) << 8 | bytes[at + 3] & 0xFF;
      if (marker == 0xDA || length < 2 || at + 2 + length > bytes.length) {
        return;
      }
      int data = at + 4;
      if (marker == 0xE1 && starts(bytes, data, EXIF)) {
        orientation = orientation(data + EXIF.length, length - 2 - EXIF.length);
      } else if (marker == 0xE2 && starts(bytes, data, PROFILE)) {
        pixelBytes[at + 1] = (byte) 0xFE;
      } else if (marker == 0xEE && length >= 14 && starts(bytes, data, ascii("Adobe"))) {
        adobeTransform = bytes[data + 11] & 0xFF;
      }
      at += 2 + length;
    }
  }

  private void png() {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    for (long at = 8; at + 12 <= bytes.length; ) {
      int length = in.getInt((int) at);
      if (length < 0 || at + 12 + length > bytes.length) {
        return;
      }
      if (starts(bytes, (int) at + 4, ascii("eXIf"))) {
        orientation = orientation((int) at + 8, length);
      }
      at += 12L + length;
    }
  }

  private void webp() {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (long at = 12; at + 8 <= bytes.length; ) {
      int length = in.getInt((int) at + 4);
      if (length < 0 || at + 8 + length > bytes.length) {
        return;
      }
      int data = (int) at + 8;
      if (starts(bytes, (int) at, ascii("EXIF"))) {
        int skip = starts(bytes, data, EXIF) ? EXIF.length : 0;
        orientation = orientation(data + skip, length - skip);
      } else if (starts(bytes, (int) at, ascii("ICCP"))) {
        System.arraycopy(ascii("xICC"), 0, pixelBytes, (int) at, 4);
      } else if (starts(bytes, (int) at, ascii("VP8X")) && length > 0) {
        pixelBytes[data] &= ~0x20;
      }
      at += 8L + length + (length & 1);
    }
  }

  /** Tag 0x0112 of the first directory of a TIFF block (EXIF 2.32, 4.6.4): type SHORT or LONG. */
  private int orientation(int from, int length) {
    if (length < 8 || (long) from + length > bytes.length) {
      return 1;
    }
    boolean little = bytes[from] == 'I';
    ByteBuffer tiff =
        ByteBuffer.wrap(bytes, from, length)
            .slice()
            .order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int directory = tiff.getInt(4);
    if (tiff.getShort(2) != 42 || directory < 8 || directory > length - 2) {
      return 1;
    }
    int entries = tiff.getShort(directory) & 0xFFFF;
    for (int i = 0; i < entries && directory + 2L + 12L * (i + 1) <= length; i++) {
      int entry = directory + 2 + 12 * i;
      if ((tiff.getShort(entry) & 0xFFFF) == ORIENTATION) {
        int type = tiff.getShort(entry + 2);
        int value = type == 3 ? tiff.getShort(entry + 8) : type == 4 ? tiff.getInt(entry + 8) : 1;
        return value >= 1 && value <= 8 ? value : 1;
      }
    }
    return 1;
  }

  private static boolean starts(byte[] bytes, int at, byte[] with) {
    if (at < 0 || (long) at + with.length > bytes.length) {
      return false;
    }
    for (int i = 0; i < with.length; i++) {
      if (bytes[at + i] != with[i]) {
        return false;
      }
    }
    return true;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
