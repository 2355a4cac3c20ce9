package io.relook.training;

import io.relook.preset.Preset;

/**
 * A schedule: linear warm-up, then constant, linear or cosine decay to 0 (the shapes of
 * transformers' get_scheduler).
 *
 * @param peak after the warm-up
 * @param warmupSteps steps until the peak
 * @param totalSteps where decay reaches 0
 */
public record LearningRate(double peak, Preset.Schedule shape, int warmupSteps, int totalSteps) {
  /** The rate of a step, counted from 0. */
  public double at(int step) {
    if (step < warmupSteps) {
      return peak * (step + 1) / warmupSteps;
    }
    double done =
        Math.min(1, (double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
    switch (shape) {
      case LINEAR:
        return peak * (1 - done);
      case COSINE:
        return peak * 0.5 * (1 + Math.cos(Math.PI * done));
      default:
        return peak;
    }
  }
}
