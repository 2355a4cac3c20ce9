package io.relook.model.engine;

import java.io.Serializable;

/**
 * A picture as the model sees it: rows and columns of patches, both multiples of the merge size.
 *
 * @param patches float32 values (height · width, 3 · 2 · 14 · 14), block of 2 × 2 after block
 */
public record PictureGrid(int height, int width, float[] patches) implements Serializable {
  public PictureGrid {
    if (height < 1 || width < 1 || patches.length % (height * width) != 0) {
      throw new IllegalArgumentException(
          "%d patch values for a grid of %d × %d".formatted(patches.length, height, width));
    }
  }

  /** Tokens that stand for the picture in a prompt, at a merge size of {@code merge}. */
  public int tokens(int merge) {
    return height / merge * (width / merge);
  }

  /** Between processes. */
  private Object writeReplace() {
    SentPicture sent = SentPicture.of(this);
    return sent == null ? this : sent;
  }

  /**
   * Two grids are the same picture when they are the same object: their values are not compared.
   */
  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
