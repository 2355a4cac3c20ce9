package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Steps that took a second each; a version each, or one for four steps. */
final class TestCurves {
  private static final Instant BEGAN = Instant.parse("2026-01-02T03:04:05Z");

  @TempDir private Path folder;

  @Test
  void everyNumberOfAStepIsAScalar() {
    assertEquals(
        List.of(
            "loss",
            "gradient_norm",
            "learning_rate",
            "rows",
            "tokens",
            "reward_mean",
            "entropy",
            "groups",
            "groups_used",
            "seconds",
            "loss_parts/surrogate",
            "reward_parts/accuracy",
            "reward_parts/format",
            "metrics/length_mean",
            "seconds_by_part/roll_out"),
        List.copyOf(Curves.scalars(step(3)).keySet()));
    assertEquals(3.5, Curves.scalars(step(3)).get("loss"));
    assertEquals(64, Curves.scalars(step(3)).get("tokens"));
    assertEquals(0.75, Curves.scalars(step(3)).get("reward_parts/accuracy"));
  }

  @Test
  void aFileHoldsItsStepsAtTheTimesAtWhichTheyEnded() throws IOException {
    Curves curves = curves("each");
    for (int step = 4; step <= 12; step += 4) {
      curves.add(steps(step - 3, step), version(step));
    }
    List<EventReader.Event> events = EventReader.folder(folder.resolve("each"));
    assertEquals("brain.Event:2", events.get(0).version());
    for (int step = 1; step <= 12; step++) {
      assertEquals(step, events.get(step).step());
      assertEquals(BEGAN.getEpochSecond() + step, events.get(step).wallTime(), 1e-6);
      assertEquals(step + 0.5f, events.get(step).scalars().get("loss"));
    }
    assertEquals(13, events.size());
  }

  @Test
  void aStageThatWasStoppedAndGoesOnHasTheFilesOfAnUnbrokenOne() throws IOException {
    int all = 2 * Curves.STEPS + 50;
    Curves unbroken = curves("unbroken");
    IntStream.rangeClosed(1, all).forEach(s -> unbroken.add(steps(s, s), version(s)));
    Map<String, byte[]> whole = files("unbroken");
    assertEquals(3, whole.size(), "TensorBoard would read any other file too");
    for (int stopped : new int[] {1, Curves.STEPS, Curves.STEPS + 20}) {
      for (Damage damage : Damage.values()) {
        String name = damage + "-" + stopped;
        Curves first = curves(name);
        IntStream.rangeClosed(1, stopped).forEach(s -> first.add(steps(s, s), version(s)));
        damage.to(folder.resolve(name));
        Curves second = curves(name);
        second.resume(
            steps(1, stopped),
            IntStream.rangeClosed(1, stopped).mapToObj(s -> version(s)).toList());
        IntStream.rangeClosed(stopped + 1, all).forEach(s -> second.add(steps(s, s), version(s)));
        assertSame(whole, files(name));
      }
    }
    List<Long> steps =
        EventReader.folder(folder.resolve("unbroken")).stream()
            .filter(e -> e.version() == null)
            .map(EventReader.Event::step)
            .toList();
    assertEquals(IntStream.rangeClosed(1, all).asLongStream().boxed().toList(), steps);
  }

  /** What a process that dies leaves behind. */
  private enum Damage {
    NONE,
    /** The newest file was not written. */
    MISSING,
    /** Half of it was. */
    CUT,
    /** A step of it was not: killed between the version's row and the file. */
    BEHIND;

    void to(Path folder) throws IOException {
      List<Path> files;
      try (Stream<Path> all = Files.list(folder)) {
        files = all.sorted().toList();
      }
      Path newest = files.get(files.size() - 1);
      byte[] bytes = Files.readAllBytes(newest);
      switch (this) {
        case MISSING -> Files.delete(newest);
        case CUT -> Files.write(newest, Arrays.copyOf(bytes, bytes.length / 2));
        case BEHIND -> Files.write(newest, Arrays.copyOf(bytes, Math.max(0, bytes.length - 400)));
        default -> {}
      }
    }
  }

  @Test
  void aFolderThatCannotBeWrittenSaysWhich() throws IOException {
    Files.writeString(folder.resolve("file"), "in the way");
    Curves curves = curves("file/stage");
    RelookException error =
        assertThrows(RelookException.class, () -> curves.add(steps(1, 1), version(1)));
    assertEquals(RelookException.Category.STORAGE, error.category());
    assertTrue(
        error.getMessage().startsWith("Cannot write the TensorBoard file "), error.getMessage());
  }

  private Curves curves(String name) {
    return new Curves(folder.resolve(name).toString(), new Configuration());
  }

  private Map<String, byte[]> files(String name) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(folder.resolve(name))) {
      for (Path file : all.toList()) {
        files.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  private static void assertSame(Map<String, byte[]> expected, Map<String, byte[]> files) {
    assertEquals(expected.keySet(), files.keySet());
    expected.forEach((file, bytes) -> assertArrayEquals(bytes, files.get(file), file));
  }

  private static List<Row> steps(int from, int to) {
    List<Row> steps = new ArrayList<>();
    for (int step = from; step <= to; step++) {
      steps.add(step(step));
    }
    return steps;
  }

  private static Row step(int step) {
    return Rows.TRAINING_STEP.toRow(
        new Rows.TrainingStep(
            "r",
            1,
            "grpo",
            step,
            step + 0.5,
            0.2,
            1e-4,
            2,
            64,
            0.5,
            null,
            1.5,
            null,
            null,
            null,
            2,
            1,
            List.of(new Rows.GroupFiltered("q0", "all rewards are equal")),
            List.of("t"),
            List.of(0.7),
            Map.of("rewards", 1L),
            "a",
            "b",
            1,
            null,
            Map.of("surrogate", 0.1),
            Map.of("format", 1.0, "accuracy", 0.75),
            Map.of("length_mean", 32.0),
            Map.of("roll_out", 0.5),
            List.of(1e-5),
            "vre-1"));
  }

  private static Rows.CheckpointRow version(int step) {
    return new Rows.CheckpointRow(
        "r/1/grpo/" + step,
        "r",
        1,
        "grpo",
        step,
        "uri",
        null,
        null,
        BEGAN.plusSeconds(step),
        null,
        null);
  }
}
