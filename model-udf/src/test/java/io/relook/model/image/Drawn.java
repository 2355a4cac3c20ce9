package io.relook.model.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;

/** Pictures drawn for tests. */
final class Drawn {
  private Drawn() {}

  /** Red grows to the right, green downwards, blue is 200. */
  static BufferedImage ramp(int width, int height, int type) {
    BufferedImage image = new BufferedImage(width, height, type);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int red = 255 * x / Math.max(1, width - 1);
        int green = 255 * y / Math.max(1, height - 1);
        image.setRGB(x, y, 0xFF000000 | red << 16 | green << 8 | 200);
      }
    }
    return image;
  }

  static byte[] encoded(BufferedImage image, String format) {
    return encoded(image, format, false);
  }

  static byte[] encoded(BufferedImage image, String format, boolean progressive) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
      writer.setOutput(ImageIO.createImageOutputStream(out));
      ImageWriteParam how = writer.getDefaultWriteParam();
      if (progressive) {
        how.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
      }
      writer.write(null, new IIOImage(image, null, null), how);
      ((javax.imageio.stream.ImageOutputStream) writer.getOutput()).close();
      writer.dispose();
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A PNG of any header; {@code rows} are the filtered scan lines, {@code key} a tRNS chunk. */
  static byte[] png(int width, int height, int depth, int colour, byte[] rows, byte... key) {
    Deflater deflater = new Deflater();
    deflater.setInput(rows);
    deflater.finish();
    byte[] data = new byte[rows.length + 64];
    int length = deflater.deflate(data);
    ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height);
    header.put((byte) depth).put((byte) colour);
    ByteBuffer out = ByteBuffer.allocate(length + 100);
    out.put(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10});
    chunk(out, "IHDR", header.array(), 13);
    if (key.length > 0) {
      chunk(out, "tRNS", key, key.length);
    }
    chunk(out, "IDAT", data, length);
    chunk(out, "IEND", data, 0);
    return java.util.Arrays.copyOf(out.array(), out.position());
  }

  private static void chunk(ByteBuffer out, String name, byte[] data, int length) {
    CRC32 crc = new CRC32();
    crc.update(name.getBytes(StandardCharsets.US_ASCII));
    crc.update(data, 0, length);
    out.putInt(length).put(name.getBytes(StandardCharsets.US_ASCII)).put(data, 0, length);
    out.putInt((int) crc.getValue());
  }

  /** The JPEG with a segment put behind its start marker. */
  static byte[] withSegment(byte[] jpeg, int marker, byte[] data) {
    ByteBuffer out = ByteBuffer.allocate(jpeg.length + 4 + data.length);
    out.put(jpeg, 0, 2).put((byte) 0xFF).put((byte) marker).putShort((short) (data.length + 2));
    return out.put(data).put(jpeg, 2, jpeg.length - 2).array();
  }

  /** An EXIF block whose only entry is the orientation. */
  static byte[] exif(int orientation) {
    ByteBuffer out = ByteBuffer.allocate(6 + 8 + 2 + 12 + 4);
    out.put("Exif\0\0".getBytes(StandardCharsets.US_ASCII)).put((byte) 'M').put((byte) 'M');
    out.putShort((short) 42).putInt(8).putShort((short) 1);
    out.putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) orientation);
    return out.array();
  }

  static BufferedImage read(byte[] bytes) {
    try {
      return ImageIO.read(new ByteArrayInputStream(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
