package io.relook.model.engine;

import ai.djl.ndarray.NDManager;
import io.relook.lakehouse.RelookException;
import io.relook.model.engine.Completion.Finish;
import io.relook.model.engine.GenerationQueue.Row;
import io.relook.model.engine.GenerationQueue.Work;
import java.util.Arrays;
import java.util.function.Function;

/** Slots that decode together. */
final class GenerationStream {
  private final VisionLanguageModel model;
  private final Function<int[], String> decoder;
  private final Generator.Options options;
  private final GenerationQueue queue;
  private final Row[] rows;
  private final Work[] banks;
  private long prefillNanos;
  private long decodeNanos;
  private long steps;

  GenerationStream(
      VisionLanguageModel model,
      Function<int[], String> decoder,
      Generator.Options options,
      GenerationQueue queue) {
    this.model = model;
    this.decoder = decoder;
    this.options = options;
    this.queue = queue;
    this.rows = new Row[options.slots()];
    this.banks = new Work[options.slots() / options.bankRows()];
  }

  long prefillNanos() {
    return prefillNanos;
  }

  long decodeNanos() {
    return decodeNanos;
  }

  long steps() {
    return steps;
  }

  void run() {
    try (NDManager scope = model.newScope()) {
      KeyValueCache cache = new KeyValueCache(model, scope, options, queue.tracked);
      while (true) {
        if (queue.isCancelled()) {
          cancel();
          return;
        }
        long began = System.nanoTime();
        admit(cache);
        long admitted = System.nanoTime();
        prefillNanos += admitted - began;
        if (Arrays.stream(rows).allMatch(row -> row == null)) {
          if (queue.awaitMore()) {
            continue;
          }
          return;
        }
        decode(cache);
        decodeNanos += System.nanoTime() - admitted;
        steps += options.chunk();
      }
    } finally {
      for (Work work : banks) {
        if (work != null) {
          queue.abandon(work);
        }
      }
    }
  }

  private void admit(KeyValueCache cache) {
    for (int bank = 0; bank < banks.length; bank++) {
      if (banks[bank] != null && isEmpty(bank) && queue.leave(banks[bank])) {
        banks[bank] = null;
      }
      while (banks[bank] == null && enter(bank, cache)) {
        // A prompt that fails leaves the bank empty: the next one is tried.
      }
      if (banks[bank] != null) {
        fill(bank, cache);
      }
    }
  }

  /** Gives the bank a prompt; false when nothing waits. */
  private boolean enter(int bank, KeyValueCache cache) {
    Work work = queue.next();
    if (work == null) {
      // Nothing new: help a prompt whose samples still wait.
      work = queue.join();
      if (work == null) {
        return false;
      }
    } else {
      try {
        work.prefilled = model.prefill(work.request.prompt());
        work.lastPosition = model.lastPosition(work.request.prompt());
      } catch (RelookException e) {
        queue.drop(work, e.getMessage());
        return true;
      }
      queue.start(work);
    }
    banks[bank] = work;
    cache.enter(bank, work.prefilled);
    return true;
  }

  private void fill(int bank, KeyValueCache cache) {
    Work work = banks[bank];
    for (int slot = bank * options.bankRows(); slot < (bank + 1) * options.bankRows(); slot++) {
      if (rows[slot] == null) {
        rows[slot] = queue.row(work);
        if (rows[slot] != null) {
          cache.start(slot, work.request.prompt());
        }
      }
    }
  }

  private boolean isEmpty(int bank) {
    int first = bank * options.bankRows();
    return Arrays.stream(rows, first, first + options.bankRows()).allMatch(row -> row == null);
  }

  private void decode(KeyValueCache cache) {
    int steps = options.chunk();
    DecodeCall call = new DecodeCall(model, cache, options, steps);
    for (int slot = 0; slot < rows.length; slot++) {
      Row row = rows[slot];
      if (row != null) {
        float[] uniform = new float[steps];
        for (int t = 0; t < steps; t++) {
          uniform[t] = row.stream.uniform(row.length + t);
        }
        Work work = banks[slot / options.bankRows()];
        int newest = row.length == 0 ? work.request.prompt().lastId() : row.tokens[row.length - 1];
        call.row(slot, row.sampling, row.length, newest, uniform, work.lastPosition);
      }
    }
    call.run();
    for (int slot = 0; slot < rows.length; slot++) {
      Row row = rows[slot];
      if (row != null) {
        for (int t = 0; t < steps && row.finish == null && call.token(t, slot) >= 0; t++) {
          row.accept(call.token(t, slot), call.logProb(t, slot));
        }
        stopAtString(row);
        if (row.finish != null) {
          emit(slot);
        }
      }
    }
  }

  /** Cuts the row after the token that completes the first stop string. */
  private void stopAtString(Row row) {
    if (row.sampling.stopStrings().isEmpty() || row.length == 0 || !hasStop(row, row.length)) {
      return;
    }
    int length = Math.max(1, row.length - options.chunk());
    while (!hasStop(row, length)) {
      length++;
    }
    row.length = length;
    row.finish = Finish.STOP;
  }

  private boolean hasStop(Row row, int length) {
    String text = decoder.apply(Arrays.copyOf(row.tokens, length));
    return row.sampling.stopStrings().stream().anyMatch(text::contains);
  }

  private void emit(int slot) {
    Row row = rows[slot];
    rows[slot] = null;
    int[] tokens = Arrays.copyOf(row.tokens, row.length);
    float[] logProbs = Arrays.copyOf(row.logProbs, row.length);
    queue.emit(new Completion(row.key, tokens, logProbs, row.finish, decoder.apply(tokens), null));
  }

  private void cancel() {
    for (int slot = 0; slot < rows.length; slot++) {
      if (rows[slot] != null) {
        rows[slot].finish = Finish.CANCELLED;
        emit(slot);
      }
    }
    queue.cancelWaiting();
  }
}
