package io.relook.model.checkpoint;

import java.nio.file.Path;
import java.util.List;

/**
 * Where a tensor's bytes lie: little-endian, row-major, checked against its file.
 *
 * @param file on this machine
 * @param offset of the first byte in the file
 */
public record TensorEntry(
    String name, DType dtype, List<Long> shape, Path file, long offset, long bytes) {
  public TensorEntry {
    shape = List.copyOf(shape);
  }
}
