package io.relook.training;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The bytes of a TensorBoard event file. Each record is, little-endian, as TensorFlow's
 * record_writer frames it: length (8 bytes), masked CRC-32C of the length (4), an event, masked
 * CRC-32C of the event (4). An event is a protobuf message of TensorFlow's event.proto and
 * summary.proto; the first one holds the format's version. Equal scalars make equal bytes.
 */
final class EventFile {
  private static final String VERSION = "brain.Event:2";

  /** Fields of the message Event. */
  private static final int WALL_TIME = 1;

  private static final int STEP = 2;
  private static final int FILE_VERSION = 3;
  private static final int SUMMARY = 5;

  /** The field of the message Summary, and those of its Value. */
  private static final int VALUE = 1;

  private static final int TAG = 1;
  private static final int SIMPLE_VALUE = 2;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /**
   * @param wallTime in seconds since 1970
   */
  EventFile(double wallTime) {
    record(new Message().number(WALL_TIME, wallTime).text(FILE_VERSION, VERSION));
  }

  /**
   * One event: the scalars of a step, as float32.
   *
   * @param wallTime in seconds since 1970
   * @param step from 1
   */
  void add(double wallTime, long step, Map<String, Double> scalars) {
    Message summary = new Message();
    scalars.forEach(
        (tag, value) ->
            summary.message(
                VALUE, new Message().text(TAG, tag).number(SIMPLE_VALUE, value.floatValue())));
    record(new Message().number(WALL_TIME, wallTime).count(STEP, step).message(SUMMARY, summary));
  }

  byte[] bytes() {
    return bytes.toByteArray();
  }

  private void record(Message event) {
    byte[] content = event.bytes.toByteArray();
    Message length = new Message().littleEndian(content.length, Long.BYTES);
    bytes.writeBytes(length.bytes.toByteArray());
    bytes.writeBytes(checksum(length.bytes.toByteArray()));
    bytes.writeBytes(content);
    bytes.writeBytes(checksum(content));
  }

  /** CRC-32C, rotated and moved: data that holds checksums of itself must not look like them. */
  private static byte[] checksum(byte[] content) {
    CRC32C crc = new CRC32C();
    crc.update(content);
    int masked = Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    return new Message().littleEndian(masked, Integer.BYTES).bytes.toByteArray();
  }

  /** A protobuf message, field by field. */
  private static final class Message {
    private static final int VARINT = 0;
    private static final int EIGHT_BYTES = 1;
    private static final int DELIMITED = 2;
    private static final int FOUR_BYTES = 5;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Message number(int field, double value) {
      return key(field, EIGHT_BYTES).littleEndian(Double.doubleToLongBits(value), Double.BYTES);
    }

    Message number(int field, float value) {
      return key(field, FOUR_BYTES).littleEndian(Float.floatToIntBits(value), Float.BYTES);
    }

    Message count(int field, long value) {
      return key(field, VARINT).varint(value);
    }

    Message text(int field, String value) {
      return delimited(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message value) {
      return delimited(field, value.bytes.toByteArray());
    }

    private Message delimited(int field, byte[] value) {
      key(field, DELIMITED).varint(value.length);
      bytes.writeBytes(value);
      return this;
    }

    private Message key(int field, int wireType) {
      return varint((long) field << 3 | wireType);
    }

    private Message varint(long value) {
      long left = value;
      for (; (left & ~0x7fL) != 0; left >>>= 7) {
        bytes.write((int) (left & 0x7f | 0x80));
      }
      bytes.write((int) left);
      return this;
    }

    private Message littleEndian(long value, int size) {
      for (int i = 0; i < size; i++) {
        bytes.write((int) (value >>> 8 * i));
      }
      return this;
    }
  }
}
