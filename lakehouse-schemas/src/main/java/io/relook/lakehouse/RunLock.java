package io.relook.lakehouse;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.ShutdownHookManager;

/**
 * That a run has one driver, or a lakehouse one writer: a file that its driver renews. A second one
 * is refused while the first lives; a process that is gone, or one elsewhere that has not renewed
 * its file for a minute, holds nothing. Of two that start at once the file system lets one make the
 * file, where it can; where it cannot, or a dead driver's file is in the way, both look before they
 * are sure, and the one whose file was overwritten gives way. A driver whose file another took over
 * while it slept is told before its next write ({@link #requireHeld}) and never gets it back.
 */
public final class RunLock implements AutoCloseable {
  /** How often a driver says that it lives. Our choice. */
  private static final Duration RENEWAL = Duration.ofSeconds(10);

  private static final Duration SURE = Duration.ofMillis(300);

  /** What one driver holds, and what another may do, in words. */
  private record Held(String what, String advice) {}

  private final String owner = UUID.randomUUID().toString();
  private final String since = Instant.now().toString();
  private final LockFile file;
  private final String application;
  private final Held held;
  private final Runnable atShutdown = this::release;
  private final ScheduledExecutorService renewing =
      Executors.newSingleThreadScheduledExecutor(RunLock::daemon);
  private Instant renewed = Instant.EPOCH;
  private boolean released;
  private volatile boolean closed;

  private RunLock(LockFile file, String application, Held held) {
    this.file = file;
    this.application = application;
    this.held = held;
  }

  /**
   * @param folder of the lakehouse's locks
   * @param application the driver's name, for whoever is refused
   */
  static RunLock ofRun(String folder, String runId, String application, Configuration hadoop) {
    Held held =
        new Held(
            "The run %s has a driver already".formatted(runId),
            "Wait for it, stop it, or give this run another name.");
    return hold(new Path(folder, runId + ".json"), application, held, hadoop);
  }

  /** As above, of all that is written to a lakehouse. */
  static RunLock ofLakehouse(String place, String application, Configuration hadoop) {
    Held held =
        new Held(
            "The lakehouse %s has a writer already".formatted(place),
            "On this store two drivers that write at once lose each other's commits: wait for it, or stop it; reading is free (docs/deploy.md).");
    return hold(new Path(place, "locks/writer"), application, held, hadoop);
  }

  private static RunLock hold(Path path, String application, Held held, Configuration hadoop) {
    try {
      RunLock lock = new RunLock(LockFile.of(path, hadoop), application, held);
      lock.take();
      ShutdownHookManager.get()
          .addShutdownHook(lock.atShutdown, FileSystem.SHUTDOWN_HOOK_PRIORITY + 10);
      long seconds = RENEWAL.toSeconds();
      lock.renewing.scheduleAtFixedRate(lock::renew, seconds, seconds, TimeUnit.SECONDS);
      return lock;
    } catch (IOException e) {
      throw unusable(path.toString(), e);
    }
  }

  private synchronized void take() throws IOException {
    requireFree();
    byte[] bytes = self();
    if (!file.create(bytes)) {
      requireFree();
      file.replace(bytes);
    }
    sure();
  }

  /** That nobody who started at the same time wrote over it. */
  private void sure() throws IOException {
    try {
      Thread.sleep(SURE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    requireOwn();
    renewed = Instant.now();
  }

  /**
   * Before a write: a process that slept for a minute, or a store that was away, may have let
   * another driver in.
   */
  public void requireHeld() {
    requireHeld(Instant.now());
  }

  synchronized void requireHeld(Instant now) {
    if (released) {
      throw lost("it was given up");
    }
    if (isFresh(now)) {
      return;
    }
    try {
      requireOwn();
      file.replace(self());
      sure();
    } catch (IOException e) {
      throw unusable(file.toString(), e);
    }
  }

  /** So lately renewed that nobody takes it for stale. */
  private boolean isFresh(Instant now) {
    return renewed.isAfter(now.minus(LockHolder.STALE.dividedBy(2)));
  }

  private void requireFree() throws IOException {
    Optional<LockFile.Content> content = file.read();
    if (content.isEmpty()) {
      return;
    }
    Optional<LockHolder> holder = LockHolder.read(content.get().bytes(), file.toString());
    Instant now = Instant.now();
    if (holder.isEmpty()) {
      // Half a file: it was written in place by an older version, or where a rename copies.
      if (content.get().written().isAfter(now.minus(LockHolder.STALE))) {
        throw new RelookException(
            RelookException.Category.STORAGE,
            "The lock %s cannot be read, and was written within the last minute: another driver may be starting. Try again in a minute."
                .formatted(file));
      }
      return;
    }
    if (holder.get().lives(now, file.toString())) {
      throw refused(holder.get());
    }
  }

  private void requireOwn() throws IOException {
    Optional<LockHolder> holder =
        file.read().flatMap(content -> LockHolder.read(content.bytes(), file.toString()));
    if (holder.isEmpty()) {
      throw lost("it was deleted");
    }
    if (!holder.get().owner().equals(owner)) {
      throw refused(holder.get());
    }
  }

  private byte[] self() {
    return LockHolder.self(owner, application, since).bytes();
  }

  private RelookException refused(LockHolder other) {
    return new RelookException(
        RelookException.Category.CONFIG,
        "%s: %s, process %d on %s, since %s, alive at %s. %s If it is gone, try again in a minute."
            .formatted(
                held.what(),
                other.application(),
                other.pid(),
                other.host(),
                other.since(),
                other.renewed(),
                held.advice()));
  }

  private RelookException lost(String how) {
    return new RelookException(
        RelookException.Category.CONFIG,
        "This driver no longer has its lock %s: %s. Run the same command again; it goes on from what is committed."
            .formatted(file, how));
  }

  /**
   * A storage that does not answer for a moment is no reason to end a run, and another driver's
   * file is left as it is: {@link #requireHeld} tells.
   */
  private synchronized void renew() {
    if (released) {
      return;
    }
    try {
      requireOwn();
      file.replace(self());
      if (isFresh(Instant.now())) {
        renewed = Instant.now();
      } else { // After a sleep another may be taking it at this moment.
        sure();
      }
    } catch (IOException | RelookException e) {
      System.getLogger(RunLock.class.getName())
          .log(System.Logger.Level.WARNING, "cannot renew %s: %s".formatted(file, e.getMessage()));
    }
  }

  /** Gives it up; another driver's file stays. */
  @Override
  public void close() {
    closed = true;
    renewing.shutdownNow();
    ShutdownHookManager shutdown = ShutdownHookManager.get();
    if (!shutdown.isShutdownInProgress()) {
      shutdown.removeShutdownHook(atShutdown);
    }
    release();
  }

  /** Whether its holder is done with it; one that only the JVM's end released is still needed. */
  boolean isClosed() {
    return closed;
  }

  private synchronized void release() {
    if (released) {
      return;
    }
    released = true;
    try {
      requireOwn();
      file.delete();
    } catch (RelookException e) {
      return; // Another's.
    } catch (IOException e) {
      throw unusable(file.toString(), e);
    }
  }

  private static RelookException unusable(String file, Exception cause) {
    return new RelookException(
        RelookException.Category.STORAGE,
        "Cannot keep the lock %s: %s.".formatted(file, cause.getMessage()),
        cause);
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "relook-run-lock");
    thread.setDaemon(true);
    return thread;
  }
}
