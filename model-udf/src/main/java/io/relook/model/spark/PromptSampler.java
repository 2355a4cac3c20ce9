package io.relook.model.spark;

import io.relook.model.engine.Completion;
import io.relook.model.engine.GenerationRequest;
import io.relook.model.engine.Generator;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.Sampling;
import io.relook.model.spark.PromptWindows.Entry;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;

/**
 * Samples of a partition's rows, in the order of the rows and of their keys: what the transformer
 * and the rollouts do on an executor. Tokens depend on prompt, settings and key alone (see {@link
 * Generator}), so neither partitioning nor a retry changes them. Tokens that end a completion are
 * the checkpoint's where the sampling names none.
 *
 * @param samples the most a row asks for; it fixes how slots are grouped, and with it rounding
 */
public record PromptSampler(PolicySettings policy, Sampling sampling, int samples)
    implements Serializable {
  /** Keys and values of all slots. Our choice. */
  private static final long CACHE_BYTES = 4L << 30;

  private static final int CHUNK = 8;

  /**
   * A sample of a row.
   *
   * @param number its place among the row's keys
   * @param prompt null where the row's data could not become one: the completion has the error
   * @param fingerprint of what turned the row into token ids
   */
  public record Sample<R>(
      R row, int number, Prompt prompt, Completion completion, String fingerprint) {}

  /**
   * @param reader a row's prompt; throws a DATA error where the row has none
   * @param keys a row's samples: what their random numbers are derived from. The same key twice is
   *     the same sample.
   * @param result what becomes of a sample
   */
  public <R, S> Windows<S> sample(
      Iterator<R> rows,
      Function<R, Ask> reader,
      Function<R, List<String>> keys,
      Function<Sample<R>, S> result) {
    return PromptWindows.run(
        policy,
        rows,
        reader,
        (loaded, images, window) -> {
          List<List<String>> windowKeys =
              window.stream().map(entry -> keys.apply(entry.row())).toList();
          Map<String, Completion> done = generate(loaded, window, windowKeys);
          String fingerprint = loaded.fingerprint(images);
          List<S> results = new ArrayList<>();
          for (int i = 0; i < window.size(); i++) {
            Entry<R> entry = window.get(i);
            for (int k = 0; k < windowKeys.get(i).size(); k++) {
              String key = windowKeys.get(i).get(k);
              Completion completion =
                  entry.error() == null ? done.get(key) : Completion.failed(key, entry.error());
              results.add(
                  result.apply(
                      new Sample<>(entry.row(), k, entry.prompt(), completion, fingerprint)));
            }
          }
          return results;
        });
  }

  /** How the engine decodes rows of so many samples, in one stream. */
  public static Generator.Options options(EngineSettings engine, int samples) {
    int bank = Generator.Options.forSamples(samples).bankRows();
    int slots = Math.max(bank, engine.slots() / bank * bank);
    return new Generator.Options(slots, bank, CHUNK, CACHE_BYTES);
  }

  private <R> Map<String, Completion> generate(
      LoadedPolicy loaded, List<Entry<R>> window, List<List<String>> keys) {
    Sampling used =
        sampling.stopTokenIds().isEmpty()
            ? sampling.withStopTokenIds(loaded.model().config().eosTokenIds())
            : sampling;
    List<GenerationRequest> requests = new ArrayList<>();
    Set<String> asked = new HashSet<>();
    for (int i = 0; i < window.size(); i++) {
      List<String> fresh =
          window.get(i).error() == null
              ? keys.get(i).stream().filter(asked::add).toList()
              : List.of();
      if (!fresh.isEmpty()) {
        requests.add(GenerationRequest.of(window.get(i).prompt(), used, fresh));
      }
    }
    TaskContext task = TaskContext.get();
    Map<String, Completion> done = new HashMap<>();
    Generator.Options options = options(policy.engine(), samples).withStreamsFor(loaded.model());
    new Generator(loaded.model(), loaded::decode, options)
        .generate(
            requests,
            completion -> done.put(completion.rowKey(), completion),
            () -> task != null && task.isInterrupted());
    if (task != null && task.isInterrupted()) {
      throw new TaskKilledException();
    }
    return done;
  }
}
