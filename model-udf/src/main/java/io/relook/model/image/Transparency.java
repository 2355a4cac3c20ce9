package io.relook.model.image;

import java.util.Locale;

/** What the model sees where a picture is transparent. */
public enum Transparency {
  /**
   * A white ground, as transformers 5.23.0 lays it under a decoded picture ({@code
   * image_transforms.convert_to_rgb}): Pillow's {@code alpha_composite}, value for value.
   */
  WHITE,

  /** The colours that are stored there: transformers 4.57.6, and {@code load_image} of both. */
  DROP;

  /** As presets, stages and fingerprints write it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Transparency of(String word) {
    for (Transparency one : values()) {
      if (one.word().equals(word)) {
        return one;
      }
    }
    throw ImageErrors.transparency(word);
  }

  RgbImage of(LayeredImage image) {
    byte[] rgb = image.rgb();
    byte[] alpha = image.alpha();
    if (this == WHITE && alpha != null) {
      for (int i = 0; i < rgb.length; i++) {
        rgb[i] = onWhite(rgb[i] & 0xFF, alpha[i / 3] & 0xFF);
      }
    }
    return new RgbImage(image.width(), image.height(), rgb);
  }

  /** Pillow's division by 255, in 7 bits of further precision. */
  private static byte onWhite(int colour, int alpha) {
    int sum = (colour * alpha + 255 * (255 - alpha) + 128) << 7;
    return (byte) (((sum >> 8) + sum) >> 15);
  }
}
