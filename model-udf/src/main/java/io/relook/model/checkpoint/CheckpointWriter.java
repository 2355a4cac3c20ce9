package io.relook.model.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.lakehouse.Keys;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileSystem;

/**
 * Writes checkpoints in Hugging Face layout through Hadoop's FileSystem. Files go under a prefix
 * that is nobody else's, and nothing is renamed: whoever records the prefix commits it.
 */
public final class CheckpointWriter {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A tensor's values on demand, so that no two tensors need to be in memory together. */
  public interface Source {
    float[] values(String name, int count);
  }

  /** A tensor to write. */
  public record Target(String name, List<Long> shape) {
    long values() {
      return shape.stream().reduce(1L, Math::multiplyExact);
    }
  }

  private final Configuration hadoop;

  public CheckpointWriter(Configuration hadoop) {
    this.hadoop = hadoop;
  }

  /**
   * Writes a policy: weights of the model's tensors as {@code dtype}, and the side files. Returns
   * the SHA-256 of the weights' file, hexadecimal.
   */
  public String write(
      String uri, SideFiles beside, ModelConfig config, DType dtype, Source source) {
    List<Target> targets = new ArrayList<>();
    ExpectedTensors.of(config).forEach((name, shape) -> targets.add(new Target(name, shape)));
    String sha256 = writeTensors(uri + "/model.safetensors", targets, dtype, source);
    try {
      org.apache.hadoop.fs.Path folder = new org.apache.hadoop.fs.Path(uri);
      FileSystem files = folder.getFileSystem(hadoop);
      for (Map.Entry<String, byte[]> file : beside.contents().entrySet()) {
        String name = file.getKey();
        byte[] bytes = file.getValue();
        if (name.equals(CheckpointFiles.CONFIG)) {
          bytes = SideFiles.config(bytes, config, torchName(dtype));
        }
        try (OutputStream out = files.create(new org.apache.hadoop.fs.Path(folder, name), true)) {
          out.write(bytes);
        }
      }
    } catch (IOException | FSError e) { // FSError: what Hadoop makes of a full local disk.
      throw CheckpointErrors.unwritable(uri, e);
    }
    return sha256;
  }

  /** Copies a checkpoint on this machine with its weights rounded to bfloat16. */
  public void round(Path from, Path to) {
    try (Checkpoint source = Checkpoint.open(from.toString(), hadoop)) {
      TensorFile tensors = new TensorFile(from.resolve("model.safetensors"));
      write(
          to.toString(),
          SideFiles.read(from),
          source.config(),
          DType.BF16,
          (name, count) -> tensors.floats(name));
    }
  }

  /** Writes a small file of settings. */
  public void writeJson(String uri, ObjectNode json) {
    try {
      org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(uri);
      try (OutputStream out = path.getFileSystem(hadoop).create(path, true)) {
        out.write(JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(json));
      }
    } catch (IOException | FSError e) { // FSError: what Hadoop makes of a full local disk.
      throw CheckpointErrors.unwritable(uri, e);
    }
  }

  /**
   * Writes one safetensors file, float32 or bfloat16 (rounded to nearest even); returns its
   * SHA-256, hexadecimal.
   */
  public String writeTensors(String uri, List<Target> targets, DType dtype, Source source) {
    ObjectNode header = JSON.createObjectNode();
    header.putObject("__metadata__").put("format", "pt");
    long at = 0;
    for (Target target : targets) {
      long end = Math.addExact(at, Math.multiplyExact(target.values(), (long) dtype.bytes()));
      ObjectNode entry = header.putObject(target.name()).put("dtype", dtype.name());
      target.shape().forEach(entry.withArray("shape")::add);
      entry.putArray("data_offsets").add(at).add(end);
      at = end;
    }
    MessageDigest digest = Keys.sha256();
    try {
      org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(uri);
      FileSystem files = path.getFileSystem(hadoop);
      byte[] json = JSON.writeValueAsBytes(header);
      int padded = (json.length + 7) / 8 * 8;
      try (OutputStream out = new DigestOutputStream(files.create(path, true), digest)) {
        out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(padded).array());
        out.write(json);
        out.write(" ".repeat(padded - json.length).getBytes(StandardCharsets.US_ASCII));
        for (Target target : targets) {
          float[] values = source.values(target.name(), Math.toIntExact(target.values()));
          if (values.length != target.values()) {
            throw new IllegalStateException(
                "%s has %d values, its shape %s"
                    .formatted(target.name(), values.length, target.shape()));
          }
          write(out, values, dtype);
        }
      }
    } catch (IOException | FSError e) { // FSError: what Hadoop makes of a full local disk.
      throw CheckpointErrors.unwritable(uri, e);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void write(OutputStream out, float[] values, DType dtype) throws IOException {
    int chunk = 1 << 16;
    ByteBuffer buffer = ByteBuffer.allocate(chunk * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < values.length; at += chunk) {
      buffer.clear();
      for (int i = at; i < Math.min(values.length, at + chunk); i++) {
        if (dtype == DType.F32) {
          buffer.putFloat(values[i]);
        } else if (dtype == DType.BF16) {
          buffer.putShort(bfloat16(values[i]));
        } else {
          throw new IllegalArgumentException("checkpoints are written as F32 or BF16");
        }
      }
      out.write(buffer.array(), 0, buffer.position());
    }
  }

  /** The upper half of the float, rounded to nearest even; NaN stays NaN. */
  static short bfloat16(float value) {
    int bits = Float.floatToIntBits(value);
    if (Float.isNaN(value)) {
      return (short) 0x7FC0;
    }
    return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
  }

  private static String torchName(DType dtype) {
    return dtype == DType.F32 ? "float32" : "bfloat16";
  }
}
