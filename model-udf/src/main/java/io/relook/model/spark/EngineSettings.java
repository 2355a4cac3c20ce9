package io.relook.model.spark;

import io.relook.model.engine.ComputeType;
import java.io.Serializable;

/**
 * How executors compute.
 *
 * @param dtype float32 or bfloat16
 * @param threads of the engine in each executor JVM; 0 for as many as the JVM has processors
 * @param slots rows that decode together
 */
public record EngineSettings(String dtype, int threads, int slots) implements Serializable {
  ComputeType type() {
    return ComputeType.of(dtype);
  }

  int threadsHere() {
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }
}
