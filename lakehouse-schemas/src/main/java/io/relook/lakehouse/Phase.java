package io.relook.lakehouse;

import java.util.Locale;

/** The part of an iteration that sampled a row. */
public enum Phase {
  DIFFICULTY,
  RECONSTRUCTION,
  REJECTION,
  RL,
  HARD,
  EVALUATION;

  /** As tables write it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
