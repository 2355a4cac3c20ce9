package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Table;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TestRunDriver {
  private static final Path PRESETS = Path.of("..", "conf", "presets");

  @TempDir private Path folder;

  @Test
  void aCheckpointThatIsNotThereEndsTheRunBeforeAnythingIsCommitted() {
    Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), folder.toString());
    String missing = folder.resolve("nowhere").toString();
    RunDriver.Request request =
        new RunDriver.Request(
            "run", "demo", folder.toString(), null, false, List.of("model=" + missing));
    RunDriver driver = new RunDriver(new PrintWriter(new StringWriter()), PRESETS, false);
    RelookException error =
        assertThrows(RelookException.class, () -> driver.train(lakehouse, request));
    assertTrue(error.getMessage().contains(missing), error.getMessage());
    for (Table table : List.of(Table.RUNS, Table.QUERIES, Table.CHECKPOINTS)) {
      assertEquals(0, lakehouse.read(table).count(), table.toString());
    }
  }
}
