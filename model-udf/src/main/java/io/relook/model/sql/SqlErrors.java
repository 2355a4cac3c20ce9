package io.relook.model.sql;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import java.util.List;

/** What can be wrong with a call in SQL. */
final class SqlErrors {
  private SqlErrors() {}

  static RelookException arguments(ModelFunction function, int given) {
    return new RelookException(
        Category.CONFIG,
        "%s was given %d arguments: call it as %s, an option also as name => value."
            .formatted(function.sqlName(), given, function.usage()));
  }

  static RelookException problems(ModelFunction function, List<String> problems) {
    return new RelookException(
        Category.CONFIG, "%s: %s.".formatted(function.sqlName(), String.join("; ", problems)));
  }

  /** What a stage says, with the function's name before it. */
  static RelookException of(ModelFunction function, RelookException stage) {
    return new RelookException(
        stage.category(), "%s: %s".formatted(function.sqlName(), stage.getMessage()), stage);
  }

  static RelookException unplanned(String call) {
    return new RelookException(
        Category.CONFIG,
        "%s takes the result of a Python UDF here: compute that in a subquery before it."
            .formatted(call));
  }
}
