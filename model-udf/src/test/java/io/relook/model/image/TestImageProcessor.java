package io.relook.model.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.model.engine.PictureGrid;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TestImageProcessor {
  @TempDir Path folder;

  /** Multiples of 28; 70 / 28 = 2.5 rounds to the even 2, 98 / 28 = 3.5 to 4 (Python's round). */
  @Test
  void sizesRoundHalfToEven() {
    PixelBudget wide = new PixelBudget(1, 1 << 24);
    assertArrayEquals(new int[] {56, 112}, wide.fit(70, 98, 28));
    // 20 × 17 rounds to 28 × 28, below 785 pixels: scaled by sqrt(785 / 340), rounded up.
    assertArrayEquals(new int[] {56, 28}, new PixelBudget(785, 50176).fit(20, 17, 28));
    assertArrayEquals(new int[] {224, 224}, new PixelBudget(784, 50176).fit(3000, 3000, 28));
  }

  @Test
  void sidesThatDifferTooMuchAreRefused() {
    PixelBudget budget = new PixelBudget(784, 50176);
    assertEquals(
        Category.DATA,
        assertThrows(RelookException.class, () -> budget.fit(4, 900, 28)).category());
    assertThrows(RelookException.class, () -> new PixelBudget(10, 9));
  }

  @Test
  void patchesAreNormalisedDoubledAndInBlocks() throws IOException {
    byte[] rgb = new byte[56 * 56 * 3];
    rgb[3 * (14 * 56 + 0)] = (byte) 255; // first pixel of the patch below the first: number 2
    ImageProcessor processor = published();
    PictureGrid grid = processor.patches(new RgbImage(56, 56, rgb));
    assertEquals(4, grid.height());
    assertEquals(4, grid.tokens(2));
    assertEquals(16 * 1176, grid.patches().length);
    assertEquals((1 - 0.48145466) / 0.26862954, grid.patches()[2 * 1176], 1e-5);
    assertEquals((1 - 0.48145466) / 0.26862954, grid.patches()[2 * 1176 + 196], 1e-5);
    assertEquals(-0.48145466 / 0.26862954, grid.patches()[0], 1e-5);
  }

  @Test
  void aFlatPictureStaysFlatWhenResized() {
    byte[] rgb = new byte[97 * 61 * 3];
    java.util.Arrays.fill(rgb, (byte) 200);
    for (byte value : Bicubic.resize(new RgbImage(97, 61, rgb), 28, 140).rgb()) {
      assertEquals((byte) 200, value);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"rescale_factor\": 1}",
        "{\"image_mean\": [0.5]}",
        "{\"image_std\": [0, 0.5, 0.5]}",
        "{\"image_std\": [\"a\", 0.5, 0.5]}",
        "{\"patch_size\": 0}",
        "{\"resample\": 2}",
        "{\"do_center_crop\": true}",
        "{\"do_resize\": false}",
        "{\"size\": {\"height\": 224, \"width\": 224}}",
        "{\"min_pixels\": 10, \"max_pixels\": 9}",
        "{\"image_processor_type\": \"CLIP\"}"
      })
  void settingsThatAreNotOursAreErrors(String json) throws IOException {
    Files.writeString(folder.resolve("preprocessor_config.json"), json);
    assertEquals(
        Category.CONFIG,
        assertThrows(RelookException.class, () -> ImageProcessor.load(folder)).category());
  }

  @Test
  void preparationKeepsTheOrderAndErrorsStayInTheirPlace() throws IOException {
    List<byte[]> pictures = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      BufferedImage image = Drawn.ramp(28 * (1 + i % 5), 56, BufferedImage.TYPE_INT_RGB);
      pictures.add(i % 7 == 3 ? new byte[] {1, 2, 3} : Drawn.encoded(image, "png"));
    }
    int[] drawn = {0};
    Iterator<byte[]> counted = pictures.stream().peek(picture -> drawn[0]++).iterator();
    ImageProcessor processor = published().withBudget(new PixelBudget(1, 1 << 20));
    try (ImagePreparer preparer = new ImagePreparer(processor, 3, 4)) {
      Iterator<ImagePreparer.Prepared<byte[]>> results = preparer.prepare(counted, List::of);
      for (int i = 0; i < 40; i++) {
        ImagePreparer.Prepared<byte[]> result = results.next();
        assertTrue(drawn[0] <= i + 1 + 4, "at most 4 ahead");
        if (i % 7 == 3) {
          assertNull(result.grids());
          assertEquals(Category.DATA, result.error().category());
        } else {
          assertEquals(2 * (1 + i % 5), result.grids().get(0).width());
        }
      }
      assertTrue(!results.hasNext());
    }
  }

  private ImageProcessor published() throws IOException {
    Files.writeString(folder.resolve("preprocessor_config.json"), "{}");
    return ImageProcessor.load(folder);
  }
}
