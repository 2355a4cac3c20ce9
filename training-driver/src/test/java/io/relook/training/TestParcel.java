package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class TestFloatBytes {
  @Test
  void valuesComeBackBitForBitWhateverTheirPieces() {
    float[][] values = {
      {1.5f, -0f, Float.MIN_VALUE, Float.NEGATIVE_INFINITY, 3e38f}, {}, {0.1f, 0.2f, 0.3f, 0.4f}
    };
    for (int piece : new int[] {1, 2, 4, 5, 100}) {
      assertArrayEquals(values, FloatBytes.of(values, piece).values(), "pieces of " + piece);
    }
    assertArrayEquals(values, FloatBytes.of(values).values());
  }

  @Test
  void noPieceIsLongerThanAsked() {
    byte[][][] pieces = FloatBytes.of(new float[][] {new float[7]}, 3).pieces();
    assertEquals(3, pieces[0].length);
    assertEquals(12, pieces[0][0].length);
    assertEquals(4, pieces[0][2].length);
  }
}
