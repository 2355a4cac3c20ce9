package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class TestEventFile {
  private static final Path GOLDEN =
      Path.of("src/test/resources/goldens/tensorboard/golden.tfevents");

  /** The steps of {@code golden} in {@code tests/read_tensorboard.py}. */
  private static EventFile written() {
    Map<String, Double> first = new LinkedHashMap<>();
    first.put("loss", 0.25);
    first.put("metrics/truncated_share", 0.0);
    Map<String, Double> second = new LinkedHashMap<>();
    second.put("loss", -1e-9);
    second.put("tokens", 123456.0);
    second.put("Größe", Double.POSITIVE_INFINITY);
    Map<String, Double> third = new LinkedHashMap<>();
    third.put("loss", Double.NaN);
    third.put("reward_mean", 1 / 3.0);
    for (int i = 0; i < 12; i++) {
      third.put("seconds_by_part/" + i, i / 7.0);
    }
    EventFile file = new EventFile(1764063478.5);
    file.add(1764063478.5, 1, first);
    file.add(1764063480.123456, 2, second);
    file.add(1764063481.0, 300, third);
    return file;
  }

  @Test
  void bytesAreThoseOfTensorBoardsOwnWriter() throws IOException {
    assertArrayEquals(Files.readAllBytes(GOLDEN), written().bytes());
  }

  @Test
  void anotherReaderFindsEveryScalar() {
    List<EventReader.Event> events = EventReader.read(written().bytes());
    assertEquals(
        List.of(
            new EventReader.Event(1764063478.5, 0, "brain.Event:2", Map.of()),
            new EventReader.Event(
                1764063478.5, 1, null, Map.of("loss", 0.25f, "metrics/truncated_share", 0f)),
            new EventReader.Event(
                1764063480.123456,
                2,
                null,
                Map.of("loss", -1e-9f, "tokens", 123456f, "Größe", Float.POSITIVE_INFINITY))),
        events.subList(0, 3));
    assertEquals(300, events.get(3).step());
    assertEquals(14, events.get(3).scalars().size());
    assertEquals(Float.NaN, events.get(3).scalars().get("loss"));
    assertEquals((float) (1 / 3.0), events.get(3).scalars().get("reward_mean"));
  }

  /** Of the reader: it would see a wrong checksum. */
  @Test
  void aByteThatChangedIsNoticed() {
    byte[] whole = written().bytes();
    for (int i = 0; i < whole.length; i++) {
      byte[] changed = whole.clone();
      changed[i] ^= 4;
      assertThrows(RuntimeException.class, () -> EventReader.read(changed), "byte " + i);
    }
  }
}
