package io.relook.jobs;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.model.engine.Completion;
import io.relook.model.engine.GenerationRequest;
import io.relook.model.engine.Generator;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.Sampling;
import io.relook.model.image.PixelBudget;
import io.relook.model.spark.EngineSettings;
import io.relook.model.spark.LoadedPolicy;
import io.relook.model.spark.ModelPool;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/** On an executor: a partition's prompts through the engine, one row a sample. */
final class RolloutTask implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1;

  private final EngineSettings engine;
  private final String runId;
  private final int iteration;
  private final io.relook.lakehouse.Phase phase;
  private final int step;
  private final String version;
  private final String uri;
  private final double temperature;
  private final int maxNewTokens;
  private final long minPixels;

  RolloutTask(EngineSettings engine, RolloutJob.Config config) {
    this.engine = engine;
    this.runId = config.runId();
    this.iteration = config.iteration();
    this.phase = config.phase();
    this.step = config.step();
    this.version = config.policyVersion();
    this.uri = config.policyUri();
    this.temperature = config.temperature();
    this.maxNewTokens = config.maxNewTokens();
    this.minPixels = config.minPixels();
  }

  /** A sample that is asked for, until its completion is there. */
  private record Open(Row request, int sample, List<Integer> promptIds) {}

  @Override
  public Iterator<Row> call(Iterator<Row> requests) {
    if (!requests.hasNext()) {
      return requests;
    }
    return ModelPool.use(engine, uri, new Configuration(), policy -> sample(policy, requests));
  }

  private Iterator<Row> sample(LoadedPolicy policy, Iterator<Row> requests) {
    List<Row> out = new ArrayList<>();
    Map<String, Open> open = new HashMap<>();
    List<GenerationRequest> asked = new ArrayList<>();
    PixelBudget budget =
        minPixels > 0 ? new PixelBudget(minPixels, Math.max(minPixels * 4, 1 << 20)) : null;
    String fingerprint = policy.fingerprint(budget);
    Sampling sampling =
        new Sampling(
            temperature,
            0,
            1,
            0,
            1,
            policy.model().config().eosTokenIds(),
            List.of(),
            0,
            maxNewTokens);
    int most = 1;
    while (requests.hasNext()) {
      Row request = requests.next();
      List<String> keys = new ArrayList<>();
      try {
        Prompt prompt = prompt(policy, request, budget);
        List<Integer> ids = IntStream.of(prompt.ids()).boxed().toList();
        for (int sample : request.<Integer>getList(request.fieldIndex("samples"))) {
          String key = key(request, sample);
          keys.add(key);
          open.put(key, new Open(request, sample, ids));
        }
        most = Math.max(most, keys.size());
        asked.add(GenerationRequest.of(prompt, sampling, keys));
      } catch (RelookException e) {
        for (int sample : request.<Integer>getList(request.fieldIndex("samples"))) {
          Open failed = new Open(request, sample, List.of());
          String key = key(request, sample);
          out.add(
              row(
                  failed,
                  new Completion(
                      key, new int[0], new float[0], Completion.Finish.ERROR, "", e.getMessage()),
                  fingerprint));
        }
      }
    }
    int bank = Generator.Options.forSamples(most).bankRows();
    int slots = Math.max(bank, engine.slots() / bank * bank);
    new Generator(
            policy.model(),
            ids -> policy.text().decode(ids, true),
            new Generator.Options(slots, bank, 8, 4L << 30))
        .generate(asked, done -> out.add(row(open.get(done.rowKey()), done, fingerprint)));
    return out.iterator();
  }

  private Prompt prompt(LoadedPolicy policy, Row request, PixelBudget budget) {
    List<byte[]> pictures = new ArrayList<>();
    for (Row picture : request.<Row>getList(request.fieldIndex("pictures"))) {
      byte[] bytes = picture.getAs("bytes");
      if (bytes != null) {
        pictures.add(bytes);
      }
    }
    int shown = request.getList(request.fieldIndex("image_ids")).size();
    if (pictures.size() != shown) {
      throw new RelookException(
          RelookException.Category.DATA,
          "The question shows %d pictures, the table images has %d of them: ingest them again."
              .formatted(shown, pictures.size()));
    }
    List<Integer> prefix = request.getList(request.fieldIndex("prefix"));
    return policy.prompt(
        request.getAs("question"),
        pictures,
        prefix.stream().mapToInt(Integer::intValue).toArray(),
        budget);
  }

  private String key(Row request, int sample) {
    RolloutJob.Config config =
        new RolloutJob.Config(
            runId,
            iteration,
            phase,
            step,
            version,
            uri,
            1,
            temperature,
            maxNewTokens,
            minPixels,
            1,
            1,
            0);
    return RolloutJob.key(config, request.getAs("query_id"), request.getAs("parent_id"), sample);
  }

  private Row row(Open open, Completion done, String fingerprint) {
    List<Integer> tokens = IntStream.of(done.tokens()).boxed().toList();
    List<Float> logProbs = new ArrayList<>();
    for (float value : done.logProbs()) {
      logProbs.add(value);
    }
    return Rows.TRAJECTORY.toRow(
        new Rows.Trajectory(
            done.rowKey(),
            runId,
            iteration,
            phase.word(),
            step,
            open.request().getAs("query_id"),
            open.sample(),
            version,
            open.request().getAs("parent_id"),
            open.promptIds(),
            tokens,
            logProbs,
            done.text(),
            done.finish().name().toLowerCase(Locale.ROOT),
            done.error(),
            temperature,
            maxNewTokens,
            new ArrayList<>(open.request().<String>getList(open.request().fieldIndex("image_ids"))),
            fingerprint));
  }
}
