package io.relook.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Bit patterns of IEEE 754's binary16 and of bfloat16, and the values that they are. */
final class TestDType {
  @Test
  void halfPrecisionIsReadBitForBit() {
    half(0x0000, 0f);
    half(0x8000, -0f);
    half(0x3C00, 1f);
    half(0xC000, -2f);
    half(0x3555, 0.333251953125f);
    half(0x7BFF, 65504f);
    half(0x0400, 0x1p-14f);
    half(0x03FF, 1023 * 0x1p-24f);
    half(0x8001, -0x1p-24f);
    half(0x7C00, Float.POSITIVE_INFINITY);
    half(0xFC00, Float.NEGATIVE_INFINITY);
    half(0x7E00, Float.NaN);
  }

  @Test
  void bfloat16IsTheUpperHalf() {
    assertEquals(1f, DType.BF16.value((short) 0x3F80));
    assertEquals(-3.140625f, DType.BF16.value((short) 0xC049));
  }

  private static void half(int bits, float value) {
    assertEquals(value, DType.F16.value((short) bits), "0x%04X".formatted(bits));
  }
}
