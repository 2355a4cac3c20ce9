package io.relook.report;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import java.nio.file.Path;
import java.util.List;

/** Why there is no report. */
final class ReportErrors {
  private ReportErrors() {}

  static RelookException noRun(String place, String asked, List<String> known) {
    return new RelookException(
        Category.CONFIG,
        known.isEmpty()
            ? "There is no run at %s: name the folder of a lakehouse that a run wrote."
                .formatted(place)
            : "The lakehouse has no run %s: it has %s.".formatted(asked, String.join(", ", known)));
  }

  static RelookException noCheckpoint(String policy) {
    return new RelookException(
        Category.DATA, "The files of policy %s were not kept.".formatted(policy));
  }

  static RelookException notEvaluated(List<String> policies) {
    return new RelookException(
        Category.DATA,
        "No evaluated trajectory with tokens and a picture: %s. Evaluate the policy on the run first."
            .formatted(String.join("; ", policies)));
  }

  static RelookException unwritable(Path file, Exception cause) {
    return new RelookException(
        Category.STORAGE,
        "Cannot write the report to %s: %s. Name another file with --out."
            .formatted(file, cause.getMessage()),
        cause);
  }
}
