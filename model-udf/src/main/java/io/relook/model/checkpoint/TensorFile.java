package io.relook.model.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A small safetensors file read into Java arrays: optimizer state, reference numbers, workloads.
 */
public final class TensorFile {
  private final Map<String, SafetensorsFile.Tensor> tensors = new TreeMap<>();

  public TensorFile(Path file) {
    for (SafetensorsFile.Tensor tensor : SafetensorsFile.read(file, file.toString())) {
      tensors.put(tensor.name(), tensor);
    }
  }

  /** The tensors' names, sorted. */
  public java.util.Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  public boolean has(String name) {
    return tensors.containsKey(name);
  }

  public List<Long> shape(String name) {
    return tensor(name).shape();
  }

  /** Values of type F32, F16 or BF16. */
  public float[] floats(String name) {
    SafetensorsFile.Tensor tensor = tensor(name);
    ByteBuffer bytes = read(tensor);
    if (tensor.dtype().equals("F32")) {
      float[] values = new float[bytes.remaining() / 4];
      bytes.asFloatBuffer().get(values);
      return values;
    }
    if (tensor.dtype().equals("BF16")) {
      float[] values = new float[bytes.remaining() / 2];
      for (int i = 0; i < values.length; i++) {
        values[i] = DType.BF16.value(bytes.getShort());
      }
      return values;
    }
    if (tensor.dtype().equals("F16")) {
      float[] values = new float[bytes.remaining() / 2];
      for (int i = 0; i < values.length; i++) {
        values[i] = DType.F16.value(bytes.getShort());
      }
      return values;
    }
    throw wrongType(tensor, "F32, F16 or BF16");
  }

  /** Values of type I64. */
  public long[] longs(String name) {
    SafetensorsFile.Tensor tensor = tensor(name);
    if (!tensor.dtype().equals("I64")) {
      throw wrongType(tensor, "I64");
    }
    ByteBuffer bytes = read(tensor);
    long[] values = new long[bytes.remaining() / 8];
    bytes.asLongBuffer().get(values);
    return values;
  }

  /** Values of type U8. */
  public byte[] bytes(String name) {
    SafetensorsFile.Tensor tensor = tensor(name);
    if (!tensor.dtype().equals("U8")) {
      throw wrongType(tensor, "U8");
    }
    byte[] values = new byte[(int) tensor.bytes()];
    read(tensor).get(values);
    return values;
  }

  private SafetensorsFile.Tensor tensor(String name) {
    SafetensorsFile.Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("no tensor " + name + " among " + tensors.keySet());
    }
    return tensor;
  }

  private static IllegalArgumentException wrongType(SafetensorsFile.Tensor tensor, String wanted) {
    return new IllegalArgumentException(
        "tensor %s is %s, not %s".formatted(tensor.name(), tensor.dtype(), wanted));
  }

  private static ByteBuffer read(SafetensorsFile.Tensor tensor) {
    try (FileChannel channel = FileChannel.open(tensor.file(), StandardOpenOption.READ)) {
      return channel
          .map(FileChannel.MapMode.READ_ONLY, tensor.offset(), tensor.bytes())
          .order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(tensor.file().toString(), e);
    }
  }
}
