package io.relook.lakehouse;

/**
 * What a run may be called: locks, checkpoints and reports are files that bear its name, and it
 * stands in queries.
 *
 * @param value letters, digits, {@code _}, {@code -} and dots, the first a letter, digit or {@code
 *     _}; at most 100
 */
public record RunName(String value) {
  public RunName {
    if (!value.matches("\\w[\\w.-]{0,99}")) {
      throw new RelookException(
          RelookException.Category.CONFIG,
          "A run cannot be called '%s': files and rows bear its name, so it has letters, digits, _, - and dots alone, at most 100. Name it with --run."
              .formatted(shown(value)));
    }
  }

  private static String shown(String value) {
    return (value.length() > 100 ? value.substring(0, 100) + "…" : value)
        .replaceAll("\\p{Cntrl}", "?");
  }

  @Override
  public String toString() {
    return value;
  }
}
