package io.relook.model.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * Parts of one piece of work on threads of their own. The threads stay: glibc keeps what a thread
 * freed for that thread, so each new one would take memory of its own.
 */
final class SideBySide {
  private static final AtomicInteger STARTED = new AtomicInteger();

  private static final ExecutorService THREADS =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          Long.MAX_VALUE,
          TimeUnit.NANOSECONDS,
          new SynchronousQueue<>(),
          SideBySide::thread);

  private SideBySide() {}

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "relook-part-" + STARTED.incrementAndGet());
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Runs parts 0 to {@code parts - 1}, the first on the calling thread; returns or throws when all
   * have ended, with the error of the lowest part. An interrupt waits: the others still use the
   * engine.
   */
  static void run(int parts, IntConsumer work) {
    Throwable[] errors = new Throwable[Math.max(1, parts)];
    List<Future<?>> others = new ArrayList<>();
    for (int part = 1; part < parts; part++) {
      int own = part;
      others.add(THREADS.submit(() -> guarded(work, own, errors)));
    }
    if (parts > 0) {
      guarded(work, 0, errors);
    }
    others.forEach(SideBySide::awaitWhole);
    for (Throwable error : errors) {
      if (error instanceof Error) {
        throw (Error) error;
      }
      if (error != null) {
        throw (RuntimeException) error;
      }
    }
  }

  private static void guarded(IntConsumer work, int part, Throwable[] errors) {
    try {
      work.accept(part);
    } catch (RuntimeException | Error e) {
      errors[part] = e;
    }
  }

  private static void awaitWhole(Future<?> part) {
    boolean interrupted = false;
    while (true) {
      try {
        part.get();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (ExecutionException e) {
        throw new IllegalStateException("a part keeps its own errors", e);
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
