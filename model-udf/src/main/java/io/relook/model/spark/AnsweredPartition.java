package io.relook.model.spark;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * On an executor: a partition's rows with a stage's answers. What a row asks goes to the stage as
 * it draws rows; the row waits here until it is answered, as Spark stores it. The stage draws a
 * window of rows and the few whose pictures are prepared ahead.
 */
public final class AnsweredPartition implements Iterator<AnsweredPartition.Answered> {
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private final Windows<Row> answers;
  private final int samples;

  /** A row, and the stage's rows for it: what it asked, with the outputs behind. */
  public record Answered(InternalRow row, List<Row> answers) {}

  private record Waiting(InternalRow row, FileBlock file) {}

  /**
   * @param samples the stage's rows for one of ours
   * @param asks what the stage reads of a row
   */
  public AnsweredPartition(
      WindowTask task, int samples, Iterator<InternalRow> rows, Function<InternalRow, Row> asks) {
    this.samples = samples;
    this.answers = task.call(drawn(rows, asks));
  }

  /** How many windows went through the engine until now. */
  public long windows() {
    return answers.windows();
  }

  @Override
  public boolean hasNext() {
    return answers.hasNext();
  }

  @Override
  public Answered next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    List<Row> own = new ArrayList<>();
    for (int i = 0; i < samples; i++) {
      own.add(answers.next());
    }
    Waiting row = waiting.remove();
    row.file().enter();
    return new Answered(row.row(), own);
  }

  /** The scan below goes on in the file that it left, whichever file the rows above are of. */
  private Iterator<Row> drawn(Iterator<InternalRow> rows, Function<InternalRow, Row> asks) {
    return new Iterator<>() {
      private FileBlock file = FileBlock.entered();

      @Override
      public boolean hasNext() {
        file.enter();
        boolean more = rows.hasNext();
        file = FileBlock.entered();
        return more;
      }

      @Override
      public Row next() {
        file.enter();
        InternalRow row = rows.next().copy();
        file = FileBlock.entered();
        waiting.add(new Waiting(row, file));
        return asks.apply(row);
      }
    };
  }
}
