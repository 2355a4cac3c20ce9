package io.relook.model.torch;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Lets native calls in progress end before the JVM does (SIGTERM, {@code System.exit}): libtorch's
 * static destructors would otherwise run beneath them. Once the JVM ends no further call begins;
 * its thread waits. A generation calls once every few tokens, so the wait is short; it is at most
 * {@link #PATIENCE_SECONDS}.
 */
final class LastCall {
  private static final long PATIENCE_SECONDS = 30;

  /** Shared by calls; taken alone, and never given back, when the JVM ends. */
  private static final ReentrantReadWriteLock CALLS = new ReentrantReadWriteLock();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(LastCall::await, "relook-last-call"));
  }

  private LastCall() {}

  static void begin() {
    CALLS.readLock().lock();
  }

  static void end() {
    CALLS.readLock().unlock();
  }

  private static void await() {
    try {
      CALLS.writeLock().tryLock(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
