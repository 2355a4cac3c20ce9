package io.relook.model.engine;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * A row's uniform numbers: number n is a function of the row's key and n alone, so that neither the
 * batch, nor its order, nor a retry changes what is drawn. SplitMix64 (doi 10.1145/2714064.2660195)
 * at state key + n·γ; the key is the head of SHA-256 of the row's key.
 */
final class RandomStream {
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  private final long seed;

  RandomStream(String key) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
      this.seed = ByteBuffer.wrap(digest).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** In [0, 1), a multiple of 2⁻²⁴. */
  float uniform(int n) {
    long z = seed + (n + 1L) * GAMMA;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return ((z ^ (z >>> 31)) >>> 40) * 0x1p-24f;
  }
}
