package io.relook.parity;

import com.fasterxml.jackson.databind.JsonNode;
import io.relook.lakehouse.RelookException;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.engine.PictureGrid;
import io.relook.model.image.ImageProcessor;
import io.relook.model.image.PixelBudget;
import io.relook.model.image.RgbImage;
import io.relook.model.image.Transparency;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;

/** {@code images.json}: decoding, resizing and patches of each picture under each budget. */
final class PictureChecks {
  private static final String SCALED = "sixteen_bit.png";

  private PictureChecks() {}

  static void run(
      Report report, Path folder, JsonNode goldens, TensorFile tensors, ImageProcessor settings)
      throws IOException {
    Transparency ground = ground(folder, goldens, tensors, settings);
    if (ground != Transparency.WHITE) {
      report.notCompared("images on a white ground", "this reference dropped their alpha");
    }
    ImageProcessor base = settings.withTransparency(ground);
    for (JsonNode c : goldens.path("cases")) {
      String file = c.path("file").asText();
      String name = "images." + file + "@" + c.path("budget").asText();
      PixelBudget budget =
          new PixelBudget(c.path("min_pixels").asLong(), c.path("max_pixels").asLong());
      ImageProcessor processor = base.withBudget(budget);
      byte[] bytes = Files.readAllBytes(folder.resolve("images").resolve(file));
      if (c.has("error")) {
        report.equal(name + " refused", isRefused(processor, bytes) ? 0 : 1);
      } else {
        decoded(report, name, file, c, tensors, processor, bytes);
      }
    }
    report.notCompared(
        "images.*.resized_sha256", "values are compared, and one level of rounding is allowed");
    long different = 0;
    for (JsonNode row : goldens.path("smart_resize").path("rows")) {
      different += isSame(row) ? 0 : 1;
    }
    report.equal("images.smart_resize", different);
  }

  /**
   * The reference's, which depends on its version and on who opened its pictures: what the first
   * decoded picture says that has alpha. White, the default, where there is none.
   */
  private static Transparency ground(
      Path folder, JsonNode goldens, TensorFile tensors, ImageProcessor settings)
      throws IOException {
    for (JsonNode c : goldens.path("cases")) {
      String file = c.path("file").asText();
      if (!c.has("error") && tensors.has("rgb:" + file)) {
        byte[] bytes = Files.readAllBytes(folder.resolve("images").resolve(file));
        byte[] white = rgb(settings, Transparency.WHITE, bytes);
        byte[] drop = rgb(settings, Transparency.DROP, bytes);
        byte[] reference = tensors.bytes("rgb:" + file);
        if (!Arrays.equals(white, drop)) {
          return levels(drop, reference) < levels(white, reference)
              ? Transparency.DROP
              : Transparency.WHITE;
        }
      }
    }
    return Transparency.WHITE;
  }

  private static byte[] rgb(ImageProcessor settings, Transparency ground, byte[] bytes) {
    return settings.withTransparency(ground).decoder().decode(bytes).rgb();
  }

  private static void decoded(
      Report report,
      String name,
      String file,
      JsonNode c,
      TensorFile tensors,
      ImageProcessor processor,
      byte[] bytes) {
    RgbImage image = processor.decoder().decode(bytes);
    RgbImage resized = processor.resize(image);
    PictureGrid grid = processor.patches(resized);
    boolean jpeg = file.endsWith(".jpg");
    long sizes =
        image.width() == c.path("width").asInt() && image.height() == c.path("height").asInt()
            ? 0
            : 1;
    sizes +=
        grid.height() == c.path("grid_thw").get(1).asInt()
                && grid.width() == c.path("grid_thw").get(2).asInt()
            ? 0
            : 1;
    report.equal(name + " size", sizes);
    if (file.equals(SCALED)) {
      report.byDesign(
          name + " rgb",
          levels(image.rgb(), scaled(bytes)),
          Tolerance.EQUAL,
          "16 bits are scaled by 1/257; the reference clips them to white");
      return;
    }
    String rgb = "rgb:" + file;
    if (tensors.has(rgb)) {
      compare(report, name + " rgb", image.rgb(), tensors.bytes(rgb), jpeg);
    }
    String key = file + "@" + c.path("budget").asText();
    if (tensors.has(key)) {
      compare(report, name + " resized", resized.rgb(), tensors.bytes(key), jpeg);
    } else {
      report.notCompared(
          name + " resized", "the folder keeps no pixels of this picture at this size");
    }
    patches(report, name, c, grid, jpeg);
  }

