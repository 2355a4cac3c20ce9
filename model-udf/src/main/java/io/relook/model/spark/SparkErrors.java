package io.relook.model.spark;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import org.apache.spark.sql.types.DataType;

/** What can be wrong with a transformer's settings and with its rows. */
final class SparkErrors {
  private SparkErrors() {}

  static RelookException unset(String stage, String setter) {
    return new RelookException(Category.CONFIG, "%s needs %s.".formatted(stage, setter));
  }

  static RelookException value(String stage, String rule, Object value) {
    return new RelookException(
        Category.CONFIG, "%s needs %s, not %s.".formatted(stage, rule, value));
  }

  static RelookException chatVariable(String name) {
    return new RelookException(
        Category.CONFIG,
        "templateVariables cannot hold %s: the chat itself brings it.".formatted(name));
  }

  static RelookException templateVariable(String name, Object value) {
    return new RelookException(
        Category.CONFIG,
        "templateVariables.%s must be a text, a number, true, false or null, not %s."
            .formatted(name, value));
  }

  static RelookException templateVariables(String given) {
    return new RelookException(
        Category.CONFIG,
        "templateVariables must be a JSON object such as {\"enable_thinking\": false}, not %s."
            .formatted(given));
  }

  static RelookException missingColumn(String stage, String column, String known) {
    return new RelookException(
        Category.CONFIG,
        "%s reads the column %s, the input has %s: see setInputCols."
            .formatted(stage, column, known));
  }

  static RelookException ambiguousColumn(String stage, String column) {
    return new RelookException(
        Category.CONFIG,
        "%s is given more than one column %s: rename or drop all but one."
            .formatted(stage, column));
  }

  static RelookException columnType(String stage, String column, String wanted, DataType type) {
    return new RelookException(
        Category.CONFIG,
        "%s needs its input column %s to be %s, not %s."
            .formatted(stage, column, wanted, type.sql()));
  }

  static RelookException columnExists(String stage, String column) {
    return new RelookException(
        Category.CONFIG,
        "%s writes the column %s, which the input has already: see setOutputCols."
            .formatted(stage, column));
  }

  static RelookException noBytes(String column, Object path) {
    return new RelookException(
        Category.DATA,
        "The picture in the column %s has no bytes, only the path %s: read its file into bytes."
            .formatted(column, path));
  }

  static RelookException nullCell(String column) {
    return new RelookException(
        Category.DATA, "The column %s is null in this row: fill or drop it.".formatted(column));
  }
}
