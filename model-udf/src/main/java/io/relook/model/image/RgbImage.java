package io.relook.model.image;

/**
 * A decoded picture.
 *
 * @param rgb height · width · 3 bytes, rows from the top, red first
 */
public record RgbImage(int width, int height, byte[] rgb) {
  public RgbImage {
    if ((long) width * height * 3 != rgb.length) {
      throw new IllegalArgumentException(
          "%d bytes for %d × %d pixels".formatted(rgb.length, width, height));
    }
  }
}
