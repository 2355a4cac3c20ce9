package io.relook.jobs;

import io.relook.preset.Preset;
import java.util.Iterator;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import scala.Tuple2;

/** Numbered lines, each a JSON value; blank ones are none. */
final class JsonLines implements FlatMapFunction<Iterator<Tuple2<String, Long>>, Row> {
  private static final long serialVersionUID = 1;

  private final Preset.Mapping mapping;

  JsonLines(Preset.Mapping mapping) {
    this.mapping = mapping;
  }

  @Override
  public Iterator<Row> call(Iterator<Tuple2<String, Long>> lines) {
    Iterable<Tuple2<String, Long>> all = () -> lines;
    return java.util.stream.StreamSupport.stream(all.spliterator(), false)
        .filter(line -> !line._1().isBlank())
        .map(line -> JsonRow.ofLine(line._1(), line._2() + 1, mapping))
        .iterator();
  }
}
