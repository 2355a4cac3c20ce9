package io.relook.model.engine;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDManager;
import io.relook.lakehouse.RelookException;
import io.relook.model.engine.Completion.Finish;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Continuous batching. A fixed number of slots decodes in chunks of a few tokens; between chunks
 * finished rows leave and waiting ones enter. Slots lie in banks: the rows of a bank share one
 * prompt, which is run once, its pictures encoded once.
 *
 * <p>At equal slots, bank size, threads, type and device a row's tokens depend on its prompt, its
 * sampling settings and its key alone: every product has a shape that slots and bank size fix, keys
 * lie in blocks of fixed size, and the row's random numbers come from its key.
 *
 * <p>A prompt beyond the context, or beyond the memory budget, becomes failed rows, never an error.
 */
public final class Generator {
  /**
   * @param slots rows that decode together
   * @param bankRows neighbouring slots that share a prompt; divides {@code slots}; best the number
   *     of samples a prompt
   * @param chunk tokens between two looks at who has finished
   * @param cacheBytes the budget of all keys and values
   */
  public record Options(int slots, int bankRows, int chunk, long cacheBytes) {
    public Options {
      if (slots < 1 || bankRows < 1 || slots % bankRows != 0 || chunk < 1 || cacheBytes < 1) {
        throw EngineErrors.generatorOptions(slots, bankRows, chunk, cacheBytes);
      }
    }

    /** 32 slots of which as many as a prompt has samples share a prompt, 2 GiB of cache. */
    public static Options forSamples(int samples) {
      int bankRows = Integer.highestOneBit(Math.max(1, Math.min(samples, 8)));
      return new Options(32, bankRows, 8, 2L << 30);
    }
  }

  /**
   * Where a call's time went.
   *
   * @param prefillSeconds prompts and pictures, and their copies to where rows decode
   * @param decodeSeconds everything after that: every new token, the first ones too
   * @param steps that the slots made together
   */
  public record Times(double prefillSeconds, double decodeSeconds, long steps) {}

  private final VisionLanguageModel model;
  private final Function<int[], String> decoder;
  private final Options options;

  /** {@code decoder} turns token ids into text without special tokens. */
  public Generator(VisionLanguageModel model, Function<int[], String> decoder, Options options) {
    this.model = requireNonNull(model, "model");
    this.decoder = requireNonNull(decoder, "decoder");
    this.options = requireNonNull(options, "options");
  }

  /** All completions, in the order in which they finish. */
  public Times generate(List<GenerationRequest> requests, Consumer<Completion> sink) {
    return generate(requests, sink, () -> false);
  }

  /** As above; looks at {@code cancelled} between chunks and then gives what there is. */
  public Times generate(
      List<GenerationRequest> requests, Consumer<Completion> sink, BooleanSupplier cancelled) {
    List<GenerationRequest> fitting = new ArrayList<>();
    for (GenerationRequest request : requests) {
      String problem = problem(request);
      if (problem == null) {
        fitting.add(request);
      } else {
        request.rowKeys().forEach(key -> sink.accept(Completion.failed(key, problem)));
      }
    }
    Run run = new Run(fitting, sink, cancelled);
    if (!fitting.isEmpty()) {
      model.exclusively(run::run);
    }
    return new Times(run.prefillNanos / 1e9, run.decodeNanos / 1e9, run.steps);
  }

  /** Why the request cannot be run at all, or null. */
  private String problem(GenerationRequest request) {
    int prompt = request.prompt().length();
    int longest = prompt + request.maxNewTokens();
    int context = model.config().text().maxPositionEmbeddings();
    if (longest > context) {
      return "prompt of %d tokens and %d new ones exceed the model's context of %d: shorten the prompt, lower maxPixels or maxNewTokens"
          .formatted(prompt, request.maxNewTokens(), context);
    }
    long bytes = KeyValueCache.bytes(model, options, prompt - 1, request.maxNewTokens());
    if (bytes > options.cacheBytes()) {
      return "prompt of %d tokens and %d new ones in %d slots need a cache of %d MiB, the budget is %d MiB: lower slots or raise cacheBytes"
          .formatted(
              prompt,
              request.maxNewTokens(),
              options.slots(),
              bytes >> 20,
              options.cacheBytes() >> 20);
    }
    return request.prompt().problem(model.config());
  }

