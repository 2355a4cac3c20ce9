package io.relook.lakehouse;

import java.util.Locale;

/** The part of an iteration that sampled a row. */
public enum Phase {
  DIFFICULTY,
  RECONSTRUCTION,
  REJECTION,
  RL,
  HARD,
  EVALUATION,
  /** The answer that an evaluated trace would have given before its reflection. */
  BEFORE,
  /** What an evaluated trace's reflection makes of another picture. */
  SWAP;

  /** As tables write it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
