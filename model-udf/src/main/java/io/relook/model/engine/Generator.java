package io.relook.model.engine;

import static java.util.Objects.requireNonNull;

import io.relook.model.torch.TorchProgram;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Continuous batching. A fixed number of slots decodes in chunks of a few tokens; between chunks
 * finished rows leave and waiting ones enter. Slots lie in banks: the rows of a bank share one
 * prompt, which is run once, its pictures encoded once.
 *
 * <p>The slots may be dealt to streams: each decodes its own with its share of the engine's
 * threads, and takes from one queue. On a CPU small operations use one thread whatever there is;
 * two streams keep two cores busy.
 *
 * <p>At equal slots, bank size, streams, threads, type and device a row's tokens depend on its
 * prompt, its sampling settings and its key alone: every product has a shape that slots, bank size
 * and streams fix, keys lie in blocks of fixed size, and the row's random numbers come from its
 * key.
 *
 * <p>A prompt beyond the context, or beyond the memory budget, becomes failed rows, never an error.
 */
public final class Generator {
  /**
   * @param slots rows in work at once, in all streams
   * @param bankRows neighbouring slots that share a prompt; best the number of samples a prompt
   * @param chunk tokens between two looks at who has finished
   * @param cacheBytes the budget of all keys and values
   * @param streams that decode side by side; streams times {@code bankRows} divides {@code slots}
   */
  public record Options(int slots, int bankRows, int chunk, long cacheBytes, int streams) {
    private static final int SMALL_WIDTH = 512;

    public Options {
      if (slots < 1
          || bankRows < 1
          || streams < 1
          || slots % (bankRows * streams) != 0
          || chunk < 1
          || cacheBytes < 1) {
        throw EngineErrors.generatorOptions(slots, bankRows, chunk, cacheBytes, streams);
      }
    }

    /** One stream. */
    public Options(int slots, int bankRows, int chunk, long cacheBytes) {
      this(slots, bankRows, chunk, cacheBytes, 1);
    }

    /**
     * As many streams as the engine has threads, where each keeps rows enough for its products: 16
     * of a small model, 64 of a large one, whose weights every stream reads again (our choice, by
     * measurement: docs/log.md).
     */
    public Options withStreamsFor(VisionLanguageModel model) {
      int least = model.config().text().hiddenSize() <= SMALL_WIDTH ? 16 : 64;
      int most = model.program().device().isGpu() ? 1 : model.program().threads();
      int side = Math.max(1, Math.min(most, slots / least));
      while (slots % (bankRows * side) != 0) {
        side--;
      }
      return new Options(slots, bankRows, chunk, cacheBytes, side);
    }

    /** What one stream has. */
    Options ofStream() {
      return new Options(slots / streams, bankRows, chunk, cacheBytes / streams, 1);
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
   * @param steps that the slots made together (all three: the mean of the streams)
   */
  public record Times(double prefillSeconds, double decodeSeconds, long steps) {}

  private final VisionLanguageModel model;
  private final Function<int[], String> decoder;
  private final Options options;

  /** {@code decoder} turns token ids into text without control tokens. */
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
    GenerationQueue queue = new GenerationQueue(fitting, sink, cancelled);
    List<GenerationStream> streams = new ArrayList<>();
    for (int i = 0; i < options.streams(); i++) {
      streams.add(new GenerationStream(model, decoder, options.ofStream(), queue));
    }
    if (!fitting.isEmpty()) {
      model.exclusively(() -> sideBySide(queue, streams));
    }
    double n = streams.size();
    return new Times(
        streams.stream().mapToLong(GenerationStream::prefillNanos).sum() / n / 1e9,
        streams.stream().mapToLong(GenerationStream::decodeNanos).sum() / n / 1e9,
        Math.round(streams.stream().mapToLong(GenerationStream::steps).sum() / n));
  }

  /** The first error ends all streams. */
  private void sideBySide(GenerationQueue queue, List<GenerationStream> streams) {
    TorchProgram program = model.program();
    int threads = Math.max(1, program.threads() / streams.size());
    SideBySide.run(
        streams.size(),
        i -> {
          try {
            program.share(threads, streams.get(i)::run);
          } catch (RuntimeException | Error e) {
            queue.fail();
            throw e;
          }
        });
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
    long bytes =
        KeyValueCache.bytes(
            model.config(), model.type(), options, prompt - 1, request.maxNewTokens());
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
}
