package io.relook.model.image;

/**
 * A decoded picture before its ground is laid.
 *
 * @param rgb height · width · 3 bytes, rows from the top, red first, not multiplied by alpha
 * @param alpha height · width bytes, 255 is opaque; null where all is
 */
record LayeredImage(int width, int height, byte[] rgb, byte[] alpha) {
  LayeredImage {
    if ((long) width * height * 3 != rgb.length
        || alpha != null && alpha.length * 3 != rgb.length) {
      throw new IllegalArgumentException("%d × %d pixels".formatted(width, height));
    }
  }
}
