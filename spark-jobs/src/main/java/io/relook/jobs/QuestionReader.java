package io.relook.jobs;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.monotonically_increasing_id;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.transform;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.when;

import io.relook.preset.Preset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Files and tables of any shape → rows of one shape, nothing checked yet. */
final class QuestionReader {
  /** {@code number} counts a file's rows from 1; {@code problem} is why a row cannot be read. */
  static final StructType ASKED =
      StructType.fromDDL(
          "number BIGINT, id STRING, problem STRING, question STRING, answer STRING, options ARRAY<STRING>,"
              + " split STRING, template STRING, difficulty STRING, pictures ARRAY<STRUCT<bytes: BINARY, path: STRING>>");

  private static final String CORRUPT = "_relook_corrupt";

  /** NaN is what pandas, polars and others write where there is nothing. */
  private static final UserDefinedFunction NUMBER =
      udf(
          (UDF1<String, String>)
              text -> text == null || text.equals("NaN") ? null : IngestText.number(text),
          DataTypes.StringType);

  private final SparkSession spark;
  private final Preset.Mapping mapping;

  QuestionReader(SparkSession spark, Preset.Mapping mapping) {
    this.spark = spark;
    this.mapping = mapping;
  }

  /**
   * The rows of a file; rows that show the same picture lie together.
   *
   * @param skip rows that are left out, then {@code limit} rows; a limit of 0: all
   */
  Dataset<Row> file(String uri, int skip, int limit) {
    String name = uri.toLowerCase(Locale.ROOT);
    Dataset<Row> rows;
    if (name.endsWith(".parquet")) {
      rows = columns(spark.read().parquet(uri), col("_metadata.row_index").plus(1));
    } else if (name.endsWith(".csv")) {
      rows = csv(uri);
    } else if (name.endsWith(".jsonl") || name.endsWith(".ndjson")) {
      JavaRDD<Row> lines =
          spark.read().textFile(uri).javaRDD().zipWithIndex().mapPartitions(new JsonLines(mapping));
      rows = spark.createDataFrame(lines, ASKED);
    } else if (name.endsWith(".json")) {
      FlatMapFunction<String, Row> parse = new JsonArray(mapping, hadoop());
      rows =
          spark.createDataset(List.of(uri), Encoders.STRING()).flatMap(parse, Encoders.row(ASKED));
    } else {
      throw JobErrors.source(uri + " is no .json, .jsonl, .csv or .parquet");
    }
    rows = skip > 0 ? rows.where(col("number").gt(skip)) : rows;
    rows = limit > 0 ? rows.where(col("number").leq((long) skip + limit)) : rows;
    return rows.repartition(
        spark.sparkContext().defaultParallelism(), col("pictures").getField("path"));
  }

  private org.apache.spark.util.SerializableConfiguration hadoop() {
    return new org.apache.spark.util.SerializableConfiguration(
        spark.sessionState().newHadoopConf());
  }

  /** Cells may hold line breaks; so one task reads the file, and its order is the rows' order. */
  private Dataset<Row> csv(String uri) {
    var reader =
        spark.read().option("header", true).option("multiLine", true).option("escape", "\"");
    StructType header = reader.csv(uri).schema();
    Dataset<Row> rows =
        reader
            .option("columnNameOfCorruptRecord", CORRUPT)
            .schema(header.add(CORRUPT, DataTypes.StringType))
            .csv(uri);
    return columns(rows, monotonically_increasing_id().plus(1));
  }

