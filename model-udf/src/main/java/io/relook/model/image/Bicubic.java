package io.relook.model.image;

/**
 * Antialiased bicubic resampling of bytes, value for value what torchvision's resize gives on a
 * CPU: Keys' kernel with a = -1/2 (doi 10.1109/TASSP.1981.1163711), widened by the scale when
 * reducing; weights rounded to 16-bit fixed point; rows first, then columns, each rounded to a
 * byte.
 */
final class Bicubic {
  private Bicubic() {}

  static RgbImage resize(RgbImage image, int height, int width) {
    byte[] rows =
        image.width() == width
            ? image.rgb()
            : pass(image.rgb(), image.height(), image.width(), width, 3);
    byte[] both =
        image.height() == height ? rows : pass(rows, 1, image.height(), height, 3 * width);
    return new RgbImage(width, height, both);
  }

  /**
   * Resamples one axis: {@code lines} lines of {@code from} cells become {@code to} cells. Along
   * rows a cell is a pixel of 3 values; along columns it is a whole row.
   */
  private static byte[] pass(byte[] in, int lines, int from, int to, int cell) {
    Kernel kernel = new Kernel(from, to);
    byte[] out = new byte[lines * to * cell];
    for (int line = 0; line < lines; line++) {
      for (int i = 0; i < to; i++) {
        int[] weights = kernel.weights[i];
        int source = (line * from + kernel.first[i]) * cell;
        int target = (line * to + i) * cell;
        for (int c = 0; c < cell; c++) {
          int sum = 1 << (kernel.precision - 1);
          for (int k = 0; k < weights.length; k++) {
            sum += (in[source + k * cell + c] & 0xFF) * weights[k];
          }
          out[target + c] = (byte) Math.max(0, Math.min(255, sum >> kernel.precision));
        }
      }
    }
    return out;
  }

  /** Each output cell's first input cell and fixed-point weights. */
  private static final class Kernel {
    final int[] first;
    final int[][] weights;
    final int precision;

    Kernel(int from, int to) {
      double scale = (double) from / to;
      double support = 2 * Math.max(scale, 1);
      double inverse = 1 / Math.max(scale, 1);
      first = new int[to];
      weights = new int[to][];
      double[][] exact = new double[to][];
      double largest = 0;
      for (int i = 0; i < to; i++) {
        double center = scale * (i + 0.5);
        first[i] = Math.max((int) (center - support + 0.5), 0);
        int count = Math.min((int) (center + support + 0.5), from) - first[i];
        exact[i] = new double[count];
        double total = 0;
        for (int k = 0; k < count; k++) {
          exact[i][k] = keys((k + first[i] - center + 0.5) * inverse);
          total += exact[i][k];
        }
        for (int k = 0; k < count; k++) {
          exact[i][k] /= total;
          largest = Math.max(largest, exact[i][k]);
        }
      }
      int bits = 0;
      while (bits < 22 && (int) (0.5 + largest * (1 << (bits + 1))) < 1 << 15) {
        bits++;
      }
      precision = bits;
      for (int i = 0; i < to; i++) {
        weights[i] = new int[exact[i].length];
        for (int k = 0; k < weights[i].length; k++) {
          double scaled = exact[i][k] * (1 << bits);
          weights[i][k] = (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
        }
      }
    }

    private static double keys(double x) {
      double a = -0.5;
      double d = Math.abs(x);
      if (d < 1) {
        return ((a + 2) * d - (a + 3)) * d * d + 1;
      }
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
    }
  }
}