  /** The normalised values: rows spot-checked in levels, and over all of them mean and spread. */
  private static void patches(
      Report report, String name, JsonNode c, PictureGrid grid, boolean jpeg) {
    float[] patches = grid.patches();
    int columns = c.path("columns").asInt();
    long sizes = patches.length == (long) c.path("rows").asInt() * columns ? 0 : 1;
    report.equal(name + " rows and columns", sizes);
    if (sizes > 0) {
      return;
    }
    double worst = 0;
    for (int i = 0; i < c.path("first_row").size(); i++) {
      worst = Math.max(worst, Math.abs(patches[147 * i] - c.path("first_row").get(i).asDouble()));
      int last = patches.length - columns + 147 * i;
      worst = Math.max(worst, Math.abs(patches[last] - c.path("last_row").get(i).asDouble()));
    }
    // A level of difference is 1 / (255 · 0.26): rows are compared in levels.
    report.within(
        name + " patches (levels)",
        Math.floor(worst * 255 * 0.26 + 0.01),
        jpeg ? Tolerance.JPEG_LEVELS : Tolerance.EQUAL);
    if (jpeg) {
      report.notCompared(name + " mean, std", "decoders of JPEG differ; its values are compared");
    } else {
      double mean = 0;
      for (float value : patches) {
        mean += value / patches.length;
      }
      double variance = 0;
      for (float value : patches) {
        variance += (value - mean) * (value - mean) / (patches.length - 1);
      }
      report.within(
          name + " mean, std",
          Math.max(
              Math.abs(mean - c.path("mean").asDouble()),
              Math.abs(Math.sqrt(variance) - c.path("std").asDouble())),
          Tolerance.VALUES);
    }
  }

  private static void compare(
      Report report, String name, byte[] ours, byte[] theirs, boolean jpeg) {
    if (jpeg) {
      report.within(name + " (levels)", levels(ours, theirs), Tolerance.JPEG_LEVELS);
      return;
    }
    long different = 0;
    for (int i = 0; i < Math.min(ours.length, theirs.length); i++) {
      different += ours[i] == theirs[i] ? 0 : 1;
    }
    double share =
        levels(ours, theirs) > 1 ? Double.POSITIVE_INFINITY : (double) different / ours.length;
    report.within(name + " (share off by one)", share, Tolerance.PIXEL_SHARE);
  }

  /** What the design says of a gray picture of 16 bits: value / 257, three times. */
  private static byte[] scaled(byte[] file) {
    try {
      Raster gray = ImageIO.read(new ByteArrayInputStream(file)).getRaster();
      byte[] rgb = new byte[3 * gray.getWidth() * gray.getHeight()];
      for (int i = 0; i < rgb.length; i++) {
        int pixel = i / 3;
        int value = gray.getSample(pixel % gray.getWidth(), pixel / gray.getWidth(), 0);
        rgb[i] = (byte) Math.round(value / 257.0);
      }
      return rgb;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static double levels(byte[] ours, byte[] theirs) {
    if (ours.length != theirs.length) {
      return Double.POSITIVE_INFINITY;
    }
    int worst = 0;
    for (int i = 0; i < ours.length; i++) {
      worst = Math.max(worst, Math.abs((ours[i] & 0xFF) - (theirs[i] & 0xFF)));
    }
    return worst;
  }

  private static boolean isRefused(ImageProcessor processor, byte[] bytes) {
    try {
      processor.process(bytes);
      return false;
    } catch (RelookException e) {
      return e.category() == RelookException.Category.DATA;
    }
  }

  private static boolean isSame(JsonNode row) {
    try {
      int[] size =
          new PixelBudget(row.get(3).asLong(), row.get(4).asLong())
              .fit(row.get(0).asInt(), row.get(1).asInt(), row.get(2).asInt());
      return row.get(5).isInt() && size[0] == row.get(5).asInt() && size[1] == row.get(6).asInt();
    } catch (RelookException e) {
      return row.get(5).isNull();
    }
  }
}
