package io.relook.model.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/** Parts of one piece of work on threads of their own. */
final class SideBySide {
  private SideBySide() {}

  /**
   * Runs parts 0 to {@code parts - 1}, the first on the calling thread; returns or throws when all
   * have ended, with the error of the lowest part. An interrupt waits: the others still use the
   * engine.
   */
  static void run(int parts, IntConsumer work) {
    Throwable[] errors = new Throwable[Math.max(1, parts)];
    List<Thread> others = new ArrayList<>();
    for (int part = 1; part < parts; part++) {
      int own = part;
      Thread thread = new Thread(() -> guarded(work, own, errors), "relook-part-" + part);
      thread.setDaemon(true);
      thread.start();
      others.add(thread);
    }
    if (parts > 0) {
      guarded(work, 0, errors);
    }
    others.forEach(SideBySide::joinWhole);
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

  private static void joinWhole(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
