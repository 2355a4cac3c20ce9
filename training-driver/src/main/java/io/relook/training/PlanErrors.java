package io.relook.training;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;

/** What ends a plan. */
final class PlanErrors {
  private PlanErrors() {}

  static RelookException noModel(String model) {
    return new RelookException(
        Category.CONFIG,
        "There is no checkpoint in %s: name one with --model, or count only, with --no-measure and --model FOLDER, where config.json and the files of tokenizer and pictures are enough."
            .formatted(model));
  }

  static RelookException noQuestions() {
    return new RelookException(
        Category.DATA, "None of the first questions can be used: look at the sources.");
  }

  static RelookException sample(String error) {
    return new RelookException(Category.DATA, "A sample of the plan failed: " + error + ".");
  }
}
