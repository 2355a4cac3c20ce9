package io.relook.training;

import java.util.Locale;

/**
 * A number of a plan, with where it comes from.
 *
 * @param least with {@code most}: where it lies as far as the measurement tells
 */
record Figure(double value, Source source, double least, double most) {
  enum Source {
    /** The preset and the model's shape say so. */
    EXACT(""),
    /** It cannot be more. */
    MOST("≤ "),
    /** Measured on this machine, and scaled. */
    MEASURED("~ "),
    /** Nothing that was measured says so. */
    ASSUMED("? ");

    final String mark;

    Source(String mark) {
      this.mark = mark;
    }
  }

  static Figure exact(double value) {
    return new Figure(value, Source.EXACT, value, value);
  }

  static Figure most(double value) {
    return new Figure(value, Source.MOST, 0, value);
  }

  static Figure measured(double value) {
    return new Figure(value, Source.MEASURED, value, value);
  }

  static Figure assumed(double value) {
    return new Figure(value, Source.ASSUMED, value, value);
  }

  Figure times(double factor) {
    return new Figure(value * factor, source, least * factor, most * factor);
  }

  /** A count, with its range. */
  @Override
  public String toString() {
    return source == Source.MEASURED && most > least
        ? plain() + String.format(Locale.ROOT, " (%,.0f to %,.0f)", least, most)
        : plain();
  }

  String plain() {
    return source.mark + String.format(Locale.ROOT, "%,.0f", value);
  }

  String time() {
    return source.mark
        + (value < 120
            ? String.format(Locale.ROOT, "%.1f s", value)
            : value < 7200
                ? String.format(Locale.ROOT, "%.1f min", value / 60)
                : String.format(Locale.ROOT, "%.1f h", value / 3600));
  }

  String bytes() {
    return source.mark
        + (value < 1e9
            ? String.format(Locale.ROOT, "%.1f MB", value / 1e6)
            : String.format(Locale.ROOT, "%,.2f GB", value / 1e9));
  }
}
