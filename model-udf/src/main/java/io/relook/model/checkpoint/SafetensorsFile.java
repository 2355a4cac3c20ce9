package io.relook.model.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * The header of a safetensors file: 8 bytes little-endian length, so many bytes of JSON, the data.
 * Everything that native code will rely on is checked here, before it sees the file.
 */
final class SafetensorsFile {
  /** The format's own limit. */
  private static final long LONGEST_HEADER = 100_000_000;

  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(16).build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(JsonParser.Feature.ALLOW_COMMENTS)
          .build();

  private static final Map<String, Integer> WIDTHS =
      Map.of(
          "F64", 8, "I64", 8, "F32", 4, "I32", 4, "F16", 2, "BF16", 2, "I16", 2, "I8", 1, "U8", 1,
          "BOOL", 1);

  /** A tensor of any type that the format knows and Java can read. */
  record Tensor(String name, String dtype, List<Long> shape, Path file, long offset, long bytes) {}

  private SafetensorsFile() {}

  /** The tensors in order of their data; {@code shown} names the file in errors. */
  static List<Tensor> read(Path file, String shown) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < 8) {
        throw CheckpointErrors.badFile(
            shown, "it has %d bytes, a header alone has more".formatted(size));
      }
      long length = read(channel, 0, 8).getLong();
      if (length < 2 || length > LONGEST_HEADER || length > size - 8) {
        throw CheckpointErrors.badFile(
            shown, "its header claims %d bytes, the file has %d".formatted(length, size));
      }
      JsonNode header;
      try {
        header = JSON.readTree(read(channel, 8, (int) length).array());
      } catch (IOException e) {
        throw CheckpointErrors.badFile(shown, "its header is no JSON (%s)".formatted(firstLine(e)));
      }
      if (header == null || !header.isObject()) {
        throw CheckpointErrors.badFile(shown, "its header is no JSON object");
      }
      return entries(header, file, shown, 8 + length, size);
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(shown, e);
    }
  }

  private static List<Tensor> entries(
      JsonNode header, Path file, String shown, long start, long size) {
    List<Tensor> entries = new ArrayList<>();
    Iterator<Map.Entry<String, JsonNode>> fields = header.fields();
    while (fields.hasNext()) {
      Map.Entry<String, JsonNode> field = fields.next();
      if (!field.getKey().equals("__metadata__")) {
        entries.add(entry(field.getKey(), field.getValue(), file, shown, start, size));
      }
    }
    entries.sort(Comparator.comparingLong(Tensor::offset).thenComparingLong(Tensor::bytes));
    long end = start;
    for (Tensor entry : entries) {
      if (entry.offset() < end) {
        throw CheckpointErrors.badFile(shown, "tensor %s overlaps another".formatted(entry.name()));
      }
      end = entry.offset() + entry.bytes();
    }
    return entries;
  }

  private static Tensor entry(
      String name, JsonNode node, Path file, String shown, long start, long size) {
    String dtype = node.path("dtype").asText();
    Integer width = WIDTHS.get(dtype);
    if (width == null) {
      throw CheckpointErrors.badFile(
          shown,
          "tensor %s is of type %s, which the engine does not read (a quantised checkpoint?)"
              .formatted(name, node.path("dtype")));
    }
    JsonNode offsets = node.path("data_offsets");
    JsonNode dimensions = node.path("shape");
    if (offsets.size() != 2
        || !offsets.get(0).canConvertToLong()
        || !offsets.get(1).canConvertToLong()
        || !offsets.get(0).isIntegralNumber()
        || !offsets.get(1).isIntegralNumber()
        || !dimensions.isArray()
        || dimensions.size() > 8) {
      throw CheckpointErrors.badFile(
          shown, "tensor %s needs a shape and two data_offsets".formatted(name));
    }
    long from = offsets.get(0).asLong();
    long to = offsets.get(1).asLong();
    if (from < 0 || to < from || to > size - start) {
      throw CheckpointErrors.badFile(
          shown,
          "tensor %s lies at %d to %d of %d bytes of data: the file is cut off or damaged"
              .formatted(name, from, to, size - start));
    }
    List<Long> shape = new ArrayList<>();
    long bytes = width;
    for (JsonNode dimension : dimensions) {
      long value =
          dimension.isIntegralNumber() && dimension.canConvertToLong() ? dimension.asLong() : -1;
      if (value < 0 || (value > 0 && bytes > Long.MAX_VALUE / value)) {
        throw CheckpointErrors.badFile(shown, "tensor %s has shape %s".formatted(name, dimensions));
      }
      shape.add(value);
      bytes *= value;
    }
    if (bytes != to - from) {
      throw CheckpointErrors.badFile(
          shown,
          "tensor %s of shape %s and type %s needs %d bytes but has %d"
              .formatted(name, dimensions, dtype, bytes, to - from));
    }
    return new Tensor(name, dtype, shape, file, start + from, bytes);
  }

  private static ByteBuffer read(FileChannel channel, long at, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, at + buffer.position()) < 0) {
        throw new IOException("the file ended while it was read");
      }
    }
    return buffer.flip();
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
