package io.relook.model.image;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import java.util.List;

/** What can be wrong with a picture or its settings. */
final class ImageErrors {
  private ImageErrors() {}

  static RelookException unreadable(String problem, Throwable cause) {
    return new RelookException(
        Category.DATA,
        "The picture cannot be decoded: " + problem + ". Replace or drop it.",
        cause);
  }

  static RelookException cut() {
    return unreadable("its file is cut off or damaged: the data end too early", null);
  }

  static RelookException webpLibrary(Throwable cause) {
    return new RelookException(
        Category.CONFIG,
        "WebP pictures are read by libwebp, which cannot be loaded on this machine (%s): start the JVM with -Dcom.luciad.imageio.webp.tmpdir=FOLDER, a folder that libraries may be run from."
            .formatted(cause.getMessage()),
        cause);
  }

  static RelookException transparency(String word) {
    return new RelookException(
        Category.CONFIG,
        "transparency is white (a white ground) or drop (alpha is dropped), not %s."
            .formatted(word));
  }

  static RelookException tooLarge(long width, long height, long most) {
    return new RelookException(
        Category.DATA,
        "The picture claims %d × %d pixels, the limit is %d: it was refused by its header. Scale it down or raise maxSourcePixels."
            .formatted(width, height, most));
  }

  static RelookException sourceLimit(long given, long most) {
    return new RelookException(
        Category.CONFIG,
        "maxSourcePixels must be from 1 to %d (3 bytes a pixel in one array), not %d."
            .formatted(most, given));
  }

  static RelookException preparer(int threads, int ahead) {
    return new RelookException(
        Category.CONFIG,
        "Preparing pictures needs 1 <= threads <= ahead, not %d and %d.".formatted(threads, ahead));
  }

  static RelookException ratio(int width, int height) {
    return new RelookException(
        Category.DATA,
        "The picture's sides of %d and %d pixels differ by more than 200 times, which the model cannot see. Crop it."
            .formatted(width, height));
  }

  static RelookException enlarged(double height, double width, double most) {
    return new RelookException(
        Category.DATA,
        "The pixel budget makes the picture %.0f × %.0f pixels, at most %.0f are possible: lower min_pixels."
            .formatted(width, height, most));
  }

  static RelookException settings(String problem) {
    return new RelookException(
        Category.CONFIG, "The settings of pictures cannot be used: " + problem + ".");
  }

  static RelookException settings(String file, List<String> problems) {
    return new RelookException(
        Category.CONFIG, "%s cannot be used: %s.".formatted(file, String.join("; ", problems)));
  }

  static RelookException budget(long least, long most) {
    return new RelookException(
        Category.CONFIG,
        "A pixel budget needs 1 <= minPixels <= maxPixels, not %d and %d.".formatted(least, most));
  }
}
