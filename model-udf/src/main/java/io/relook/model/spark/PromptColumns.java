package io.relook.model.spark;

import io.relook.lakehouse.Keys;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/**
 * Where a row has its prompt: a question or token ids, and pictures. An empty array of pictures is
 * a prompt without one; null, also within an array, is an error of the row.
 *
 * @param pictures null where no prompt has any
 */
record PromptColumns(InputColumn prompt, InputColumn pictures) implements Serializable {
  /** Checks that the columns are there and of the right type. */
  static PromptColumns of(
      String stage, StructType schema, String prompt, String pictures, boolean idsToo) {
    InputColumn asked = InputColumn.of(schema, prompt);
    DataType type = asked.type(schema);
    if (!(type instanceof StringType) && !(idsToo && asked.isArrayOf(schema, IntegerType.class))) {
      String wanted = "the question, STRING";
      throw SparkErrors.columnType(
          stage,
          prompt,
          idsToo ? wanted + ", or the prompt's token ids, ARRAY<INT>" : wanted,
          type);
    }
    InputColumn shown = pictures == null ? null : InputColumn.of(schema, pictures);
    if (shown != null && !shown.isPictures(schema)) {
      throw SparkErrors.columnType(
          stage,
          pictures,
          "encoded pictures, BINARY or STRUCT<bytes: BINARY, path: STRING> or an ARRAY of them",
          shown.type(schema));
    }
    return new PromptColumns(asked, shown);
  }

  /** A row's prompt; a DATA error where something is null. */
  Ask ask(Row row) {
    List<byte[]> shown = pictures == null ? List.of() : pictures.pictures(row);
    Object given = prompt.cell(row);
    return given instanceof String
        ? new Ask((String) given, shown, new int[0])
        : new Ask(null, shown, prompt.ids(row));
  }

  /** A key of what the cells hold, whether or not they make a prompt. */
  String content(Row row) {
    return Keys.of(prompt.content(row), pictures == null ? "" : pictures.content(row));
  }
}
