package io.relook.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.relook.model.torch.TorchProgram;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What libtorch reaches on this machine in this process. It places a figure; it is no rival.
 *
 * @param cpu its name, and the widest matrix instructions
 * @param float32 GFLOP/s of a product of 2048 × 2048 matrices, smaller ones where that takes long
 * @param bfloat16 the same in bf16
 * @param copy GB/s of a copy of 256 MB, read and written
 */
record Machine(String cpu, double float32, double bfloat16, double copy) {
  private static final int SIDE = 2048;
  private static final long BYTES = 256L << 20;
  private static final double TICKS_PER_SECOND = 100;

  /** Spends about so many seconds on each figure. */
  static Machine measure(TorchProgram program, double seconds) {
    try (NDManager scope = program.newScope()) {
      NDArray to = program.call(scope, "zero_bytes", BYTES).head();
      NDArray from = program.call(scope, "zero_bytes", BYTES).head();
      double copy = best(seconds, 2.0 * BYTES, () -> call(program, "copy_into", to, from));
      return new Machine(
          cpuName(), product(program, 6, seconds), product(program, 15, seconds), copy / 1e9);
    }
  }

  /** GFLOP/s of what is computed in. */
  double peak(String dtype) {
    return dtype.equals("float32") ? float32 : bfloat16;
  }

  /** The most memory that the process has held so far, in GiB. */
  static double peakMemory() {
    for (String line : lines("/proc/self/status")) {
      if (line.startsWith("VmHWM")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / (double) (1 << 20);
      }
    }
    return Double.NaN;
  }

  /** Since a moment: how many cores the rest of the machine kept busy. */
  static final class Others {
    private final long began = System.nanoTime();
    private final double all = allSeconds();
    private final double own = ownSeconds();

    double cores() {
      double busy = allSeconds() - all - (ownSeconds() - own);
      return Math.max(0, busy) / ((System.nanoTime() - began) / 1e9);
    }

    /** All but idle and waiting. */
    private static double allSeconds() {
      String[] fields = lines("/proc/stat").get(0).trim().split("\\s+");
      double ticks = 0;
      for (int i = 1; i <= 8; i++) {
        ticks += i == 4 || i == 5 ? 0 : Long.parseLong(fields[i]);
      }
      return ticks / TICKS_PER_SECOND;
    }

    /** This process and its children that ended, in user and system mode. */
    private static double ownSeconds() {
      String line = lines("/proc/self/stat").get(0);
      String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ");
      return Arrays.stream(fields, 11, 15).mapToLong(Long::parseLong).sum() / TICKS_PER_SECOND;
    }
  }

  /**
   * GFLOP/s; smaller matrices where a product would take over a second, as bf16 may in software.
   */
  private static double product(TorchProgram program, int type, double seconds) {
    int side = 256;
    double rate = product(program, type, side, 0);
    while (side < SIDE && 2.0 * Math.pow(2 * side, 3) / rate < 1) {
      side *= 2;
    }
    return product(program, type, side, seconds) / 1e9;
  }

  private static double product(TorchProgram program, int type, int side, double seconds) {
    try (NDManager scope = program.newScope()) {
      NDArray a = program.call(scope, "random_matrix", side, type).head();
      NDArray b = program.call(scope, "random_matrix", side, type).head();
      NDArray out = program.call(scope, "random_matrix", side, type).head();
      double operations = 2 * Math.pow(side, 3);
      return best(seconds, operations, () -> call(program, "product_into", out, a, b));
    }
  }

  private static void call(TorchProgram program, String name, Object... arguments) {
    try (NDManager scope = program.newScope()) {
      program.call(scope, name, arguments);
    }
  }

  private static double best(double seconds, double work, Runnable run) {
    run.run();
    double best = 0;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    do {
      long began = System.nanoTime();
      run.run();
      best = Math.max(best, work / ((System.nanoTime() - began) / 1e9));
    } while (System.nanoTime() < end);
    return best;
  }

  private static String cpuName() {
    Map<String, String> first = new HashMap<>();
    for (String line : lines("/proc/cpuinfo")) {
      if (line.isBlank()) {
        break;
      }
      String[] parts = line.split(":", 2);
      first.put(parts[0].trim(), parts[parts.length - 1].trim());
    }
    List<String> wide = new ArrayList<>(List.of("amx_bf16", "avx512_bf16", "avx512f", "avx2"));
    wide.retainAll(List.of(first.getOrDefault("flags", "").split(" ")));
    return "%s family %s model %s (%s), %d cores visible"
        .formatted(
            first.getOrDefault("model name", "unknown"),
            first.get("cpu family"),
            first.get("model"),
            String.join(", ", wide.subList(0, Math.min(2, wide.size()))),
            Runtime.getRuntime().availableProcessors());
  }

  private static List<String> lines(String file) {
    try {
      return Files.readAllLines(Path.of(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
