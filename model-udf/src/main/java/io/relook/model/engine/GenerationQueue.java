package io.relook.model.engine;

import io.relook.model.engine.Completion.Finish;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * What one call of {@link Generator} works on: its streams take prompts and samples from here. Who
 * takes what does not show in the results.
 */
final class GenerationQueue {
  /** A sample in a slot. */
  static final class Row {
    final String key;
    final Sampling sampling;
    final RandomStream stream;
    final int[] tokens;
    final float[] logProbs;
    int length;
    Finish finish;

    Row(String key, Sampling sampling) {
      this.key = key;
      this.sampling = sampling;
      this.stream = new RandomStream(key);
      this.tokens = new int[sampling.maxNewTokens()];
      this.logProbs = new float[sampling.maxNewTokens()];
    }

    void accept(int token, float logProb) {
      tokens[length] = token;
      logProbs[length] = logProb;
      length++;
      if (sampling.stopTokenIds().contains(token)) {
        finish = Finish.STOP;
      } else if (length == tokens.length) {
        finish = Finish.LENGTH;
      }
    }
  }

  /** A request, its waiting samples, and how many of its rows are in slots. */
  static final class Work {
    final GenerationRequest request;
    final Deque<Row> waiting = new ArrayDeque<>();
    PrefilledPrompt prefilled;
    long lastPosition;
    int banks;

    Work(GenerationRequest request) {
      this.request = request;
      for (int i = 0; i < request.rowKeys().size(); i++) {
        waiting.add(new Row(request.rowKeys().get(i), request.samplings().get(i)));
      }
    }

    void close() {
      if (prefilled != null) {
        prefilled.close();
        prefilled = null;
      }
    }
  }

  private final Deque<Work> fresh = new ArrayDeque<>();
  private final List<Work> started = new ArrayList<>();
  private final Consumer<Completion> sink;
  private final BooleanSupplier cancelled;

  /** Some row must know its own tokens. */
  final boolean tracked;

  private int beingPrefilled;
  private boolean failed;

  GenerationQueue(
      List<GenerationRequest> requests, Consumer<Completion> sink, BooleanSupplier cancelled) {
    requests.forEach(request -> fresh.add(new Work(request)));
    this.sink = sink;
    this.cancelled = cancelled;
    this.tracked =
        requests.stream().flatMap(r -> r.samplings().stream()).anyMatch(Sampling::isPenalised);
  }

  synchronized void emit(Completion completion) {
    sink.accept(completion);
  }

  synchronized boolean isCancelled() {
    return failed || cancelled.getAsBoolean();
  }

  /** A stream has failed: the others need not go on. */
  synchronized void fail() {
    failed = true;
    notifyAll();
  }

  /** The next prompt that nobody runs yet, or null. */
  synchronized Work next() {
    Work work = fresh.poll();
    beingPrefilled += work == null ? 0 : 1;
    return work;
  }

  /** The prompt that {@link #next} gave is in a bank now. */
  synchronized void start(Work work) {
    started.add(work);
    work.banks++;
    beingPrefilled--;
    notifyAll();
  }

  /** The prompt that {@link #next} gave cannot be run. */
  synchronized void drop(Work work, String error) {
    beingPrefilled--;
    notifyAll();
    work.waiting.forEach(row -> emit(Completion.failed(row.key, error)));
  }

  /** Whether samples wait, or will once another stream has run their prompt. */
  synchronized boolean awaitMore() {
    while (beingPrefilled > 0 && !isCancelled()) {
      try {
        wait(100);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return !fresh.isEmpty() || started.stream().anyMatch(work -> !work.waiting.isEmpty());
  }

  /** A prompt whose samples still wait, for one more bank; null where there is none. */
  synchronized Work join() {
    Work work = started.stream().filter(w -> !w.waiting.isEmpty()).findFirst().orElse(null);
    if (work != null) {
      work.banks++;
    }
    return work;
  }

  synchronized Row row(Work work) {
    return work.waiting.poll();
  }

  /** False while samples of the bank's prompt wait. */
  synchronized boolean leave(Work work) {
    if (!work.waiting.isEmpty()) {
      return false;
    }
    work.banks--;
    if (work.banks == 0) {
      work.close();
      started.remove(work);
    }
    return true;
  }

  /** A bank that ends before its rows: by an error, or cancelled. */
  synchronized void abandon(Work work) {
    work.banks--;
    if (work.banks == 0) {
      work.close();
    }
  }

  /** Samples that were in no slot. */
  synchronized void cancelWaiting() {
    List<Work> left = new ArrayList<>(started);
    left.addAll(fresh);
    fresh.clear();
    for (Work work : left) {
      while (!work.waiting.isEmpty()) {
        String key = work.waiting.poll().key;
        emit(new Completion(key, new int[0], new float[0], Finish.CANCELLED, "", null));
      }
    }
  }
}
