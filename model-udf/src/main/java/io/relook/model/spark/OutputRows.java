package io.relook.model.spark;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Results as rows: the input's cells with more behind them. */
final class OutputRows {
  private OutputRows() {}

  static Row append(Row row, Object... more) {
    Object[] cells = new Object[row.size() + more.length];
    for (int i = 0; i < row.size(); i++) {
      cells[i] = row.get(i);
    }
    System.arraycopy(more, 0, cells, row.size(), more.length);
    return RowFactory.create(cells);
  }

  static Seq<Integer> cells(int[] values) {
    return CollectionConverters.asScala(IntStream.of(values).boxed().toList()).toSeq();
  }

  static Seq<Float> cells(float[] values) {
    List<Float> boxed = IntStream.range(0, values.length).mapToObj(i -> values[i]).toList();
    return CollectionConverters.asScala(boxed).toSeq();
  }
}
