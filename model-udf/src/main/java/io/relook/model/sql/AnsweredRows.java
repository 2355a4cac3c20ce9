package io.relook.model.sql;

import io.relook.model.spark.AnsweredPartition;
import io.relook.model.spark.WindowTask;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
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

/** On an executor: the rows with a call's answer behind each. */
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
    UnsafeProjection asked = UnsafeProjection.create(arguments, input);
    asked.initialize(partition);
    Function1<Object, Object> toScala =
        CatalystTypeConverters.createToScalaConverter(call.inputs());
    AnsweredPartition answered =
        new AnsweredPartition(
            task, call.samples(), given, row -> (Row) toScala.apply(asked.apply(row)));
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
        boolean more = answered.hasNext();
        windows.add(answered.windows() - counted);
        counted = answered.windows();
        return more;
      }

      @Override
      public InternalRow next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        AnsweredPartition.Answered next = answered.next();
        rows.add(1);
        Object answer = toCatalyst.apply(answer(next.answers()));
        return result.apply(
            joined.apply(next.row(), new GenericInternalRow(new Object[] {answer})));
      }
    };
  }

  /** What the call returns for a row: an answer, or all its samples. */
  private Object answer(List<Row> answers) {
    int[] places = call.function().places(call.inputs().size());
    Object[] samples =
        answers.stream()
            .map(answer -> RowFactory.create(IntStream.of(places).mapToObj(answer::get).toArray()))
            .toArray();
    return samples.length == 1 ? samples[0] : samples;
  }
}
