package io.relook.model.spark;

import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/** What a stage does with a partition's rows on an executor. */
public interface WindowTask extends MapPartitionsFunction<Row, Row> {
  /** The rows with the outputs behind their cells; rows are drawn by the thread that asks. */
  @Override
  Windows<Row> call(Iterator<Row> rows);
}
