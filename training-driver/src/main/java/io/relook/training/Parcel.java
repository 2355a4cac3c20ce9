package io.relook.training;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * Tensors' values as they travel: Java writes and reads an array of bytes several times faster than
 * one of floats, which it takes value by value.
 *
 * @param pieces of each tensor: the embeddings of a large model have more bytes than an array may
 */
record FloatBytes(byte[][][] pieces) implements Serializable {
  /** Floats a piece: 64 MiB. */
  private static final int PIECE = 1 << 24;

  static FloatBytes of(float[][] values) {
    return of(values, PIECE);
  }

  static FloatBytes of(float[][] values, int piece) {
    byte[][][] pieces = new byte[values.length][][];
    for (int i = 0; i < values.length; i++) {
      int length = values[i].length;
      pieces[i] = new byte[(length - 1) / piece + 1][];
      for (int k = 0; k < pieces[i].length; k++) {
        int count = Math.min(piece, length - k * piece);
        pieces[i][k] = new byte[count * Float.BYTES];
        view(pieces[i][k]).put(values[i], k * piece, count);
      }
    }
    return new FloatBytes(pieces);
  }

  float[][] values() {
    float[][] values = new float[pieces.length][];
    for (int i = 0; i < pieces.length; i++) {
      int length = 0;
      for (byte[] piece : pieces[i]) {
        length += piece.length / Float.BYTES;
      }
      values[i] = new float[length];
      int at = 0;
      for (byte[] piece : pieces[i]) {
        view(piece).get(values[i], at, piece.length / Float.BYTES);
        at += piece.length / Float.BYTES;
      }
    }
    return values;
  }

  private static FloatBuffer view(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }
}
