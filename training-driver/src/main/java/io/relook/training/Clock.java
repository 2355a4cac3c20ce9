package io.relook.training;

import java.util.Map;
import java.util.TreeMap;

/** Seconds by what they were spent on. */
final class Clock {
  private final Map<String, Double> seconds = new TreeMap<>();
  private long since = System.nanoTime();

  /** What ran since the lap before. */
  void lap(String part) {
    long now = System.nanoTime();
    put(part, (now - since) / 1e9);
  }

  /** What another clock measured, up to now. */
  void put(String part, double more) {
    seconds.merge(part, more, Double::sum);
    since = System.nanoTime();
  }

  Map<String, Double> seconds() {
    return new TreeMap<>(seconds);
  }
}
