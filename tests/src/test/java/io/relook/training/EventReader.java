package io.relook.training;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Reads TensorBoard event files and checks them; shares nothing with what writes them. */
public final class EventReader {
  private EventReader() {}

  public record Event(double wallTime, long step, String version, Map<String, Float> scalars) {}

  /** Of all files below a folder, in the order of their names; none may be anything else. */
  public static List<Event> folder(Path folder) throws IOException {
    List<Event> events = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        if (!file.getFileName().toString().startsWith("events.out.tfevents.")) {
          throw new IllegalStateException(file + " is no event file");
        }
        events.addAll(read(Files.readAllBytes(file)));
      }
    }
    return events;
  }

  public static List<Event> read(byte[] file) {
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    List<Event> events = new ArrayList<>();
    while (in.hasRemaining()) {
      byte[] length = take(in, 8);
      requireChecksum(length, in.getInt());
      byte[] content = take(in, (int) in.getLong(in.position() - 12));
      requireChecksum(content, in.getInt());
      events.add(event(ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN)));
    }
    return events;
  }

  private static Event event(ByteBuffer in) {
    double time = 0;
    long step = 0;
    String version = null;
    Map<String, Float> scalars = new LinkedHashMap<>();
    while (in.hasRemaining()) {
      switch ((int) varint(in)) {
        case 1 << 3 | 1 -> time = in.getDouble();
        case 2 << 3 -> step = varint(in);
        case 3 << 3 | 2 -> version = text(in);
        case 5 << 3 | 2 -> summary(message(in), scalars);
        default -> throw new IllegalStateException("unknown field of an event");
      }
    }
    return new Event(time, step, version, scalars);
  }

  private static void summary(ByteBuffer in, Map<String, Float> scalars) {
    while (in.hasRemaining()) {
      require(varint(in) == (1 << 3 | 2), "unknown field of a summary");
      ByteBuffer value = message(in);
      require(varint(value) == (1 << 3 | 2), "a value begins with its tag");
      String tag = text(value);
      require(varint(value) == (2 << 3 | 5), "then comes its number");
      require(scalars.put(tag, value.getFloat()) == null, tag + " is there twice");
      require(!value.hasRemaining(), "and nothing else");
    }
  }

  private static ByteBuffer message(ByteBuffer in) {
    return ByteBuffer.wrap(take(in, (int) varint(in))).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static String text(ByteBuffer in) {
    return new String(take(in, (int) varint(in)), StandardCharsets.UTF_8);
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }

  private static byte[] take(ByteBuffer in, int count) {
    byte[] bytes = new byte[count];
    in.get(bytes);
    return bytes;
  }

  private static void requireChecksum(byte[] content, int masked) {
    int crc = 0xffffffff;
    for (byte b : content) {
      crc ^= b & 0xff;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc >>> 1) ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
      }
    }
    crc = ~crc;
    require(
        ((crc >>> 15) | (crc << 17)) + 0xa282ead8 == masked,
        "checksum of " + Arrays.toString(content));
  }

  private static void require(boolean so, String what) {
    if (!so) {
      throw new IllegalStateException(what);
    }
  }
}
