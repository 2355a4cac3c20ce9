package io.relook.model.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TestPictureDecoder {
  private final PictureDecoder decoder = new PictureDecoder();

  @Test
  void sixteenBitsAreScaledNotClipped() {
    // 0x0000, 0x0101, 0x8080, 0xFFFF are 0, 1, 128, 255 times 257.
    byte[] rows = {0, 0, 0, 1, 1, (byte) 0x80, (byte) 0x80, (byte) 0xFF, (byte) 0xFF};
    assertArrayEquals(new int[] {0, 1, 128, 255}, reds(Drawn.png(4, 1, 16, 0, rows)));
  }

  @ParameterizedTest
  @CsvSource({"1, 64, 0 255 0 0", "2, 108, 85 170 255 0", "4, 31, 17 255 0 0"})
  void grayOfFewBitsSpansBlackToWhite(int depth, int bits, String expected) {
    int[] levels = Arrays.stream(expected.split(" ")).mapToInt(Integer::parseInt).toArray();
    byte[] rows = {0, (byte) bits, 0};
    int[] reds = reds(Drawn.png(4, 1, depth, 0, Arrays.copyOf(rows, depth == 4 ? 3 : 2)));
    assertArrayEquals(levels, reds);
  }

  /** 10 · 51 + 255 · 204 = 52,530, which is 206 times 255. */
  @Test
  void aWhiteGroundIsLaidUnderAlphaOrAlphaIsDropped() {
    byte[] rows = {0, 10, 20, 30, 51, 40, 50, 60, (byte) 255, 1, 2, 3, 0};
    byte[] png = Drawn.png(3, 1, 8, 6, rows);
    assertArrayEquals(
        new byte[] {(byte) 206, (byte) 208, (byte) 210, 40, 50, 60, -1, -1, -1},
        decoder.decode(png).rgb());
    assertArrayEquals(
        new byte[] {10, 20, 30, 40, 50, 60, 1, 2, 3},
        decoder.with(Transparency.DROP).decode(png).rgb());
    assertThrows(RelookException.class, () -> Transparency.of("black"));
  }

  /** PNG specification, 11.3.2.1: the key is a stored value, whatever the depth. */
  @ParameterizedTest
  @CsvSource({
    "1, 64, 1, 0 255 0 0",
    "2, 27, 3, 0 85 170 255",
    "2, 27, 1, 0 255 170 255",
    "4, 31, 1, 255 255",
    "4, 31, 15, 17 255"
  })
  void aTransparentGrayIsComparedAsStored(int depth, int bits, int key, String expected) {
    int[] levels = Arrays.stream(expected.split(" ")).mapToInt(Integer::parseInt).toArray();
    byte[] rows = {0, (byte) bits};
    byte[] png = Drawn.png(levels.length, 1, depth, 0, rows, (byte) 0, (byte) key);
    assertArrayEquals(levels, reds(png));
  }

  @Test
  void transparentColoursOfSixteenBitsAreComparedAsStored() {
    byte[] gray = {0, 0x12, 0x34, 0x12, 0x35};
    assertArrayEquals(
        new int[] {255, 18}, reds(Drawn.png(2, 1, 16, 0, gray, (byte) 0x12, (byte) 0x34)));
    byte[] rgb = {0, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 7};
    byte[] key = {1, 2, 3, 4, 5, 6};
    assertArrayEquals(new int[] {255, 1}, reds(Drawn.png(2, 1, 16, 2, rgb, key)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp", "gif"})
  void losslessFormatsKeepTheirBytes(String format) {
    byte[] bytes = Drawn.encoded(Drawn.ramp(33, 21, BufferedImage.TYPE_INT_RGB), format);
    BufferedImage expected = Drawn.read(bytes);
    RgbImage image = decoder.decode(bytes);
    for (int y = 0; y < 21; y++) {
      for (int x = 0; x < 33; x++) {
        assertEquals(expected.getRGB(x, y) & 0xFFFFFF, pixel(image, x, y));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void jpegIsNearItsSource(boolean progressive) {
    byte[] bytes =
        Drawn.encoded(Drawn.ramp(64, 48, BufferedImage.TYPE_INT_RGB), "jpeg", progressive);
    RgbImage image = decoder.decode(bytes);
    assertEquals(255 * 32 / 63, pixel(image, 32, 24) >> 16, 8);
    assertEquals(255 * 24 / 47, pixel(image, 32, 24) >> 8 & 0xFF, 8);
  }

  /** The stored picture is 3 wide, 2 high, its corners 1 2 / 3 4; EXIF 2.32 says what is shown. */
  @ParameterizedTest
  @CsvSource({
    "1, 3, 1 2 3 4", "2, 3, 2 1 4 3", "3, 3, 4 3 2 1", "4, 3, 3 4 1 2",
    "5, 2, 1 3 2 4", "6, 2, 3 1 4 2", "7, 2, 4 2 3 1", "8, 2, 2 4 1 3",
    "0, 3, 1 2 3 4", "9, 3, 1 2 3 4"
  })
  void orientationTurnsThePicture(int orientation, int width, String corners) {
    BufferedImage image = new BufferedImage(48, 32, BufferedImage.TYPE_BYTE_GRAY);
    for (int y = 0; y < 32; y++) {
      for (int x = 0; x < 48; x++) {
        image.getRaster().setSample(x, y, 0, 60 * ((x < 24 ? 1 : 2) + (y < 16 ? 0 : 2)));
      }
    }
    byte[] jpeg = Drawn.withSegment(Drawn.encoded(image, "jpeg"), 0xE1, Drawn.exif(orientation));
    RgbImage shown = decoder.decode(jpeg);
    assertEquals(16 * width, shown.width());
    int right = shown.width() - 5;
    int bottom = shown.height() - 5;
    String got =
        "%d %d %d %d"
            .formatted(
                level(shown, 4, 4),
                level(shown, right, 4),
                level(shown, 4, bottom),
                level(shown, right, bottom));
    assertEquals(corners, got);
  }

  @Test
  void bombsAreRefusedByTheirHeader() {
    byte[] bomb = Drawn.png(50_000, 50_000, 1, 0, new byte[1000]);
    assertTrue(bomb.length < 4096);
    assertEquals(2_500_000_000L, decoder.claimedPixels(bomb));
    RelookException error = assertThrows(RelookException.class, () -> decoder.decode(bomb));
    assertEquals(Category.DATA, error.category());
    assertTrue(error.getMessage().contains("50000 × 50000"), error.getMessage());
  }

  @Test
  void everyFormatsHeaderIsBelievedBeforeItsPixels() {
    byte[] gif = Drawn.encoded(Drawn.ramp(8, 8, BufferedImage.TYPE_INT_RGB), "gif");
    byte[] bmp = Drawn.encoded(Drawn.ramp(8, 8, BufferedImage.TYPE_INT_RGB), "bmp");
    byte[] jpeg = Drawn.encoded(Drawn.ramp(8, 8, BufferedImage.TYPE_INT_RGB), "jpeg");
    byte[] png = Drawn.encoded(Drawn.ramp(8, 8, BufferedImage.TYPE_INT_RGB), "png");
    for (byte[] bytes : new byte[][] {gif, bmp, jpeg, png}) {
      PictureDecoder strict = new PictureDecoder(63);
      RelookException error = assertThrows(RelookException.class, () -> strict.decode(bytes));
      assertTrue(error.getMessage().contains("maxSourcePixels"), error.getMessage());
      assertEquals(8, new PictureDecoder(64).decode(bytes).width());
    }
  }

  @Test
  void whatIsNoPictureSaysSo() {
    for (byte[] bytes : new byte[][] {null, {}, "this is no image".getBytes(), {'B', 'M'}}) {
      RelookException error = assertThrows(RelookException.class, () -> decoder.decode(bytes));
      assertEquals(Category.DATA, error.category());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp", "gif", "jpeg"})
  void truncatedPicturesAreRefused(String format) {
    byte[] bytes = Drawn.encoded(Drawn.ramp(90, 70, BufferedImage.TYPE_INT_RGB), format);
    for (int tenths = 0; tenths < 9; tenths++) {
      byte[] cut = Arrays.copyOf(bytes, bytes.length * tenths / 10);
      assertThrows(RelookException.class, () -> decoder.decode(cut), tenths + " tenths");
    }
  }

  @Test
  void theLimitItselfIsChecked() {
    for (long limit : new long[] {0, -1, Integer.MAX_VALUE}) {
      assertEquals(
          Category.CONFIG,
          assertThrows(RelookException.class, () -> new PictureDecoder(limit)).category());
    }
  }

  private int[] reds(byte[] png) {
    RgbImage image = decoder.decode(png);
    int[] reds = new int[image.width()];
    for (int x = 0; x < reds.length; x++) {
      reds[x] = pixel(image, x, 0) >> 16;
    }
    return reds;
  }

  private static int level(RgbImage image, int x, int y) {
    return Math.round((pixel(image, x, y) & 0xFF) / 60f);
  }

  private static int pixel(RgbImage image, int x, int y) {
    int at = 3 * (y * image.width() + x);
    byte[] rgb = image.rgb();
    return (rgb[at] & 0xFF) << 16 | (rgb[at + 1] & 0xFF) << 8 | rgb[at + 2] & 0xFF;
  }
}
