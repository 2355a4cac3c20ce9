package io.relook.jobs;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;

/** What ends a job. */
final class JobErrors {
  private JobErrors() {}

  static RelookException budget(String job, long failed, long all, double most, String example) {
    return new RelookException(
        Category.DATA,
        "%s: %d of %d rows failed, more than the failure budget of %.1f %%. One of them: %s. The failed rows are in the table; mend them or raise failureBudget."
            .formatted(job, failed, all, 100 * most, example));
  }

  static RelookException rewards(long failed, long all, double most, String example) {
    return new RelookException(
        Category.DATA,
        "score: %d of %d rows have a reward that could not be computed, more than the failure budget of %.1f %%. One of them: %s. The reasons are in rewards.custom; mend the reward and raise its version, or raise failureBudget."
            .formatted(failed, all, 100 * most, example));
  }

  static RelookException noQueries(String source) {
    return new RelookException(
        Category.DATA, "No usable questions in %s: look at the table rejects.".formatted(source));
  }

  static RelookException source(String problem) {
    return new RelookException(Category.CONFIG, "Cannot ingest: " + problem + ".");
  }
}
