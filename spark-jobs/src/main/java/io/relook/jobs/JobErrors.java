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

  static RelookException judge(long failed, long all, double most, String example) {
    return new RelookException(
        Category.DATA,
        "reconstruct: the judge gave no verdict on %d of %d reflections, more than the failure budget of %.1f %%. One of them: %s. The verdicts that it gave are kept in judgements: run the same command again when it answers."
            .formatted(failed, all, 100 * most, example));
  }

  static RelookException noQueries(String source) {
    return new RelookException(
        Category.DATA, "No usable questions in %s: look at the table rejects.".formatted(source));
  }

  /** Why a row is not taken in. */
  static RelookException row(String problem) {
    return new RelookException(Category.DATA, problem + ".");
  }

  static RelookException source(String problem) {
    return new RelookException(Category.CONFIG, "Cannot ingest: " + problem + ".");
  }

  static RelookException policy(String problem, String asked) {
    return new RelookException(
        Category.CONFIG, "Cannot use the policy %s: %s.".formatted(asked, problem));
  }

  /** The error of Relook's that Spark wrapped on its way from a task, or null. */
  static RelookException own(Throwable error) {
    for (Throwable at = error; at != null; at = at.getCause()) {
      if (at instanceof RelookException own) {
        return own;
      }
    }
    return null;
  }

  /** As above; another error as it is. Spark throws checked ones that it does not declare. */
  static RuntimeException ownCause(Exception error) {
    RelookException own = own(error);
    if (own != null) {
      return own;
    }
    return error instanceof RuntimeException unchecked
        ? unchecked
        : new RelookException(Category.INTERNAL, "Spark: " + error.getMessage(), error);
  }
}
