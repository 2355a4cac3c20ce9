package io.relook.jobs;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.model.engine.Completion;
import io.relook.model.engine.Sampling;
import io.relook.model.spark.Ask;
import io.relook.model.spark.EngineSettings;
import io.relook.model.spark.PolicySettings;
import io.relook.model.spark.PromptSampler;
import io.relook.model.text.Question;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/** On an executor: a partition's requests to the sampler, its samples to rows of trajectories. */
final class RolloutTask implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1;

  private final RolloutJob.Config config;
  private final PromptSampler sampler;

  RolloutTask(EngineSettings engine, RolloutJob.Config config) {
    long minPixels = config.minPixels();
    long maxPixels = minPixels > 0 ? Math.max(minPixels * 4, 1 << 20) : 0;
    Sampling sampling =
        new Sampling(
            config.temperature(), 0, 1, 0, 1, List.of(), List.of(), 0, config.maxNewTokens());
    this.config = config;
    this.sampler =
        new PromptSampler(
            new PolicySettings(
                engine,
                config.policyUri(),
                minPixels,
                maxPixels,
                config.transparency(),
                config.chunk()),
            sampling,
            config.samples());
  }

  @Override
  public Iterator<Row> call(Iterator<Row> requests) {
    return sampler.sample(requests, RolloutTask::ask, this::keys, this::row);
  }

  private static Ask ask(Row request) {
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
    return new Ask(
        request.getAs("question"), pictures, prefix.stream().mapToInt(Integer::intValue).toArray());
  }

  private List<String> keys(Row request) {
    return numbers(request).stream()
        .map(
            sample ->
                RolloutJob.key(
                    config, request.getAs("query_id"), request.getAs("parent_id"), sample))
        .toList();
  }

  private static List<Integer> numbers(Row request) {
    return request.getList(request.fieldIndex("samples"));
  }

  private Row row(PromptSampler.Sample<Row> sample) {
    Row request = sample.row();
    Completion done = sample.completion();
    List<Float> logProbs = new ArrayList<>();
    for (float value : done.logProbs()) {
      logProbs.add(value);
    }
    boolean prompted = sample.prompt() != null;
    List<String> images = new ArrayList<>(request.<String>getList(request.fieldIndex("image_ids")));
    if (prompted) {
      images = Question.of(request.getAs("question"), images.size()).shown(images);
    }
    return Rows.TRAJECTORY.toRow(
        new Rows.Trajectory(
            done.rowKey(),
            config.runId(),
            config.iteration(),
            config.phase().word(),
            config.step(),
            request.getAs("query_id"),
            numbers(request).get(sample.number()),
            config.policyVersion(),
            request.getAs("parent_id"),
            prompted ? IntStream.of(sample.prompt().ids()).boxed().toList() : List.of(),
            IntStream.of(done.tokens()).boxed().toList(),
            logProbs,
            done.text(),
            done.finish().name().toLowerCase(Locale.ROOT),
            done.error(),
            config.temperature(),
            config.maxNewTokens(),
            images,
            sample.fingerprint()));
  }
}