  /** A table's rows by the mapping's columns. */
  Dataset<Row> columns(Dataset<Row> rows, Column number) {
    List<String> problems = new ArrayList<>();
    StructType schema = rows.schema();
    Column corrupt =
        Arrays.asList(schema.fieldNames()).contains(CORRUPT)
            ? when(col(CORRUPT).isNotNull(), "the row does not have the header's columns")
            : lit(null);
    Column[] cells = {
      number.cast("bigint").as("number"),
      text(schema, mapping.id(), problems).as("id"),
      corrupt.cast("string").as("problem"),
      text(schema, mapping.question(), problems).as("question"),
      text(schema, mapping.answer(), problems).as("answer"),
      options(schema, problems).as("options"),
      text(schema, mapping.split(), problems).as("split"),
      text(schema, mapping.template(), problems).as("template"),
      text(schema, mapping.difficulty(), problems).as("difficulty"),
      pictures(schema, problems).as("pictures")
    };
    if (!problems.isEmpty()) {
      throw JobErrors.source(String.join("; ", problems));
    }
    return rows.select(cells);
  }

  private static DataType type(StructType schema, String name, List<String> problems) {
    for (StructField field : schema.fields()) {
      if (field.name().equals(name)) {
        return field.dataType();
      }
    }
    problems.add(
        "there is no column %s (there are %s)"
            .formatted(
                name,
                Arrays.stream(schema.fieldNames())
                    .filter(column -> !column.equals(CORRUPT))
                    .collect(Collectors.joining(", "))));
    return null;
  }

  private static Column column(String name) {
    return col("`" + name.replace("`", "``") + "`");
  }

  private static Column text(StructType schema, String name, List<String> problems) {
    if (name == null) {
      return lit(null).cast("string");
    }
    DataType type = type(schema, name, problems);
    if (type instanceof ArrayType
        || type instanceof StructType
        || type instanceof MapType
        || type instanceof BinaryType) {
      problems.add("the column %s is no text but %s".formatted(name, type.simpleString()));
    }
    return type == null ? lit(null) : text(column(name), type);
  }

  /** A cell as a person writes it: a whole number that comes as a double, 3.0, is 3. */
  private static Column text(Column cell, DataType type) {
    Column text = cell.cast("string");
    return type instanceof DoubleType || type instanceof FloatType ? NUMBER.apply(text) : text;
  }

  private Column options(StructType schema, List<String> problems) {
    if (mapping.options() == null) {
      return lit(null).cast("array<string>");
    }
    DataType type = type(schema, mapping.options(), problems);
    Column column = column(mapping.options());
    return type instanceof ArrayType list
        ? transform(column, option -> text(option, list.elementType()))
        : when(column.isNotNull(), array(text(column, type)));
  }

  private Column pictures(StructType schema, List<String> problems) {
    DataType type = type(schema, mapping.picture(), problems);
    Column column = column(mapping.picture());
    if (type == null) {
      return lit(null);
    }
    if (type instanceof ArrayType list) {
      DataType element = list.elementType();
      String problem = pictureProblem(element);
      if (problem != null) {
        problems.add(problem);
        return lit(null);
      }
      return transform(column, picture -> picture(picture, element));
    }
    String problem = pictureProblem(type);
    if (problem != null) {
      problems.add(problem);
      return lit(null);
    }
    return when(column.isNotNull(), array(picture(column, type)));
  }

  private String pictureProblem(DataType type) {
    boolean known =
        type instanceof StructType both
            ? !Collections.disjoint(Arrays.asList(both.fieldNames()), List.of("bytes", "path"))
            : !(type instanceof ArrayType || type instanceof MapType);
    return known
        ? null
        : "the column %s holds no bytes, path or struct of both but %s"
            .formatted(mapping.picture(), type.simpleString());
  }

  private static Column picture(Column picture, DataType type) {
    Column none = lit(null);
    if (type instanceof StructType both) {
      List<String> there = Arrays.asList(both.fieldNames());
      Column bytes = there.contains("bytes") ? picture.getField("bytes") : none;
      Column path = there.contains("path") ? picture.getField("path") : none;
      return struct(bytes.cast("binary").as("bytes"), path.cast("string").as("path"));
    }
    return type instanceof BinaryType
        ? struct(picture.as("bytes"), none.cast("string").as("path"))
        : struct(none.cast("binary").as("bytes"), text(picture, type).as("path"));
  }
}
