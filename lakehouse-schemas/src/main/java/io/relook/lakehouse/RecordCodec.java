package io.relook.lakehouse;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A table's rows as records: component {@code policyVersion} is column {@code policy_version}.
 * Lists are arrays, maps are maps; a component of a primitive type is a NOT NULL column.
 */
public final class RecordCodec<T extends Record> {
  private final StructType schema;
  private final RecordComponent[] components;
  private final Constructor<T> constructor;
  private final String[] columns;

  public RecordCodec(Table table, Class<T> type) {
    this.schema = table.schema();
    this.components = type.getRecordComponents();
    this.columns = Arrays.stream(components).map(c -> column(c.getName())).toArray(String[]::new);
    if (!Arrays.asList(columns).equals(Arrays.asList(schema.fieldNames()))) {
      throw new IllegalArgumentException(
          "%s has components %s, table %s has columns %s"
              .formatted(
                  type.getSimpleName(),
                  Arrays.toString(columns),
                  table.tableName(),
                  Arrays.toString(schema.fieldNames())));
    }
    try {
      this.constructor =
          type.getDeclaredConstructor(
              Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
      constructor.setAccessible(true);
      for (RecordComponent component : components) {
        component.getAccessor().setAccessible(true);
      }
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(e);
    }
  }

  public Row toRow(T value) {
    Object[] cells = new Object[components.length];
    try {
      for (int i = 0; i < cells.length; i++) {
        cells[i] = toSpark(components[i].getAccessor().invoke(value));
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
    return RowFactory.create(cells);
  }

  public T fromRow(Row row) {
    Object[] cells = new Object[components.length];
    for (int i = 0; i < cells.length; i++) {
      int at = row.fieldIndex(columns[i]);
      Object cell = row.get(at);
      if (cell instanceof scala.collection.Map) {
        cell = Map.copyOf(row.getJavaMap(at));
      } else if (cell instanceof scala.collection.Seq) {
        cell = new ArrayList<>(row.getList(at));
      } else if (cell instanceof java.sql.Timestamp) {
        cell = ((java.sql.Timestamp) cell).toInstant();
      }
      cells[i] = cell;
    }
    try {
      return constructor.newInstance(cells);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("row %s does not fit".formatted(row), e);
    }
  }

  private static Object toSpark(Object value) {
    if (value instanceof List) {
      return CollectionConverters.asScala((List<?>) value).toSeq();
    }
    if (value instanceof Map) {
      return CollectionConverters.asScala((Map<?, ?>) value);
    }
    if (value instanceof java.time.Instant) {
      return java.sql.Timestamp.from((java.time.Instant) value);
    }
    return value;
  }

  private static String column(String component) {
    return component
        .replaceAll("_$", "")
        .replaceAll("([A-Z])", "_$1")
        .toLowerCase(java.util.Locale.ROOT);
  }
}
