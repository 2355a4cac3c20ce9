package io.relook.model;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Another JVM on this one's class path; what it writes goes to the files {@code out} and {@code
 * err}.
 */
public final class ChildJvm implements AutoCloseable {
  private final Path folder;
  private final Process process;

  private ChildJvm(Path folder, Process process) {
    this.folder = folder;
    this.process = process;
  }

  public static ChildJvm start(
      Path folder, Class<?> main, List<String> options, String... arguments) throws IOException {
    return start(folder, List.of(), main, options, arguments);
  }

  /** As above, started by another command, such as one that makes a name space. */
  public static ChildJvm start(
      Path folder, List<String> by, Class<?> main, List<String> options, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(by);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--add-") || option.startsWith("-Djdk."))
        .forEach(command::add);
    command.add("-Xmx1g");
    command.add("-XX:ErrorFile=" + folder.resolve("hs_err.log"));
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().keySet().removeAll(List.of("DJL_OFFLINE", "OPT_OUT_TRACKING"));
    builder.redirectOutput(folder.resolve("out").toFile());
    builder.redirectError(folder.resolve("err").toFile());
    return new ChildJvm(folder, builder.start());
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** SIGTERM. */
  public void terminate() {
    process.destroy();
  }

  /** The exit code. */
  public int await() throws InterruptedException {
    if (!process.waitFor(3, TimeUnit.MINUTES)) {
      throw new AssertionError("the child does not end");
    }
    return process.exitValue();
  }

  /** Waits until the child has printed a line with {@code text}. */
  public void awaitLine(String text) throws IOException, InterruptedException {
    for (int tries = 0; tries < 1800; tries++) {
      if (Files.readString(folder.resolve("out")).contains(text)) {
        return;
      }
      if (!isAlive()) {
        break;
      }
      Thread.sleep(100);
    }
    throw new AssertionError("no line " + text + ": " + said());
  }

  public String said() throws IOException {
    return Files.readString(folder.resolve("out")) + Files.readString(folder.resolve("err"));
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
