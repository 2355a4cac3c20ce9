package io.relook.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.lakehouse.RelookException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestSafetensorsFile {
  private static final String GOOD =
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"BF16\",\"shape\":[2,1],\"data_offsets\":[8,12]}}";

  @TempDir private Path folder;

  @Test
  void aGoodFileIsRead() throws IOException {
    List<SafetensorsFile.Tensor> tensors = SafetensorsFile.read(file(GOOD, 12), "x");
    assertEquals(2, tensors.size());
    assertEquals(8 + GOOD.length(), tensors.get(0).offset());
    assertEquals(List.of(2L, 1L), tensors.get(1).shape());
  }

  @Test
  void eachGuardSaysWhatIsWrong() throws IOException {
    refused("overlaps", GOOD.replace("[8,12]", "[4,8]"), 12);
    refused("cut off", GOOD, 11);
    refused("needs 12 bytes", GOOD.replace("\"shape\":[2]", "\"shape\":[3]"), 12);
    refused("shape", GOOD.replace("\"shape\":[2]", "\"shape\":[-2]"), 12);
    refused("shape", GOOD.replace("\"shape\":[2]", "\"shape\":[4611686018427387904,4]"), 12);
    refused("type", GOOD.replace("F32", "Q4"), 12);
    refused("no JSON", GOOD.replace("}}", "}"), 12);
    refused("no JSON", GOOD.replace("\"b\"", "\"a\""), 12);
    refused("data_offsets", GOOD.replace("[8,12]", "[8]"), 12);
    refused("cut off", GOOD.replace("[8,12]", "[12,8]"), 12);
  }

  @Test
  void headersThatClaimTooMuchAreRefusedBeforeTheyAreRead() throws IOException {
    for (long length : new long[] {0, 1, -1, Long.MAX_VALUE, 100_000_001, 1000}) {
      Path file = folder.resolve("claims" + length);
      ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
      Files.write(file, bytes.array());
      assertThrows(RelookException.class, () -> SafetensorsFile.read(file, "x"));
    }
    Path empty = Files.createFile(folder.resolve("empty"));
    assertThrows(RelookException.class, () -> SafetensorsFile.read(empty, "x"));
  }

  @Test
  void tenThousandDamagedFilesAreReadOrRefusedAndNothingElse() throws IOException {
    byte[] good = bytes(GOOD, 12);
    Path file = folder.resolve("fuzz");
    Random random = new Random(1);
    for (int round = 0; round < 10_000; round++) {
      byte[] damaged = good.clone();
      for (int i = 0; i <= random.nextInt(4); i++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      int length = random.nextInt(4) == 0 ? random.nextInt(damaged.length) : damaged.length;
      Files.write(file, java.util.Arrays.copyOf(damaged, length));
      try {
        for (SafetensorsFile.Tensor tensor : SafetensorsFile.read(file, "x")) {
          assertTrue(tensor.offset() >= 8 && tensor.offset() + tensor.bytes() <= length);
        }
      } catch (RelookException e) {
        assertEquals(RelookException.Category.MODEL, e.category());
      }
    }
  }

  @Test
  void roundingToBfloat16IsToNearestEven() {
    assertEquals((short) 0x3F80, CheckpointWriter.bfloat16(1f));
    assertEquals((short) 0x3F80, CheckpointWriter.bfloat16(Float.intBitsToFloat(0x3F808000)));
    assertEquals((short) 0x3F82, CheckpointWriter.bfloat16(Float.intBitsToFloat(0x3F818000)));
    assertEquals((short) 0x7FC0, CheckpointWriter.bfloat16(Float.NaN));
  }

  private void refused(String reason, String header, int data) throws IOException {
    Path file = file(header, data);
    RelookException e = assertThrows(RelookException.class, () -> SafetensorsFile.read(file, "x"));
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }

  private Path file(String header, int data) throws IOException {
    return Files.write(folder.resolve("file" + header.hashCode() + data), bytes(header, data));
  }

  private static byte[] bytes(String header, int data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + data)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .array();
  }
}
