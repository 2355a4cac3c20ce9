package io.relook.lakehouse;

import io.relook.lakehouse.RelookException.Category;
import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A table's rows as records: component {@code policyVersion} is column {@code policy_version}.
 * Lists are arrays, maps are maps, records are structs, instants (to the microsecond) are
 * timestamps; a component of a primitive type is a NOT NULL column.
 */
public final class RecordCodec<T extends Record> {
  private final Shape<T> shape;

  public RecordCodec(Table table, Class<T> type) {
    this.shape = new Shape<>(table.tableName(), type, table.schema());
  }

  /** Refuses null where the column is NOT NULL. */
  public Row toRow(T value) {
    return shape.toRow(value);
  }

  /** Of a row that has the record's columns, others too. */
  public T fromRow(Row row) {
    return shape.fromRow(row);
  }

  /**
   * A timestamp's cell: where {@code spark.sql.datetime.java8API.enabled} says so a session hands
   * out instants, else java.sql's.
   */
  public static Instant instant(Object cell) {
    return cell instanceof Timestamp ? ((Timestamp) cell).toInstant() : (Instant) cell;
  }

  /** How a value becomes a cell and back; null stays null. */
  private record Cell(UnaryOperator<Object> toSpark, UnaryOperator<Object> fromSpark) {
    private static final Cell SAME = new Cell(v -> v, v -> v);

    static Cell of(String place, Type type, DataType column) {
      if (type == Instant.class) {
        return new Cell(v -> Timestamp.from((Instant) v), RecordCodec::instant);
      }
      if (type instanceof Class<?> && ((Class<?>) type).isRecord()) {
        Shape<?> shape =
            new Shape<>(place, ((Class<?>) type).asSubclass(Record.class), (StructType) column);
        return new Cell(shape::anyToRow, v -> shape.fromRow((Row) v));
      }
      if (type instanceof ParameterizedType) {
        Type[] of = ((ParameterizedType) type).getActualTypeArguments();
        return ((ParameterizedType) type).getRawType() == Map.class
            ? map(of(place, of[1], ((MapType) column).valueType()))
            : list(of(place, of[0], ((ArrayType) column).elementType()));
      }
      return SAME;
    }

    private static Cell list(Cell element) {
      return new Cell(
          v -> CollectionConverters.asScala(element.each((List<?>) v, element.toSpark)).toSeq(),
          v ->
              element.each(
                  CollectionConverters.asJava((scala.collection.Seq<?>) v), element.fromSpark));
    }

    private static Cell map(Cell value) {
      return new Cell(
          v -> CollectionConverters.asScala(value.each((Map<?, ?>) v, value.toSpark)),
          v ->
              Collections.unmodifiableMap(
                  value.each(
                      CollectionConverters.asJava((scala.collection.Map<?, ?>) v),
                      value.fromSpark)));
    }

    private List<Object> each(List<?> values, UnaryOperator<Object> way) {
      List<Object> cells = new ArrayList<>(values);
      if (this != SAME) {
        cells.replaceAll(v -> v == null ? null : way.apply(v));
      }
      return cells;
    }

    private Map<Object, Object> each(Map<?, ?> values, UnaryOperator<Object> way) {
      Map<Object, Object> cells = new LinkedHashMap<>(values);
      cells.replaceAll((k, v) -> v == null ? null : way.apply(v));
      return cells;
    }
  }

  /** A record type beside the columns that it stands for. */
  private static final class Shape<R extends Record> {
    private final String place;
    private final Class<R> type;
    private final StructField[] fields;
    private final RecordComponent[] components;
    private final Cell[] cells;
    private final Constructor<R> constructor;

    Shape(String place, Class<R> type, StructType schema) {
      this.place = place;
      this.type = type;
      this.fields = schema.fields();
      this.components = type.getRecordComponents();
      List<String> columns =
          Arrays.stream(components).map(RecordComponent::getName).map(Shape::column).toList();
      if (!columns.equals(Arrays.asList(schema.fieldNames()))) {
        throw new IllegalArgumentException(
            "%s has components %s, table %s has columns %s"
                .formatted(
                    type.getSimpleName(), columns, place, Arrays.toString(schema.fieldNames())));
      }
      this.cells = new Cell[fields.length];
      for (int i = 0; i < cells.length; i++) {
        cells[i] = Cell.of(place, components[i].getGenericType(), fields[i].dataType());
        components[i].getAccessor().setAccessible(true);
        if (components[i].getType().isPrimitive() && fields[i].nullable()) {
          throw new IllegalArgumentException(
              "%s.%s may be NULL but its component is primitive".formatted(place, columns.get(i)));
        }
      }
      try {
        this.constructor =
            type.getDeclaredConstructor(
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
        constructor.setAccessible(true);
      } catch (NoSuchMethodException e) {
        throw new IllegalStateException(e);
      }
    }

    Row anyToRow(Object value) {
      return toRow(type.cast(value));
    }

    Row toRow(R value) {
      Object[] row = new Object[cells.length];
      try {
        for (int i = 0; i < row.length; i++) {
          Object component = components[i].getAccessor().invoke(value);
          if (component == null && !fields[i].nullable()) {
            throw new RelookException(
                Category.INTERNAL,
                "Table %s: no value for column %s, which is NOT NULL."
                    .formatted(place, fields[i].name()));
          }
          row[i] = component == null ? null : cells[i].toSpark.apply(component);
        }
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
      return RowFactory.create(row);
    }

    R fromRow(Row row) {
      Object[] values = new Object[cells.length];
      for (int i = 0; i < values.length; i++) {
        Object cell = row.get(row.fieldIndex(fields[i].name()));
        values[i] = cell == null ? null : cells[i].fromSpark.apply(cell);
      }
      try {
        return constructor.newInstance(values);
      } catch (ReflectiveOperationException | IllegalArgumentException e) {
        throw new IllegalStateException("table %s: row %s does not fit".formatted(place, row), e);
      }
    }

    private static String column(String component) {
      return component.replaceAll("_$", "").replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }
  }
}
