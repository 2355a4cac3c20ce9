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
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * That a run has one driver: a file that its driver renews. A second one is refused while the first
 * lives; a process that is gone, or one elsewhere that has not renewed its file for a minute, holds
 * nothing. Two that start within the same second both look before they are sure: the one whose file
 * was overwritten gives way.
 */
public final class RunLock implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** How often a driver says that it lives, and when it is taken for dead. Our choice. */
  private static final Duration RENEWAL = Duration.ofSeconds(10);

  private static final Duration STALE = Duration.ofMinutes(1);
  private static final Duration SURE = Duration.ofMillis(300);

  private final String owner = UUID.randomUUID().toString();
  private final FileSystem files;
  private final Path file;
  private final ScheduledExecutorService renewing =
      Executors.newSingleThreadScheduledExecutor(RunLock::daemon);

  private RunLock(FileSystem files, Path file) {
    this.files = files;
    this.file = file;
  }

  /**
   * @param folder of the lakehouse's locks
   */
  public static RunLock of(String folder, String runId, Configuration hadoop) {
    Path file = new Path(folder, runId + ".json");
    try {
      RunLock lock = new RunLock(file.getFileSystem(hadoop), file);
      lock.requireFree(runId);
      lock.write();
      Thread.sleep(SURE.toMillis());
      lock.requireFree(runId);
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

  private void requireFree(String runId) throws IOException {
    JsonNode other = read();
    if (other == null || other.path("owner").asText().equals(owner) || !lives(other)) {
      return;
    }
    throw new RelookException(
        RelookException.Category.CONFIG,
        "The run %s has a driver already: process %d on %s, alive at %s. Wait for it, stop it, or give this run another name. If it is gone, try again in a minute."
            .formatted(
                runId,
                other.path("pid").asLong(),
                other.path("host").asText(),
                other.path("renewed").asText()));
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

  private void write() throws IOException {
    byte[] text =
        JSON.writeValueAsBytes(
            JSON.createObjectNode()
                .put("owner", owner)
                .put("host", host())
                .put("pid", ProcessHandle.current().pid())
                .put("renewed", Instant.now().toString()));
    try (OutputStream out = files.create(file, true)) {
      out.write(text);
    }
  }

  /** A storage that does not answer for a moment is no reason to end a run. */
  private void renew() {
    try {
      write();
    } catch (IOException e) {
      System.getLogger(RunLock.class.getName())
          .log(System.Logger.Level.WARNING, "cannot renew " + file, e);
    }
  }

  @Override
  public void close() {
    renewing.shutdownNow();
    try {
      if (renewing.awaitTermination(RENEWAL.toSeconds(), TimeUnit.SECONDS)) {
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
        "Cannot keep the run's lock %s: %s.".formatted(file, cause.getMessage()),
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
