package io.relook.model.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A picture's bytes by their container: the format from its signature, the EXIF orientation, and
 * the bytes without colour profile. Pillow's {@code convert("RGB")} does not apply profiles;
 * ImageIO's JPEG reader would, so the profile is left out before it sees the file. So is a PNG's
 * transparency, which ImageIO reads of some colour types only: {@link StandardPicture} applies it.
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
  private byte[] transparent;

  private PictureFile(String format, byte[] bytes) {
    this.format = format;
    this.bytes = bytes;
    this.pixelBytes = bytes.clone();
    if (format.equals("jpeg")) {
      jpeg();
    } else if (format.equals("png")) {
      png();
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

  /** What a PNG's tRNS chunk holds; null without one. */
  byte[] transparent() {
    return transparent;
  }

  /** A PNG's colour type; -1 of other files. */
  int pngColour() {
    return format.equals("png") && bytes.length > 25 ? bytes[25] : -1;
  }

  /** A PNG's bits a channel. */
  int pngDepth() {
    return bytes[24];
  }

  /** Not a bitmap's without BI_BITFIELDS, as with Pillow: ImageIO believes the mask alone. */
  boolean mayHaveAlpha() {
    return !format.equals("bmp") || bytes.length > 30 && bytes[30] == 3;
  }

  /** Reads the header. */
  OpenPicture open() throws IOException {
    switch (format) {
      case "gif":
        return new GifPicture(bytes);
      case "webp":
        WebpPicture picture = new WebpPicture(bytes);
        int[] exif = picture.exif();
        int skip = starts(bytes, exif[0], EXIF) ? EXIF.length : 0;
        orientation = orientation(exif[0] + skip, exif[1] - skip);
        return picture;
      default:
        return new StandardPicture(this, format);
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
      } else if (starts(bytes, (int) at + 4, ascii("tRNS"))) {
        transparent = Arrays.copyOfRange(bytes, (int) at + 8, (int) at + 8 + length);
        pixelBytes[(int) at + 4] = 'x';
      }
      at += 12L + length;
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
