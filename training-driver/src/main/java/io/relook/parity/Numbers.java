package io.relook.parity;

import com.fasterxml.jackson.databind.JsonNode;

/** Comparing arrays. */
final class Numbers {
  private Numbers() {}

  /** The largest absolute difference; infinite where the lengths differ. */
  static double worst(float[] ours, float[] theirs) {
    if (ours.length != theirs.length) {
      return Double.POSITIVE_INFINITY;
    }
    double worst = 0;
    for (int i = 0; i < ours.length; i++) {
      double difference = Math.abs((double) ours[i] - theirs[i]);
      worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
    }
    return worst;
  }

  /** The mean absolute difference; infinite where the lengths differ. */
  static double mean(float[] ours, float[] theirs) {
    if (ours.length != theirs.length) {
      return Double.POSITIVE_INFINITY;
    }
    double sum = 0;
    for (int i = 0; i < ours.length; i++) {
      sum += Math.abs((double) ours[i] - theirs[i]);
    }
    return sum / Math.max(1, ours.length);
  }

  /** ‖ours - theirs‖ / ‖theirs‖. */
  static double relative(float[] ours, float[] theirs) {
    if (ours.length != theirs.length) {
      return Double.POSITIVE_INFINITY;
    }
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < ours.length; i++) {
      difference += ((double) ours[i] - theirs[i]) * ((double) ours[i] - theirs[i]);
      norm += (double) theirs[i] * theirs[i];
    }
    return norm == 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
  }

  static double norm(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return Math.sqrt(sum);
  }

  static float[] flat(float[][] rows) {
    int count = 0;
    for (float[] row : rows) {
      count += row.length;
    }
    float[] flat = new float[count];
    int at = 0;
    for (float[] row : rows) {
      System.arraycopy(row, 0, flat, at, row.length);
      at += row.length;
    }
    return flat;
  }

  static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }
}
