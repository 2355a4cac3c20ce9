package io.relook.training;

import com.sun.management.OperatingSystemMXBean;
import io.relook.lakehouse.RelookException;
import io.relook.model.engine.MemoryEstimate;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/** Refuses a step that would not fit into memory, before it begins. */
final class MemoryCheck {
  private MemoryCheck() {}

  /** The estimate for the largest of the packs; an error where that is not free. */
  static MemoryEstimate require(TrainableModel model, List<List<TrainingRow>> packs) {
    return require(model, packs, free());
  }

  static MemoryEstimate require(TrainableModel model, List<List<TrainingRow>> packs, long free) {
    return require(largest(model, packs), free);
  }

  /** As above, on an executor: the optimizer is another process's. */
  static void requirePass(TrainableModel model, List<List<TrainingRow>> packs) {
    require(largest(model, packs).ofPass(), free());
  }

  /** As above, of a process whose gradients are computed by others. */
  static void requireUpdate(TrainableModel model, List<List<TrainingRow>> packs) {
    require(largest(model, packs).ofUpdate(), free());
  }

  private static MemoryEstimate largest(TrainableModel model, List<List<TrainingRow>> packs) {
    return packs.stream()
        .map(model::estimate)
        .max(Comparator.comparingLong(MemoryEstimate::total))
        .orElseThrow();
  }

  private static MemoryEstimate require(MemoryEstimate largest, long free) {
    if (largest.total() > free) {
      throw new RelookException(
          RelookException.Category.CONFIG,
          "Training needs about %s more memory and %s are free: %s for gradient and optimizer, %s for gradients of rows that run side by side (train.lora or fewer train.parts need less of both), %s for activations (train.recompute=true needs %s and runs nothing side by side; a smaller tokenBudget less of both), %s for logits."
              .formatted(
                  gigabytes(largest.total()),
                  gigabytes(free),
                  gigabytes(largest.optimizer()),
                  gigabytes(largest.lanes()),
                  gigabytes(largest.activations()),
                  gigabytes(largest.recomputed()),
                  gigabytes(largest.logits())));
    }
    return largest;
  }

  private static String gigabytes(long bytes) {
    return "%.2f GB".formatted(bytes / 1e9);
  }

  /** What this machine can still give: Linux's own figure, or that of the JVM's container. */
  static long free() {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    try {
      for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
        if (line.startsWith("MemAvailable:")) {
          long available = Long.parseLong(line.replaceAll("\\D", "")) * 1024;
          return Math.min(available, system.getTotalMemorySize());
        }
      }
    } catch (IOException e) {
      // No Linux: the JVM's figure.
    }
    return system.getFreeMemorySize();
  }
}
