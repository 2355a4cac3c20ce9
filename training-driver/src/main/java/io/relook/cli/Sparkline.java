package io.relook.cli;

import java.util.Arrays;
import java.util.DoubleSummaryStatistics;

/**
 * A curve in a line of text: equal stretches of the values as bars between the least and the
 * greatest of their means; a space where a stretch has no number.
 *
 * @param bars from low to high
 * @param width characters at most
 */
record Sparkline(String bars, int width) {
  /** What needs a terminal that knows more than ASCII, and what does not. */
  static final String BLOCKS = "▁▂▃▄▅▆▇█";

  static final String ASCII = "_.-=*#";

  String of(double[] values) {
    double[] means = means(values);
    DoubleSummaryStatistics range =
        Arrays.stream(means).filter(Double::isFinite).summaryStatistics();
    double span = range.getMax() - range.getMin();
    StringBuilder line = new StringBuilder();
    for (double mean : means) {
      double height = span > 0 ? (mean - range.getMin()) / span : 0;
      line.append(
          Double.isFinite(mean)
              ? bars.charAt((int) Math.round(height * (bars.length() - 1)))
              : ' ');
    }
    return line.toString();
  }

  private double[] means(double[] values) {
    double[] means = new double[Math.min(width, values.length)];
    for (int i = 0; i < means.length; i++) {
      int from = (int) ((long) i * values.length / means.length);
      int to = (int) ((i + 1L) * values.length / means.length);
      means[i] =
          Arrays.stream(values, from, to).filter(Double::isFinite).average().orElse(Double.NaN);
    }
    return means;
  }
}
