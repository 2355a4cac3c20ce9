package io.relook.lakehouse;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/**
 * Who holds a lock, as its file says.
 *
 * @param owner a number of its own for each lock that is taken
 * @param application the driver's name, for whoever is refused
 * @param host for the reader alone: names are not unique, and some machines have none
 * @param space where {@code pid} means something: boot id and pid name space; empty where the
 *     system tells neither
 * @param processStarted tells two processes of one number apart; null where the system does not say
 * @param renewed when the driver last said that it lives
 */
record LockHolder(
    String owner,
    String application,
    String host,
    String space,
    long pid,
    Instant processStarted,
    String since,
    Instant renewed) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** When a driver that has not renewed its lock is taken for dead. Our choice. */
  static final Duration STALE = Duration.ofMinutes(1);

  /** So far may two machines' clocks differ. Our choice. */
  private static final Duration SKEW = Duration.ofMinutes(1);

  /** What does not change while this process runs; a slow resolver is asked once. */
  private static final class Self {
    static final String HOST = thisHost();
    static final String SPACE = thisSpace();
    static final long PID = ProcessHandle.current().pid();
    static final Instant STARTED = started(PID).orElse(null);
  }

  /** This process, as of now. */
  static LockHolder self(String owner, String application, String since) {
    return new LockHolder(
        owner, application, Self.HOST, Self.SPACE, Self.PID, Self.STARTED, since, Instant.now());
  }

  /** Empty where the file is no whole object: whoever wrote it died, or is writing it. */
  static Optional<LockHolder> read(byte[] bytes, String file) {
    try {
      JsonNode node = JSON.readTree(bytes);
      return node == null || !node.isObject()
          ? Optional.empty()
          : Optional.of(
              new LockHolder(
                  node.path("owner").asText(),
                  node.path("application").asText(),
                  node.path("host").asText(),
                  node.path("space").asText(),
                  node.path("pid").asLong(),
                  node.hasNonNull("processStarted") ? time(node, "processStarted", file) : null,
                  node.path("since").asText(),
                  time(node, "renewed", file)));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e); // Bytes in memory do not fail.
    }
  }

  byte[] bytes() {
    try {
      return JSON.writeValueAsBytes(
          JSON.createObjectNode()
              .put("owner", owner)
              .put("application", application)
              .put("host", host)
              .put("space", space)
              .put("pid", pid)
              .put("processStarted", processStarted == null ? null : processStarted.toString())
              .put("since", since)
              .put("renewed", renewed.toString()));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e); // Strings and numbers are always written.
    }
  }

  /**
   * Whether it holds its lock: its process is not known to be gone, and it said so within a minute.
   *
   * @param file named where its time lies in the future
   */
  boolean lives(Instant now, String file) {
    if (isGone()) {
      return false;
    }
    if (renewed.isAfter(now.plus(SKEW))) {
      throw wrongTime(file, renewed.toString(), "lies in the future");
    }
    return renewed.isAfter(now.minus(STALE));
  }

  /** Only where a number means the same process here as there. */
  private boolean isGone() {
    if (space.isEmpty() || !space.equals(Self.SPACE)) {
      return false;
    }
    Optional<ProcessHandle> process = ProcessHandle.of(pid).filter(ProcessHandle::isAlive);
    return process.isEmpty()
        || processStarted != null
            && started(pid).filter(at -> !at.equals(processStarted)).isPresent();
  }

  private static Instant time(JsonNode node, String key, String file) {
    String text = node.path(key).asText();
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw wrongTime(file, text, "is no time");
    }
  }

  private static RelookException wrongTime(String file, String time, String what) {
    return new RelookException(
        RelookException.Category.STORAGE,
        "The lock %s was renewed at '%s', which %s: compare the machines' clocks, and delete the file if no driver is running."
            .formatted(file, time, what));
  }

  private static Optional<Instant> started(long pid) {
    return ProcessHandle.of(pid).flatMap(process -> process.info().startInstant());
  }

  private static String thisSpace() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip()
          + " "
          + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
    } catch (IOException | UnsupportedOperationException | SecurityException e) {
      return "";
    }
  }

  private static String thisHost() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException e) {
      try {
        return InetAddress.getLocalHost().getHostName();
      } catch (UnknownHostException unknown) {
        return "unknown";
      }
    }
  }
}
