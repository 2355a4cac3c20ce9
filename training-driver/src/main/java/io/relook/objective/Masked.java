package io.relook.objective;

import java.util.function.DoubleUnaryOperator;

/**
 * Statistics over the counted tokens of rows (B, T); a mask is 1 where a token counts, else 0. Rows
 * may differ in length.
 */
public final class Masked {
  private Masked() {}

  /** One number for each token. */
  public interface Cell {
    double at(int row, int token);
  }

  /** Rows of the mask's lengths. */
  public static double[][] map(double[][] mask, Cell cell) {
    double[][] result = new double[mask.length][];
    for (int i = 0; i < mask.length; i++) {
      result[i] = new double[mask[i].length];
      for (int t = 0; t < mask[i].length; t++) {
        result[i][t] = cell.at(i, t);
      }
    }
    return result;
  }

  public static double[][] each(double[][] values, DoubleUnaryOperator change) {
    return map(values, (i, t) -> change.applyAsDouble(values[i][t]));
  }

  /** Counted tokens. */
  public static double count(double[][] mask) {
    double count = 0;
    for (double[] row : mask) {
      count += sum(row);
    }
    return count;
  }

  public static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }

  /** The sum over a row's counted tokens. */
  public static double sum(double[] values, double[] mask) {
    double sum = 0;
    for (int t = 0; t < values.length; t++) {
      sum += mask[t] > 0 ? values[t] : 0;
    }
    return sum;
  }

  /** The mean over a row's counted tokens, 0 where none counts. */
  public static double mean(double[] values, double[] mask) {
    return sum(values, mask) / Math.max(1, sum(mask));
  }

  public static double[] rowMeans(double[][] values, double[][] mask) {
    double[] means = new double[values.length];
    for (int i = 0; i < means.length; i++) {
      means[i] = mean(values[i], mask[i]);
    }
    return means;
  }

  /** The mean over all counted tokens, 0 where none counts. */
  public static double mean(double[][] values, double[][] mask) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += sum(values[i], mask[i]);
    }
    return sum / Math.max(1, count(mask));
  }

  /** The share of counted tokens of which something holds, 0 where none counts. */
  public static double share(double[][] mask, Predicate holds) {
    return mean(map(mask, (i, t) -> holds.at(i, t) ? 1 : 0), mask);
  }

  /** A condition on a token. */
  public interface Predicate {
    boolean at(int row, int token);
  }

  /**
   * (x - mean) / √(s² + 1e-8) with the counted tokens' mean and unbiased variance, for every token;
   * fewer than two counted tokens have no variance and stay.
   */
  public static double[][] whitened(double[][] values, double[][] mask) {
    double count = count(mask);
    if (count < 2) {
      return values;
    }
    double mean = mean(values, mask);
    double variance = mean(each(values, x -> (x - mean) * (x - mean)), mask) * count / (count - 1);
    double scale = 1 / Math.sqrt(variance + 1e-8);
    return each(values, x -> (x - mean) * scale);
  }

  /** Mean, deviation (n - 1), least, most of numbers; NaN ones do not count. */
  public static Spread spread(double[] values) {
    int count = 0;
    double sum = 0;
    double least = Double.NaN;
    double most = Double.NaN;
    for (double value : values) {
      if (!Double.isNaN(value)) {
        count++;
        sum += value;
        least = count == 1 ? value : Math.min(least, value);
        most = count == 1 ? value : Math.max(most, value);
      }
    }
    double mean = sum / count;
    double squares = 0;
    for (double value : values) {
      squares += Double.isNaN(value) ? 0 : (value - mean) * (value - mean);
    }
    double deviation = count < 2 ? Double.NaN : Math.sqrt(squares / (count - 1));
    return new Spread(count, mean, deviation, least, most);
  }

  /** What {@link #spread} finds; NaN where there is nothing to tell. */
  public record Spread(int count, double mean, double deviation, double least, double most) {}

  /** The counted tokens' values, one after the other. */
  public static double[] counted(double[][] values, double[][] mask) {
    double[] all = new double[(int) count(mask)];
    int at = 0;
    for (int i = 0; i < values.length; i++) {
      for (int t = 0; t < values[i].length; t++) {
        if (mask[i][t] > 0) {
          all[at++] = values[i][t];
        }
      }
    }
    return all;
  }
}
