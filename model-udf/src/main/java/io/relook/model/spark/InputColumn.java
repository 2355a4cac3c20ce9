package io.relook.model.spark;

import io.relook.lakehouse.Keys;
import java.io.Serializable;
import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A column that a stage reads. Cells are found by place: Spark joins neighbouring stages, and rows
 * then come as the stage before made them, without a schema and with arrays of any kind.
 */
record InputColumn(String name, int place) implements Serializable {
  static InputColumn of(String stage, StructType schema, String name) {
    int place = Arrays.asList(schema.fieldNames()).indexOf(name);
    if (place < 0) {
      throw SparkErrors.missingColumn(stage, name, String.join(", ", schema.fieldNames()));
    }
    return new InputColumn(name, place);
  }

  /** A column of token ids, or of texts. */
  static InputColumn ofCompletion(String stage, StructType schema, String name) {
    InputColumn column = of(stage, schema, name);
    DataType type = column.type(schema);
    if (!(type instanceof StringType) && !column.isArrayOf(schema, IntegerType.class)) {
      throw SparkErrors.columnType(stage, name, "token ids, ARRAY<INT>, or a text, STRING", type);
    }
    return column;
  }

  DataType type(StructType schema) {
    return schema.fields()[place].dataType();
  }

  boolean isArrayOf(StructType schema, Class<? extends DataType> element) {
    return type(schema) instanceof ArrayType
        && element.isInstance(((ArrayType) type(schema)).elementType());
  }

  /** What is in the row; a DATA error where it is null. */
  Object cell(Row row) {
    Object cell = row.get(place);
    if (cell == null) {
      throw SparkErrors.nullCell(name);
    }
    return cell;
  }

  /** Token ids; a DATA error where the array or one of them is null. */
  int[] ids(Row row) {
    return list(cell(row)).stream().mapToInt(id -> (int) given(id)).toArray();
  }

  /** A DATA error where the cell or one of its ids is null. */
  void check(Row row) {
    ids(row, text -> new int[0]);
  }

  /** Token ids, those of a text by {@code encoder}; a DATA error as {@link #ids(Row)}. */
  int[] ids(Row row, Function<String, int[]> encoder) {
    return cell(row) instanceof String text ? encoder.apply(text) : ids(row);
  }

  /** A picture, or several; a DATA error where the cell or one of them is null. */
  List<byte[]> pictures(Row row) {
    Object cell = cell(row);
    return cell instanceof byte[]
        ? List.of((byte[]) cell)
        : list(cell).stream().map(picture -> (byte[]) given(picture)).toList();
  }

  /** A key of what the cell holds, null included. */
  String content(Row row) {
    return content(row.get(place));
  }

  private static String content(Object cell) {
    if (cell == null || cell instanceof String) {
      return Keys.of(cell == null ? "null" : "text", cell);
    }
    return cell instanceof byte[]
        ? Keys.of((byte[]) cell)
        : Keys.of(list(cell).stream().map(InputColumn::content).toArray());
  }

  private Object given(Object item) {
    if (item == null) {
      throw SparkErrors.nullCell(name);
    }
    return item;
  }

  private static List<?> list(Object cell) {
    return cell instanceof scala.collection.Seq
        ? CollectionConverters.asJava((scala.collection.Seq<?>) cell)
        : IntStream.range(0, Array.getLength(cell)).mapToObj(i -> Array.get(cell, i)).toList();
  }
}
