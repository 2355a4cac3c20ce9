package io.relook.lakehouse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.model.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run has one driver. */
class TestRunLock {
  @TempDir private Path folder;

  @Test
  void aSecondDriverIsRefusedWhileTheFirstLives() throws IOException {
    try (RunLock first = lock()) {
      String refusal = refused();
      assertTrue(refusal.contains("process " + ProcessHandle.current().pid()), refusal);
      RunLock.ofRun(folder.toString(), "another", "a test", new Configuration()).close();
    }
    lock().close();
    try (var files = Files.list(folder)) {
      assertEquals(List.of(), files.toList(), "nothing is left behind");
    }
  }

  @Test
  void ofDriversThatStartAtOnceOneIsAdmitted() throws Exception {
    ExecutorService drivers = Executors.newFixedThreadPool(8);
    try {
      for (boolean dead : new boolean[] {false, true}) {
        if (dead) { // All want the place of one that died.
          left(holder(LockHolder.self("o", "a", "").space(), gone(), null, Instant.now()));
        }
        List<Future<RunLock>> started = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          started.add(drivers.submit(this::lock));
        }
        List<RunLock> admitted = new ArrayList<>();
        for (Future<RunLock> driver : started) {
          try {
            admitted.add(driver.get());
          } catch (ExecutionException e) {
            assertTrue(e.getMessage().contains("has a driver already"), e.getMessage());
          }
        }
        admitted.forEach(RunLock::close);
        assertEquals(1, admitted.size());
      }
    } finally {
      drivers.shutdownNow();
    }
  }

  /** Whoever looks sees a whole file: half of one would let a second driver in. */
  @Test
  void itsFileIsNeverHalfThere() throws Exception {
    LockFile file = LockFile.of(hadoop(), new Configuration());
    ExecutorService writer = Executors.newSingleThreadExecutor();
    try {
      byte[] bytes = LockHolder.self("o", "a", "s").bytes();
      Future<?> writing =
          writer.submit(
              () -> {
                for (int i = 0; i < 300; i++) {
                  assertTrue(file.create(bytes));
                  assertFalse(file.create(bytes));
                  file.replace(bytes);
                  file.delete();
                }
                return null;
              });
      int seen = 0;
      while (!writing.isDone()) {
        var content = file.read();
        if (content.isPresent()) {
          assertTrue(LockHolder.read(content.get().bytes(), "").isPresent());
          seen++;
        }
      }
      writing.get();
      assertTrue(seen > 0);
    } finally {
      writer.shutdownNow();
    }
  }

  @Test
  void aDriverThatWasKilledHoldsNothing() throws Exception {
    LockHolder self = LockHolder.self("o", "a", "");
    Assumptions.assumeFalse(self.space().isEmpty(), "this system names no process for sure");
    left(holder(self.space(), gone(), null, Instant.now()));
    lock().close();
    // Its number is another process's now.
    left(holder(self.space(), self.pid(), self.processStarted().minusSeconds(9), Instant.now()));
    lock().close();
  }

  /** Another boot, container or machine, whatever the hosts are called: only time tells. */
  @Test
  void aDriverElsewhereHoldsTheRunForAMinute() throws Exception {
    for (String space : List.of("", "another boot pid:[1]")) {
      left(holder(space, gone(), null, Instant.now().minusSeconds(30)));
      refused();
      left(holder(space, gone(), null, Instant.now().minusSeconds(90)));
      lock().close();
    }
  }

  @Test
  void halfAFileHoldsTheRunForAMinute() throws IOException {
    Path file = Files.writeString(folder.resolve("run.json"), "{\"owner\": \"o");
    assertSaid(RelookException.Category.STORAGE, file + " cannot be read");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(90)));
    lock().close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"yesterday", "", "2999-01-01T00:00:00Z"})
  void aTimeThatCannotBeIsSaidWithTheFilesName(String renewed) throws IOException {
    Path file = folder.resolve("run.json");
    Files.writeString(file, "{\"owner\": \"o\", \"renewed\": \"%s\"}".formatted(renewed));
    assertSaid(RelookException.Category.STORAGE, "The lock " + file + " was renewed at");
  }

  @Test
  void aPlaceThatCannotBeWrittenIsSaidWithTheFilesName() throws IOException {
    Path file = Files.writeString(folder.resolve("a file"), "");
    RelookException error =
        assertThrows(
            RelookException.class,
            () -> RunLock.ofRun(file.toString(), "run", "a test", new Configuration()));
    assertTrue(error.getMessage().contains(file + "/run.json"), error.getMessage());
  }

  /** It slept, and another was let in: even when that one is gone, what it knows is old. */
  @Test
  void aDriverThatWasReplacedWritesNoMore() throws Exception {
    Instant later = Instant.now().plusSeconds(60);
    try (RunLock first = lock()) {
      first.requireHeld(later);
      left(holder("elsewhere", 1, null, Instant.now().minusSeconds(90)));
      first.requireHeld(Instant.now());
      assertThrows(RelookException.class, () -> first.requireHeld(later.plusSeconds(60)));
    }
    assertTrue(Files.exists(folder.resolve("run.json")), "the other's lock stays");
    lock().close();
    try (RunLock second = lock()) {
      Files.delete(folder.resolve("run.json"));
      RelookException error =
          assertThrows(RelookException.class, () -> second.requireHeld(later.plusSeconds(60)));
      assertTrue(error.getMessage().contains("it was deleted"), error.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT", "HUP"})
  void aSignalFreesIt(String signal) throws Exception {
    try (ChildJvm child = ChildJvm.start(folder, Holding.class, List.of(), folder.toString())) {
      child.awaitLine("held");
      refused();
      signal(child, signal);
      child.await();
      assertFalse(Files.exists(folder.resolve("run.json")), child.said());
    }
  }

  /** Two numbers of processes in two name spaces say nothing of each other. */
  @Test
  void aDriverInAnotherPidNameSpaceIsRefused() throws Exception {
    List<String> apart = List.of("unshare", "--pid", "--fork", "--mount-proc");
    Assumptions.assumeTrue(runs(apart), "skipped: unshare --pid is not allowed here");
    try (RunLock first = lock();
        ChildJvm child =
            ChildJvm.start(folder, apart, Holding.class, List.of(), folder.toString())) {
      assertEquals(1, child.await(), child.said());
      assertTrue(child.said().contains("has a driver already"), child.said());
    }
  }

  /** Seventy seconds: the driver is stopped for longer than it may be silent. */
  @Test
  @Tag("killed")
  void aDriverThatWasStoppedAndContinuedKnows() throws Exception {
    try (ChildJvm child =
        ChildJvm.start(folder, Holding.class, List.of(), folder.toString(), "ask")) {
      child.awaitLine("held");
      signal(child, "STOP");
      Thread.sleep(70_000);
      // Its process lives, so only another machine may take it: as one would, by time alone.
      left(holder("elsewhere", 1, null, Instant.now()));
      signal(child, "CONT");
      assertEquals(1, child.await(), child.said());
      assertTrue(child.said().contains("has a driver already"), child.said());
    }
  }

  /** In the child: holds the lock, and asks each second whether it still does. */
  static final class Holding {
    public static void main(String[] arguments) throws InterruptedException {
      try {
        RunLock lock = RunLock.ofRun(arguments[0], "run", "a child", new Configuration());
        System.out.println("held");
        while (true) {
          Thread.sleep(1000);
          lock.requireHeld();
        }
      } catch (RelookException e) {
        System.out.println(e.getMessage());
        System.exit(1);
      }
    }
  }

  private static void signal(ChildJvm child, String signal) throws Exception {
    new ProcessBuilder("kill", "-" + signal, Long.toString(child.pid())).start().waitFor();
  }

  private static boolean runs(List<String> prefix) throws InterruptedException {
    List<String> command = new ArrayList<>(prefix);
    command.add("true");
    try {
      return new ProcessBuilder(command).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static long gone() throws Exception {
    Process gone = new ProcessBuilder("true").start();
    gone.waitFor();
    return gone.pid();
  }

  private static LockHolder holder(String space, long pid, Instant started, Instant renewed) {
    return new LockHolder("o", "another", "host", space, pid, started, "", renewed);
  }

  private void left(LockHolder holder) throws IOException {
    Files.write(folder.resolve("run.json"), holder.bytes());
  }

  private String refused() {
    return assertSaid(RelookException.Category.CONFIG, "The run run has a driver already");
  }

  private String assertSaid(RelookException.Category category, String text) {
    RelookException error = assertThrows(RelookException.class, this::lock);
    assertEquals(category, error.category());
    assertTrue(error.getMessage().contains(text), error.getMessage());
    assertFalse(error.getMessage().contains("\n"), error.getMessage());
    return error.getMessage();
  }

  private org.apache.hadoop.fs.Path hadoop() {
    return new org.apache.hadoop.fs.Path(folder.toString(), "run.json");
  }

  private RunLock lock() {
    return RunLock.ofRun(folder.toString(), "run", "a test", new Configuration());
  }
}
