package io.relook.model.spark;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import io.relook.model.image.ImagePreparer;
import io.relook.model.image.ImageProcessor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/**
 * A partition's rows as prompts, window by window through the engine. While it computes, the
 * pictures of the next rows are decoded and resized by other threads. In memory lie one window and
 * the few rows ahead of it, whatever the partition's size; results come in the order of the rows.
 *
 * <p>A row whose data cannot become a prompt goes through with its error; what is wrong with the
 * checkpoint or a setting ends the task.
 */
final class PromptWindows {
  /** Patches of a window: it ends before {@code batchSize} where pictures are large. Our choice. */
  private static final long MOST_PATCH_BYTES = 256L << 20;

  /** Rows whose pictures are prepared while the engine runs. Our choice. */
  private static final int AHEAD = 16;

  private PromptWindows() {}

  /** A row with its prompt, or with why it has none: one of the two is null. */
  record Entry<R>(R row, Prompt prompt, String error) {}

  /** A row that was read, or why it could not be. */
  private record Read<R>(R row, Ask ask, RelookException error) {
    List<byte[]> pictures() {
      return ask == null ? List.of() : ask.pictures();
    }
  }

  /** What the engine does with a window, given the policy and the picture settings in use. */
  interface Work<R, S> {
    List<S> run(LoadedPolicy policy, ImageProcessor images, List<Entry<R>> window);
  }

  /** The results of {@code work}; {@code reader} throws a DATA error where a row is no prompt. */
  static <R, S> Windows<S> run(
      PolicySettings settings, Iterator<R> rows, Function<R, Ask> reader, Work<R, S> work) {
    if (!rows.hasNext()) {
      return Windows.none();
    }
    ModelPool.Lease lease = ModelPool.lease(settings.engine(), settings.uri());
    LoadedPolicy policy = lease.policy();
    ImageProcessor images = policy.images(settings);
    int threads = Math.max(2, Runtime.getRuntime().availableProcessors() / 4);
    ImagePreparer preparer = new ImagePreparer(images, threads, Math.max(threads, AHEAD));
    TaskContext task = TaskContext.get();
    if (task != null) {
      task.addTaskCompletionListener((TaskCompletionListener) done -> preparer.close());
    }
    Iterator<ImagePreparer.Prepared<Read<R>>> prepared =
        preparer.prepare(map(rows, row -> read(row, reader)), Read::pictures);
    return new Windows<>() {
      private Iterator<S> results = Collections.emptyIterator();
      private long windows;

      @Override
      public long windows() {
        return windows;
      }

      @Override
      public boolean hasNext() {
        while (!results.hasNext() && prepared.hasNext()) {
          windows++;
          List<Entry<R>> window = window(policy, prepared, settings.batchSize());
          results = lease.alone(() -> work.run(policy, images, window)).iterator();
        }
        if (!results.hasNext()) {
          preparer.close();
          lease.close();
        }
        return results.hasNext();
      }

      @Override
      public S next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        return results.next();
      }
    };
  }

  private static <R> Read<R> read(R row, Function<R, Ask> reader) {
    try {
      return new Read<>(row, reader.apply(row), null);
    } catch (RelookException e) {
      return new Read<>(row, null, onlyData(e));
    }
  }

  private static <R> List<Entry<R>> window(
      LoadedPolicy policy, Iterator<ImagePreparer.Prepared<Read<R>>> prepared, int batchSize) {
    List<Entry<R>> window = new ArrayList<>();
    long bytes = 0;
    while (window.size() < batchSize && bytes < MOST_PATCH_BYTES && prepared.hasNext()) {
      ImagePreparer.Prepared<Read<R>> next = prepared.next();
      Read<R> read = next.row();
      RelookException error = read.error() != null ? read.error() : next.error();
      if (error == null) {
        try {
          window.add(new Entry<>(read.row(), prompt(policy, read.ask(), next.grids()), null));
        } catch (RelookException e) {
          error = onlyData(e);
        }
      }
      if (error != null) {
        window.add(new Entry<>(read.row(), null, error.getMessage()));
      } else {
        bytes += next.grids().stream().mapToLong(grid -> 4L * grid.patches().length).sum();
      }
    }
    return window;
  }

  private static Prompt prompt(LoadedPolicy policy, Ask ask, List<PictureGrid> grids) {
    return ask.question() == null
        ? new Prompt(ask.ids(), grids)
        : policy.prompt(ask.question(), grids, ask.ids());
  }

  private static RelookException onlyData(RelookException e) {
    if (e.category() != Category.DATA) {
      throw e;
    }
    return e;
  }

  private static <A, B> Iterator<B> map(Iterator<A> items, Function<A, B> function) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return items.hasNext();
      }

      @Override
      public B next() {
        return function.apply(items.next());
      }
    };
  }
}
