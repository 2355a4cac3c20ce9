package io.relook.model.image;

import io.relook.lakehouse.RelookException;
import io.relook.model.engine.PictureGrid;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Prepares pictures on threads of its own while the caller's thread runs the model. Results come in
 * the order of the pictures; one that fails is an error in its place. At most {@code ahead}
 * pictures are held beyond the one that is asked for, so memory does not grow with the input.
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

  /** A picture ready for the model, or why there is none: one of the two is null. */
  public record Prepared(PictureGrid grid, RelookException error) {
    public Prepared {
      if ((grid == null) == (error == null)) {
        throw new IllegalArgumentException("a grid or an error, not both");
      }
    }
  }

  /** Each picture's result in order; {@code pictures} is drawn from as results are taken. */
  public Iterator<Prepared> prepare(Iterator<byte[]> pictures) {
    Deque<Future<Prepared>> open = new ArrayDeque<>();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return !open.isEmpty() || pictures.hasNext();
      }

      @Override
      public Prepared next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        while (open.size() < ahead && pictures.hasNext()) {
          byte[] picture = pictures.next();
          open.add(pool.submit(() -> one(picture)));
        }
        try {
          return open.remove().get();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          open.forEach(future -> future.cancel(true));
          throw new CompletionException(e);
        } catch (java.util.concurrent.ExecutionException e) {
          throw new CompletionException(e.getCause());
        }
      }
    };
  }

  private Prepared one(byte[] picture) {
    try {
      return new Prepared(processor.process(picture), null);
    } catch (RelookException e) {
      return new Prepared(null, e);
    } catch (RuntimeException | OutOfMemoryError e) {
      return new Prepared(null, ImageErrors.unreadable(String.valueOf(e.getMessage()), e));
    }
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
