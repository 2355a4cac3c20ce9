package io.relook.model.spark;

import io.relook.lakehouse.RelookException;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.engine.VisionLanguageModel.Scores;
import io.relook.model.spark.PromptWindows.Entry;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.util.DefaultParamsReadable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * Scores given completions: {@code inputCols} are the prompt (a question, STRING, or all its token
 * ids, ARRAY&lt;INT&gt;), optionally its pictures ({@link PictureType} or an ARRAY of them), and
 * the completion (token ids, ARRAY&lt;INT&gt;, or a text, STRING, in which nothing is a control
 * token and tags are the tokenizer's own).
 *
 * <p>Each row gets {@code outputCols}: scored_log_probs ARRAY&lt;FLOAT&gt; (natural, of each
 * completion token under softmax(logits / temperature)), entropies ARRAY&lt;FLOAT&gt; (nats, of
 * what each was drawn from) and score_error STRING. A row that cannot be scored has an error; it
 * never ends the job. {@code batchSize} rows run as one padded batch, default 8.
 */
public final class ImageTextScorer extends ImageTextTransformer<ImageTextScorer> {
  private static final long serialVersionUID = 1;

  /** Above 0; default 1. */
  public final DoubleParam temperature;

  public ImageTextScorer() {
    this(Identifiable$.MODULE$.randomUID("ImageTextScorer"));
  }

  public ImageTextScorer(String uid) {
    super(
        uid,
        "question or prompt ids, optionally pictures, completion ids or text",
        "scored_log_probs",
        "entropies",
        "score_error");
    temperature = own(new DoubleParam(this, "temperature", "logits are divided by it"));
    setDefault(batchSize, 8);
    setDefault(temperature, 1.0);
  }

  /** For {@code load} and for pipelines. */
  public static MLReader<ImageTextScorer> read() {
    return new DefaultParamsReadable<ImageTextScorer>() {}.read();
  }

  public static ImageTextScorer load(String path) {
    return read().load(path);
  }

  public ImageTextScorer setTemperature(double value) {
    return with(temperature, value);
  }

  /** The same as {@link #transform}. */
  public Dataset<Row> score(Dataset<?> dataset) {
    return transform(dataset);
  }

  @Override
  void checkInputs(StructType schema) {
    int columns = getOrDefault(inputCols).length;
    require(
        columns == 2 || columns == 3,
        "2 or 3 inputCols (question or prompt ids, pictures, completion ids or text)",
        columns);
    columns(schema);
    completion(schema);
    require(number(temperature) > 0, "temperature above 0", number(temperature));
  }

  @Override
  public StructType outputs() {
    return StructType.fromDDL(
        "scored_log_probs ARRAY<FLOAT>, entropies ARRAY<FLOAT>, score_error STRING");
  }

  @Override
  public WindowTask task(StructType schema) {
    return new Task(policy(1), columns(schema), completion(schema), number(temperature));
  }

  private PromptColumns columns(StructType schema) {
    String[] names = getOrDefault(inputCols);
    return PromptColumns.of(stage(), schema, names[0], names.length == 3 ? names[1] : null, true);
  }

  private InputColumn completion(StructType schema) {
    String[] names = getOrDefault(inputCols);
    return InputColumn.ofCompletion(stage(), schema, names[names.length - 1]);
  }

  /** On an executor. */
  private record Task(
      PolicySettings policy, PromptColumns columns, InputColumn completion, double temperature)
      implements WindowTask {
    @Override
    public Windows<Row> call(Iterator<Row> rows) {
      return PromptWindows.run(
          policy,
          rows,
          row -> {
            completion.check(row);
            return columns.ask(row);
          },
          (loaded, images, window) -> score(loaded, window));
    }

    private List<Row> score(LoadedPolicy policy, List<Entry<Row>> window) {
      Row[] results = new Row[window.size()];
      int[][] completions = new int[window.size()][];
      List<Integer> fitting = new ArrayList<>();
      for (int i = 0; i < results.length; i++) {
        Entry<Row> entry = window.get(i);
        completions[i] = entry.error() == null ? completion.ids(entry.row(), policy::encode) : null;
        String problem =
            entry.error() != null ? entry.error() : policy.problem(entry.prompt(), completions[i]);
        if (problem == null) {
          fitting.add(i);
        } else {
          results[i] = failed(entry, problem);
        }
      }
      score(policy.model(), window, completions, fitting, results);
      return List.of(results);
    }

    /** All in one batch; where that fails, each alone. */
    private void score(
        VisionLanguageModel model,
        List<Entry<Row>> window,
        int[][] completions,
        List<Integer> rows,
        Row[] results) {
      List<Prompt> prompts = rows.stream().map(i -> window.get(i).prompt()).toList();
      List<int[]> scored = rows.stream().map(i -> completions[i]).toList();
      try {
        List<Scores> scores = model.logProbs(prompts, scored, temperature);
        for (int k = 0; k < rows.size(); k++) {
          results[rows.get(k)] =
              OutputRows.append(
                  window.get(rows.get(k)).row(),
                  OutputRows.cells(scores.get(k).logProbs()),
                  OutputRows.cells(scores.get(k).entropies()),
                  null);
        }
      } catch (RelookException e) {
        if (rows.size() == 1) {
          results[rows.get(0)] = failed(window.get(rows.get(0)), e.getMessage());
        } else {
          rows.forEach(row -> score(model, window, completions, List.of(row), results));
        }
      }
    }

    private static Row failed(Entry<Row> entry, String error) {
      return OutputRows.append(entry.row(), null, null, error);
    }
  }
}
