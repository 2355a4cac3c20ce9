package io.relook.jobs;

/** The 95 % interval of a rate (Wilson, doi 10.1080/01621459.1927.10502953). */
public record Wilson(double low, double high) {
  private static final double Z = 1.959963984540054;

  public static Wilson of(long successes, long trials) {
    if (trials == 0) {
      return new Wilson(0, 1);
    }
    double p = (double) successes / trials;
    double zz = Z * Z;
    double centre = (p + zz / (2 * trials)) / (1 + zz / trials);
    double half =
        Z / (1 + zz / trials) * Math.sqrt(p * (1 - p) / trials + zz / (4.0 * trials * trials));
    return new Wilson(Math.max(0, centre - half), Math.min(1, centre + half));
  }
}
