package io.relook.model.image;

import io.relook.lakehouse.RelookException;
import io.relook.model.engine.PictureGrid;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/**
 * Prepares pictures on threads of its own while the caller's thread runs the model. Results come in
 * the order of the rows; a row with a picture that fails is an error in its place. At most {@code
 * ahead} rows are held beyond the one that is asked for, so memory does not grow with the input.
 */
public final class ImagePreparer implements AutoCloseable {
  private final ImageProcessor processor;
  private final int ahead;
  private final ExecutorService pool;

  public ImagePreparer(ImageProcessor processor, int threads, int ahead) {
    if (threads < 1 || ahead < threads) {
      throw ImageErrors.preparer(threads, ahead);
    }
    this.processor = processor;
    this.ahead = ahead;
    this.pool =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "relook-pictures");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** A row with its pictures ready for the model, or with why they are not: one of both is null. */
  public record Prepared<T>(T row, List<PictureGrid> grids, RelookException error) {
    public Prepared {
      if ((grids == null) == (error == null)) {
        throw new IllegalArgumentException("pictures or an error, not both");
      }
    }
  }

  /** Each row's pictures in order; {@code rows} is drawn from as results are taken. */
  public <T> Iterator<Prepared<T>> prepare(
      Iterator<T> rows, Function<? super T, List<byte[]>> pictures) {
    Deque<Future<Prepared<T>>> open = new ArrayDeque<>();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return !open.isEmpty() || rows.hasNext();
      }

      @Override
      public Prepared<T> next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        while (open.size() <= ahead && rows.hasNext()) {
          T row = rows.next();
          List<byte[]> shown = pictures.apply(row);
          open.add(pool.submit(() -> one(row, shown)));
        }
        try {
          return open.remove().get();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          open.forEach(future -> future.cancel(true));
          throw new CompletionException(e);
        } catch (ExecutionException e) {
          throw new CompletionException(e.getCause());
        }
      }
    };
  }

  private <T> Prepared<T> one(T row, List<byte[]> pictures) {
    try {
      List<PictureGrid> grids = new ArrayList<>();
      for (byte[] picture : pictures) {
        grids.add(processor.process(picture));
      }
      return new Prepared<>(row, grids, null);
    } catch (RelookException e) {
      return new Prepared<>(row, null, e);
    } catch (RuntimeException | OutOfMemoryError e) {
      return new Prepared<>(row, null, ImageErrors.unreadable(String.valueOf(e.getMessage()), e));
    }
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
