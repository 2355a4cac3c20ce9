package io.relook.lakehouse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run has one driver. */
class TestRunLock {
  @TempDir private Path folder;

  @Test
  void aSecondDriverIsRefusedWhileTheFirstLives() {
    try (RunLock first = lock("run")) {
      RelookException error = assertThrows(RelookException.class, () -> lock("run"));
      assertEquals(RelookException.Category.CONFIG, error.category());
      String pid = "process " + ProcessHandle.current().pid();
      assertTrue(error.getMessage().contains(pid), error.getMessage());
      lock("another").close();
    }
    lock("run").close();
    assertFalse(Files.exists(folder.resolve("run.json")));
  }

  @Test
  void aDriverThatWasKilledHoldsNothing() throws Exception {
    Process gone = new ProcessBuilder("true").start();
    gone.waitFor();
    left(InetAddress.getLocalHost().getHostName(), gone.pid(), Instant.now());
    lock("run").close();
    Files.writeString(folder.resolve("run.json"), "{\"owner\": \"o");
    lock("run").close();
  }

  @Test
  void aDriverElsewhereHoldsTheRunForAMinute() throws IOException {
    left("elsewhere", 1, Instant.now().minusSeconds(30));
    assertThrows(RelookException.class, () -> lock("run"));
    left("elsewhere", 1, Instant.now().minusSeconds(90));
    lock("run").close();
  }

  private void left(String host, long pid, Instant renewed) throws IOException {
    Files.writeString(
        folder.resolve("run.json"),
        "{\"owner\": \"o\", \"host\": \"%s\", \"pid\": %d, \"renewed\": \"%s\"}"
            .formatted(host, pid, renewed));
  }

  private RunLock lock(String runId) {
    return RunLock.ofRun(folder.toString(), runId, "a test", new Configuration());
  }
}
