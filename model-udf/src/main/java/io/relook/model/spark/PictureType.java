package io.relook.model.spark;

import java.util.Arrays;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/**
 * A cell that is one encoded picture: BINARY, or as Hugging Face's datasets store their {@code
 * Image} feature, STRUCT&lt;bytes: BINARY, path: STRING&gt;.
 */
public final class PictureType {
  static final String BYTES = "bytes";

  private PictureType() {}

  public static boolean is(DataType type) {
    return type instanceof BinaryType || isStruct(type);
  }

  /** Whether a struct is a picture: it has {@code bytes}. */
  public static boolean isStruct(DataType type) {
    return type instanceof StructType struct
        && Arrays.stream(struct.fields())
            .anyMatch(
                field -> field.name().equals(BYTES) && field.dataType() instanceof BinaryType);
  }

  /** A DATA error where the picture is a path alone: files are not read here. */
  static byte[] bytes(String column, Object picture) {
    if (!(picture instanceof Row row)) {
      return (byte[]) picture;
    }
    byte[] bytes = row.getAs(BYTES);
    if (bytes == null) {
      boolean named = Arrays.asList(row.schema().fieldNames()).contains("path");
      throw SparkErrors.noBytes(column, named ? row.getAs("path") : null);
    }
    return bytes;
  }
}
