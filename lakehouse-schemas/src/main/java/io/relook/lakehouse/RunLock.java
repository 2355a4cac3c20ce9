package io.relook.lakehouse;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;

/**
 * That a run has one driver, or a lakehouse one writer: a file that its driver renews. A second one
 * is refused while the first lives; a process that is gone, or one elsewhere that has not renewed
 * its file for a minute, holds nothing. Of two that start at once the file system lets one make the
 * file, where it can; where it cannot, or a dead driver's file is in the way, both look before they
 * are sure, and the one whose file was overwritten gives way.
 */
public final class RunLock implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** How often a driver says that it lives, and when it is taken for dead. Our choice. */
  private static final Duration RENEWAL = Duration.ofSeconds(10);

  private static final Duration STALE = Duration.ofMinutes(1);
  private static final Duration SURE = Duration.ofMillis(300);

  /** Makes S3A ask the store that it creates an object only where there is none. */
  private static final String CONDITIONAL =
      Options.CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE;

  /** What one driver holds, and what another may do, in words. */
  private record Held(String what, String advice) {}

  private final String owner = UUID.randomUUID().toString();
  private final String since = Instant.now().toString();
  private final FileSystem files;
  private final Path file;
  private final String application;
  private final Held held;
  private volatile Instant renewed = Instant.EPOCH;
  private final ScheduledExecutorService renewing =
      Executors.newSingleThreadScheduledExecutor(RunLock::daemon);

  private RunLock(FileSystem files, Path file, String application, Held held) {
    this.files = files;
    this.file = file;
    this.application = application;
    this.held = held;
  }

  /**
   * @param folder of the lakehouse's locks
   * @param application the driver's name, for whoever is refused
   */
  public static RunLock ofRun(
      String folder, String runId, String application, Configuration hadoop) {
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

  private static RunLock hold(Path file, String application, Held held, Configuration hadoop) {
    try {
      RunLock lock = new RunLock(file.getFileSystem(hadoop), file, application, held);
      lock.take();
      Thread.sleep(SURE.toMillis());
      lock.requireFree();
      long seconds = RENEWAL.toSeconds();
      lock.renewing.scheduleAtFixedRate(lock::renew, seconds, seconds, TimeUnit.SECONDS);
      return lock;
    } catch (IOException e) {
      throw unusable(file, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unusable(file, e);
    }
  }

  private void take() throws IOException {
    requireFree(); // A store may not know the condition below.
    try {
      FSDataOutputStreamBuilder<?, ?> making = files.createFile(file);
      write(
          making
              .recursive()
              .overwrite(false)
              .opt(CONDITIONAL, files.hasPathCapability(file, CONDITIONAL))
              .build());
    } catch (IOException e) { // Which one says that there is a file differs by store.
      if (!files.exists(file)) {
        throw e;
      }
      requireFree();
      write(files.create(file, true));
    }
  }

  /**
   * Before a write: a process that slept for a minute, or a store that was away, may have let
   * another driver in.
   */
  void requireHeld(Instant now) {
    if (renewed.isAfter(now.minus(STALE.dividedBy(2)))) {
      return;
    }
    try {
      requireFree();
      write(files.create(file, true));
    } catch (IOException e) {
      throw unusable(file, e);
    }
  }

  private void requireFree() throws IOException {
    JsonNode other = read();
    if (isFree(other)) {
      return;
    }
    throw new RelookException(
        RelookException.Category.CONFIG,
        "%s: %s, process %d on %s, since %s, alive at %s. %s If it is gone, try again in a minute."
            .formatted(
                held.what(),
                other.path("application").asText(),
                other.path("pid").asLong(),
                other.path("host").asText(),
                other.path("since").asText(),
                other.path("renewed").asText(),
                held.advice()));
  }

  private boolean isFree(JsonNode other) {
    return other == null || isOwn(other) || !lives(other);
  }

  private boolean isOwn(JsonNode other) {
    return other != null && other.path("owner").asText().equals(owner);
  }

  private static boolean lives(JsonNode other) {
    boolean gone =
        other.path("host").asText().equals(host())
            && ProcessHandle.of(other.path("pid").asLong()).isEmpty();
    Instant renewed = Instant.parse(other.path("renewed").asText());
    return !gone && renewed.isAfter(Instant.now().minus(STALE));
  }

  /** Null where there is no file, or half of one: whoever wrote it died. */
  private JsonNode read() throws IOException {
    try (InputStream in = files.open(file)) {
      JsonNode node = JSON.readTree(in.readAllBytes());
      return node.hasNonNull("renewed") ? node : null;
    } catch (FileNotFoundException | ChecksumException | JsonProcessingException e) {
      return null;
    }
  }

  private void write(OutputStream to) throws IOException {
    Instant now = Instant.now();
    byte[] text =
        JSON.writeValueAsBytes(
            JSON.createObjectNode()
                .put("owner", owner)
                .put("application", application)
                .put("host", host())
                .put("pid", ProcessHandle.current().pid())
                .put("since", since)
                .put("renewed", now.toString()));
    try (to) {
      to.write(text);
    }
    renewed = now;
  }

  /**
   * A storage that does not answer for a moment is no reason to end a run, and another driver's
   * file is left as it is: {@link #requireHeld} tells.
   */
  private void renew() {
    try {
      if (isFree(read())) {
        write(files.create(file, true));
      }
    } catch (IOException e) {
      System.getLogger(RunLock.class.getName())
          .log(System.Logger.Level.WARNING, "cannot renew " + file, e);
    }
  }

  @Override
  public void close() {
    renewing.shutdownNow();
    try {
      if (renewing.awaitTermination(RENEWAL.toSeconds(), TimeUnit.SECONDS) && isOwn(read())) {
        files.delete(file, false);
      }
    } catch (IOException e) {
      throw unusable(file, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static RelookException unusable(Path file, Exception cause) {
    return new RelookException(
        RelookException.Category.STORAGE,
        "Cannot keep the lock %s: %s.".formatted(file, cause.getMessage()),
        cause);
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "unknown";
    }
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "relook-run-lock");
    thread.setDaemon(true);
    return thread;
  }
}
