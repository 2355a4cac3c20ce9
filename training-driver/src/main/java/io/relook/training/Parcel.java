package io.relook.training;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What travels between driver and executors, as arrays of bytes: every {@code spark.serializer}
 * takes those and knows them unregistered, while Kryo makes no records and no immutable lists.
 * Java, too, is several times faster with bytes than with floats, which it takes value by value.
 *
 * @param value of any shape
 * @param tensors values of each
 */
record Parcel<T extends Serializable>(T value, float[][] tensors) {
  /** Floats a piece: 64 MiB. The embeddings of a large model have more bytes than an array may. */
  private static final int PIECE = 1 << 24;

  /** What the first array holds: the value, and how long each tensor is. */
  private record Label(Serializable value, int[] lengths, int piece) implements Serializable {}

  static byte[][] pack(Serializable value, float[][] tensors) {
    return pack(value, tensors, PIECE);
  }

  static byte[][] pack(Serializable value, float[][] tensors, int piece) {
    int[] lengths = Arrays.stream(tensors).mapToInt(tensor -> tensor.length).toArray();
    List<byte[]> arrays = new ArrayList<>();
    arrays.add(written(new Label(value, lengths, piece)));
    for (float[] tensor : tensors) {
      for (int left = tensor.length; left > 0; left -= piece) {
        byte[] bytes = new byte[Math.min(piece, left) * Float.BYTES];
        view(bytes).put(tensor, tensor.length - left, bytes.length / Float.BYTES);
        arrays.add(bytes);
      }
    }
    return arrays.toArray(byte[][]::new);
  }

  /** Of a parcel that was packed with a {@code T}. */
  static <T extends Serializable> Parcel<T> open(byte[][] arrays) {
    Label label = (Label) read(arrays[0]);
    float[][] tensors = new float[label.lengths.length][];
    int next = 1;
    for (int i = 0; i < tensors.length; i++) {
      tensors[i] = new float[label.lengths[i]];
      for (int left = tensors[i].length; left > 0; left -= label.piece) {
        view(arrays[next++]).get(tensors[i], tensors[i].length - left, Math.min(label.piece, left));
      }
    }
    @SuppressWarnings("unchecked")
    T value = (T) label.value;
    return new Parcel<>(value, tensors);
  }

  private static byte[] written(Serializable value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static Object read(byte[] bytes) {
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
      return in.readObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  private static FloatBuffer view(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }
}
