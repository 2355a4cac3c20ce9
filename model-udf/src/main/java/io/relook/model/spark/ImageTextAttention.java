package io.relook.model.spark;

import io.relook.lakehouse.RelookException;
import io.relook.model.engine.ModelProbe;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.spark.PromptWindows.Entry;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.ml.util.DefaultParamsReadable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * How much given completions look at their pictures: {@code inputCols} are the prompt (a question,
 * STRING, or all its token ids, ARRAY&lt;INT&gt;), its pictures ({@link PictureType} or an ARRAY of
 * them) and the completion (token ids, ARRAY&lt;INT&gt;, or a text, STRING, in which nothing is a
 * control token and tags are the tokenizer's own).
 *
 * <p>Each row gets {@code outputCols}: picture_attention ARRAY&lt;FLOAT&gt; (of the query that
 * draws each completion token, to all picture tokens together, from 0 to 1, mean over layers and
 * heads; 0 without a picture) and attention_error STRING. A row that cannot be computed has an
 * error; it never ends the job. Rows run one by one.
 */
public final class ImageTextAttention extends ImageTextTransformer<ImageTextAttention> {
  private static final long serialVersionUID = 1;

  public ImageTextAttention() {
    this(Identifiable$.MODULE$.randomUID("ImageTextAttention"));
  }

  public ImageTextAttention(String uid) {
    super(
        uid,
        "question or prompt ids, pictures, completion ids or text",
        "picture_attention",
        "attention_error");
    setDefault(batchSize, 8);
  }

  /** For {@code load} and for pipelines. */
  public static MLReader<ImageTextAttention> read() {
    return new DefaultParamsReadable<ImageTextAttention>() {}.read();
  }

  public static ImageTextAttention load(String path) {
    return read().load(path);
  }

  @Override
  void checkInputs(StructType schema) {
    int columns = getOrDefault(inputCols).length;
    require(
        columns == 3,
        "3 inputCols (question or prompt ids, pictures, completion ids or text)",
        columns);
    columns(schema);
    completion(schema);
  }

  @Override
  public StructType outputs() {
    return StructType.fromDDL("picture_attention ARRAY<FLOAT>, attention_error STRING");
  }

  @Override
  public WindowTask task(StructType schema) {
    return new Task(policy(1), columns(schema), completion(schema));
  }

  private PromptColumns columns(StructType schema) {
    String[] names = getOrDefault(inputCols);
    return PromptColumns.of(stage(), schema, names[0], names[1], true);
  }

  private InputColumn completion(StructType schema) {
    return InputColumn.ofCompletion(stage(), schema, getOrDefault(inputCols)[2]);
  }

  /** On an executor. */
  private record Task(PolicySettings policy, PromptColumns columns, InputColumn completion)
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
          (loaded, images, window) -> {
            List<Row> results = new ArrayList<>();
            window.forEach(entry -> results.add(result(loaded, entry)));
            return results;
          });
    }

    private Row result(LoadedPolicy loaded, Entry<Row> entry) {
      String problem = entry.error();
      if (problem == null) {
        int[] ids = completion.ids(entry.row(), loaded::encode);
        problem = loaded.problem(entry.prompt(), ids);
        if (problem == null) {
          try {
            float[] shares = shares(loaded.model(), entry, ids);
            return OutputRows.append(entry.row(), OutputRows.cells(shares), null);
          } catch (RelookException e) {
            problem = e.getMessage();
          }
        }
      }
      return OutputRows.append(entry.row(), null, problem);
    }

    private static float[] shares(VisionLanguageModel model, Entry<Row> entry, int[] completion) {
      float[] shares = new float[completion.length];
      if (completion.length > 0 && !entry.prompt().pictures().isEmpty()) {
        float[][] map = new ModelProbe(model).attentionMap(entry.prompt(), completion);
        for (int i = 0; i < shares.length; i++) {
          for (float share : map[i]) {
            shares[i] += share;
          }
        }
      }
      return shares;
    }
  }
}
