package io.relook.model.spark;

import static scala.jdk.javaapi.CollectionConverters.asJava;
import static scala.jdk.javaapi.CollectionConverters.asScala;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.CreateStruct;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.GetStructField;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.DeserializeToObject;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.MapPartitions;
import org.apache.spark.sql.catalyst.plans.logical.SerializeFromObject;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Function1;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;

/**
 * A data set's rows with a stage's outputs behind them. These are the nodes of Spark 4.1.0's {@code
 * mapPartitions}, but the object between them is the row as Spark stores it: only what the stage
 * reads is decoded, and the other columns keep their types, collations and metadata, which is where
 * Spark has a column's watermark.
 *
 * @param asked what the stage reads, as one struct of {@code inputs}
 * @param inputs names and types, as the stage's task knows them
 * @param outputs behind the input's columns
 * @param samples rows out for a row in
 */
record AnsweredDataset(
    Dataset<Row> rows,
    Column asked,
    StructType inputs,
    StructType outputs,
    WindowTask task,
    int samples) {
  Dataset<Row> answered() {
    Dataset<Row> with = rows.select(functions.col("*"), asked);
    LogicalPlan child = with.queryExecution().analyzed();
    StructType given = with.schema();
    LogicalPlan read =
        new DeserializeToObject(
            CreateStruct.apply(seq(List.<Expression>copyOf(asJava(child.output())))),
            object(given),
            child);
    StructType result = new StructType(rows.schema().fields());
    for (StructField output : outputs.fields()) {
      result = result.add(output);
    }
    LogicalPlan made =
        new MapPartitions(new Answers(given, inputs, outputs, task, samples), object(result), read);
    return org.apache.spark.sql.classic.Dataset.ofRows(
        (org.apache.spark.sql.classic.SparkSession) rows.sparkSession(),
        new SerializeFromObject(columns(result), made));
  }

  private static Attribute object(StructType type) {
    return new AttributeReference(
        "row", type, false, Metadata.empty(), NamedExpression.newExprId(), seq(List.of()));
  }

  private static Seq<NamedExpression> columns(StructType type) {
    List<NamedExpression> columns = new ArrayList<>();
    for (int i = 0; i < type.size(); i++) {
      StructField field = type.apply(i);
      columns.add(
          new Alias(
              new GetStructField(new BoundReference(0, type, false), i, Option.apply(field.name())),
              field.name(),
              NamedExpression.newExprId(),
              seq(List.of()),
              Option.apply(field.metadata()),
              seq(List.of())));
    }
    return seq(columns);
  }

  private static <T> Seq<T> seq(List<T> items) {
    return asScala(items).toSeq();
  }

  /** What runs on an executor: rows whose last cell is what the stage reads. */
  private static final class Answers
      extends AbstractFunction1<
          scala.collection.Iterator<Object>, scala.collection.Iterator<Object>>
      implements Serializable {
    private static final long serialVersionUID = 1;

    private final StructType given;
    private final StructType inputs;
    private final StructType outputs;
    private final WindowTask task;
    private final int samples;

    Answers(StructType given, StructType inputs, StructType outputs, WindowTask task, int samples) {
      this.given = given;
      this.inputs = inputs;
      this.outputs = outputs;
      this.task = task;
      this.samples = samples;
    }

    @Override
    @SuppressWarnings("unchecked")
    public scala.collection.Iterator<Object> apply(scala.collection.Iterator<Object> rows) {
      int last = given.size() - 1;
      Function1<Object, Object> toScala = CatalystTypeConverters.createToScalaConverter(inputs);
      AnsweredPartition partition =
          new AnsweredPartition(
              task,
              samples,
              (Iterator<InternalRow>) (Iterator<?>) asJava(rows),
              row -> (Row) toScala.apply(row.getStruct(last, inputs.size())));
      List<Function1<Object, Object>> toCatalyst = new ArrayList<>();
      for (StructField output : outputs.fields()) {
        toCatalyst.add(CatalystTypeConverters.createToCatalystConverter(output.dataType()));
      }
      return asScala(
          new Iterator<Object>() {
            private InternalRow row;
            private Iterator<Row> answers = Collections.emptyIterator();

            @Override
            public boolean hasNext() {
              return answers.hasNext() || partition.hasNext();
            }

            @Override
            public Object next() {
              if (!answers.hasNext()) {
                AnsweredPartition.Answered next = partition.next();
                row = next.row();
                answers = next.answers().iterator();
              }
              Row answer = answers.next();
              Object[] cells = new Object[last + outputs.size()];
              for (int i = 0; i < last; i++) {
                cells[i] = row.get(i, given.apply(i).dataType());
              }
              for (int i = 0; i < outputs.size(); i++) {
                cells[last + i] = toCatalyst.get(i).apply(answer.get(inputs.size() + i));
              }
              return new GenericInternalRow(cells);
            }
          });
    }
  }
}
