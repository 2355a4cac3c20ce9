package io.relook.model.sql;

import io.relook.model.spark.WindowTask;
import io.relook.model.spark.Windows;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.execution.metric.SQLMetric;
import scala.Function1;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * On an executor: the rows go to the stage as it draws them, and wait here until it has answered
 * them. It draws a window of them and the few whose pictures are prepared ahead.
 */
record AnsweredRows(
    ModelCall call,
    WindowTask task,
    Seq<Expression> arguments,
    Seq<Attribute> input,
    Seq<Attribute> output,
    SQLMetric rows,
    SQLMetric windows)
    implements Function2<Integer, Iterator<InternalRow>, Iterator<InternalRow>> {
  AnsweredRows(
      ModelCall call,
      Seq<Expression> arguments,
      Seq<Attribute> input,
      Seq<Attribute> output,
      SQLMetric rows,
      SQLMetric windows) {
    this(call, call.stage().task(call.inputs()), arguments, input, output, rows, windows);
  }

  @Override
  public Iterator<InternalRow> call(Integer partition, Iterator<InternalRow> given) {
    Deque<InternalRow> waiting = new ArrayDeque<>();
    Windows<Row> answers = task.call(asked(partition, given, waiting));
    UnsafeProjection result =
        UnsafeProjection.create(
            ModelNode.seq(List.<Expression>copyOf(CollectionConverters.asJava(output))), output);
    Function1<Object, Object> toCatalyst =
        CatalystTypeConverters.createToCatalystConverter(call.dataType());
    JoinedRow joined = new JoinedRow();
    return new Iterator<>() {
      private long counted;

      @Override
      public boolean hasNext() {
        boolean more = answers.hasNext();
        windows.add(answers.windows() - counted);
        counted = answers.windows();
        return more;
      }

      @Override
      public InternalRow next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        Object answer = toCatalyst.apply(answer(answers));
        rows.add(1);
        return result.apply(
            joined.apply(waiting.remove(), new GenericInternalRow(new Object[] {answer})));
      }
    };
  }

  /** The arguments of each row, as the stage reads them. */
  private Iterator<Row> asked(
      int partition, Iterator<InternalRow> given, Deque<InternalRow> waiting) {
    UnsafeProjection projection = UnsafeProjection.create(arguments, input);
    projection.initialize(partition);
    Function1<Object, Object> toScala =
        CatalystTypeConverters.createToScalaConverter(call.inputs());
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return given.hasNext();
      }

      @Override
      public Row next() {
        InternalRow row = given.next().copy();
        waiting.add(row);
        return (Row) toScala.apply(projection.apply(row));
      }
    };
  }

  /** What the call returns for a row: an answer, or all its samples. */
  private Object answer(Iterator<Row> answers) {
    int[] places = call.function().places(call.inputs().size());
    List<Row> samples = new ArrayList<>();
    for (int i = 0; i < call.samples(); i++) {
      Row row = answers.next();
      Object[] fields = new Object[places.length];
      for (int f = 0; f < fields.length; f++) {
        fields[f] = row.get(places[f]);
      }
      samples.add(RowFactory.create(fields));
    }
    return samples.size() == 1 ? samples.get(0) : samples.toArray();
  }
}