  /** A sample in a slot. */
  private static final class Row {
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
  private static final class Work {
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
  }

  /** One call of generate. */
  private final class Run {
    private final Deque<Work> queue = new ArrayDeque<>();
    private final List<Work> started = new ArrayList<>();
    private final Row[] rows = new Row[options.slots()];
    private final Work[] banks = new Work[options.slots() / options.bankRows()];
    private final Consumer<Completion> sink;
    private final BooleanSupplier cancelled;
    private final int promptKeys;
    private final int newTokens;
    private long prefillNanos;
    private long decodeNanos;
    private long steps;

    Run(List<GenerationRequest> requests, Consumer<Completion> sink, BooleanSupplier cancelled) {
      requests.forEach(request -> queue.add(new Work(request)));
      this.sink = sink;
      this.cancelled = cancelled;
      this.promptKeys = requests.stream().mapToInt(r -> r.prompt().length() - 1).max().orElse(0);
      this.newTokens = requests.stream().mapToInt(r -> r.maxNewTokens()).max().orElse(1);
    }

    void run() {
      boolean tracked =
          queue.stream()
              .flatMap(work -> work.request.samplings().stream())
              .anyMatch(Sampling::isPenalised);
      try (NDManager scope = model.newScope()) {
        KeyValueCache cache =
            new KeyValueCache(model, scope, options, promptKeys, newTokens, tracked);
        while (true) {
          if (cancelled.getAsBoolean()) {
            cancel();
            return;
          }
          long began = System.nanoTime();
          admit(cache);
          long admitted = System.nanoTime();
          prefillNanos += admitted - began;
          if (Arrays.stream(rows).allMatch(row -> row == null)) {
            return;
          }
          decode(cache);
          decodeNanos += System.nanoTime() - admitted;
          steps += options.chunk();
        }
      } finally {
        started.forEach(this::close);
      }
    }

    private void admit(KeyValueCache cache) {
      for (int bank = 0; bank < banks.length; bank++) {
        if (banks[bank] != null && banks[bank].waiting.isEmpty() && isEmpty(bank)) {
          leave(bank);
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
      Work work = queue.poll();
      if (work == null) {
        // Nothing new: help a prompt whose samples still wait.
        work = started.stream().filter(w -> !w.waiting.isEmpty()).findFirst().orElse(null);
        if (work == null) {
          return false;
        }
      } else {
        try {
          work.prefilled = model.prefill(work.request.prompt());
          work.lastPosition = model.lastPosition(work.request.prompt());
        } catch (RelookException e) {
          work.waiting.forEach(row -> sink.accept(Completion.failed(row.key, e.getMessage())));
          return true;
        }
        started.add(work);
      }
      cache.enter(bank, work.prefilled);
      work.banks++;
      banks[bank] = work;
      return true;
    }

    private void fill(int bank, KeyValueCache cache) {
      Work work = banks[bank];
      for (int slot = bank * options.bankRows(); slot < (bank + 1) * options.bankRows(); slot++) {
        if (rows[slot] == null && !work.waiting.isEmpty()) {
          rows[slot] = work.waiting.poll();
          cache.start(slot, work.request.prompt());
        }
      }
    }

    private void leave(int bank) {
      Work work = banks[bank];
      banks[bank] = null;
      work.banks--;
      if (work.banks == 0 && work.waiting.isEmpty()) {
        close(work);
        started.remove(work);
      }
    }

    private void close(Work work) {
      if (work.prefilled != null) {
        work.prefilled.close();
        work.prefilled = null;
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
          int newest =
              row.length == 0 ? work.request.prompt().lastId() : row.tokens[row.length - 1];
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
      sink.accept(
          new Completion(row.key, tokens, logProbs, row.finish, decoder.apply(tokens), null));
    }

    private void cancel() {
      for (int slot = 0; slot < rows.length; slot++) {
        if (rows[slot] != null) {
          rows[slot].finish = Finish.CANCELLED;
          emit(slot);
        }
      }
      List<Work> left = new ArrayList<>(started);
      left.addAll(queue);
      for (Work work : left) {
        work.waiting.forEach(
            row ->
                sink.accept(
                    new Completion(row.key, new int[0], new float[0], Finish.CANCELLED, "", null)));
      }
    }
  }
}
