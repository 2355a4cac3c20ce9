package io.relook.model.spark;

import io.relook.lakehouse.Keys;
import java.io.Serializable;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.analysis.UnresolvedAttribute;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/** A column that a stage reads, by its place among those that the stage asks for. */
record InputColumn(String name, int place) implements Serializable {
  /** Of the columns that a stage asks for, see {@link #field}. */
  static InputColumn of(StructType asked, String name) {
    return new InputColumn(name, asked.fieldIndex(name));
  }

  /**
   * The column of that name, or the field of a struct column that a path with dots names, from the
   * column down. Names are equal as {@code spark.sql.caseSensitive} says; where two are, an error.
   */
  static List<StructField> path(String stage, StructType schema, String name) {
    Optional<StructField> column = only(stage, schema, name);
    if (column.isPresent()) {
      return List.of(column.get());
    }
    List<StructField> path = new ArrayList<>();
    DataType type = schema;
    for (String part : CollectionConverters.asJava(UnresolvedAttribute.parseAttributeName(name))) {
      StructField field =
          Optional.of(type)
              .filter(StructType.class::isInstance)
              .flatMap(struct -> only(stage, (StructType) struct, part))
              .orElseThrow(
                  () ->
                      SparkErrors.missingColumn(
                          stage, name, String.join(", ", schema.fieldNames())));
      path.add(field);
      type = field.dataType();
    }
    return path;
  }

  /** The field of that name, if there is one. */
  static Optional<StructField> only(String stage, StructType schema, String name) {
    List<StructField> named =
        Arrays.stream(schema.fields())
            .filter(field -> (boolean) SQLConf.get().resolver().apply(field.name(), name))
            .toList();
    if (named.size() > 1) {
      throw SparkErrors.ambiguousColumn(stage, name);
    }
    return named.stream().findFirst();
  }

  /** A column of token ids, or of texts. */
  static InputColumn ofCompletion(String stage, StructType schema, String name) {
    InputColumn column = of(schema, name);
    DataType type = column.type(schema);
    if (!(type instanceof StringType) && !column.isArrayOf(schema, IntegerType.class)) {
      throw SparkErrors.columnType(stage, name, "token ids, ARRAY<INT>, or a text, STRING", type);
    }
    return column;
  }

  DataType type(StructType schema) {
    return schema.fields()[place].dataType();
  }

  /** {@code array()} is an array of any type. */
  boolean isArrayOf(StructType schema, Class<? extends DataType> element) {
    return type(schema) instanceof ArrayType array
        && (element.isInstance(array.elementType()) || array.elementType() instanceof NullType);
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

  /** Pictures, or one; see {@link PictureType}. */
  boolean isPictures(StructType schema) {
    return PictureType.is(type(schema))
        || type(schema) instanceof ArrayType array
            && (PictureType.is(array.elementType()) || array.elementType() instanceof NullType);
  }

  /** A picture, or several; a DATA error where the cell or one of them is null. */
  List<byte[]> pictures(Row row) {
    Object cell = cell(row);
    List<?> pictures = cell instanceof byte[] || cell instanceof Row ? List.of(cell) : list(cell);
    return pictures.stream().map(picture -> PictureType.bytes(name, given(picture))).toList();
  }

  /** A key of what the cell holds, null included. */
  String content(Row row) {
    return content(row.get(place));
  }

  private static String content(Object cell) {
    if (cell == null || cell instanceof String) {
      return Keys.of(cell == null ? "null" : "text", cell);
    }
    if (cell instanceof Row picture) {
      return content(picture.<Object>getAs(PictureType.BYTES));
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
