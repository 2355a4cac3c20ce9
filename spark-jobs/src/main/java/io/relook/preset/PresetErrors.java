package io.relook.preset;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import java.nio.file.Path;
import java.util.List;

/** What can be wrong with a preset. */
final class PresetErrors {
  private PresetErrors() {}

  static RelookException missing(String name, Path file) {
    return new RelookException(
        Category.CONFIG, "There is no preset %s (looked for %s).".formatted(name, file));
  }

  static RelookException noName(String name) {
    return new RelookException(
        Category.CONFIG,
        "'%s' is no preset's name (letters, digits, _, - and dots); a path ends in .yaml."
            .formatted(name.replaceAll("\\p{Cntrl}", "?")));
  }

  static RelookException unreadable(String name, Exception cause) {
    return new RelookException(
        Category.CONFIG,
        "Cannot read the preset %s: %s.".formatted(name, cause.getMessage()),
        cause);
  }

  static RelookException noYaml(String name, Exception cause) {
    return new RelookException(
        Category.CONFIG,
        "The preset %s is no YAML: %s.".formatted(name, cause.getMessage()),
        cause);
  }

  static RelookException problems(String name, List<String> problems) {
    return new RelookException(
        Category.CONFIG,
        "The preset %s has %d problems: %s."
            .formatted(name, problems.size(), String.join("; ", problems)));
  }

  static RelookException ingest(String problem) {
    return new RelookException(Category.CONFIG, "data.ingest: " + problem);
  }

  /** Values that contradict each other. */
  static RelookException of(String part, List<String> problems) {
    return new RelookException(
        Category.CONFIG, part + ": " + String.join("; " + part + ": ", problems));
  }
}
