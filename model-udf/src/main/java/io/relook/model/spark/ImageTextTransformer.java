package io.relook.model.spark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.model.engine.ComputeType;
import io.relook.model.image.Transparency;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.StringArrayParam;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * What the stages share: the model, the columns, how executors compute. An input column is named as
 * in Spark: without regard to case unless {@code spark.sql.caseSensitive}, a field of a struct by a
 * path with dots. All columns stay as they are, with their metadata; two of one name are refused.
 * Setters are named as those of the DJL Spark extension's tasks; any parameter can also be set
 * through {@code set(param, value)} and a {@link ParamMap}, and all are saved with the stage.
 *
 * @param <S> the stage itself, which setters return
 */
public abstract class ImageTextTransformer<S extends ImageTextTransformer<S>> extends Transformer
    implements DefaultParamsWritable {
  private static final long serialVersionUID = 1;

  private final String uid;
  private final List<Param<?>> params = new ArrayList<>();

  /** Folder of a checkpoint in Hugging Face layout: any Hadoop path. */
  public final Param<String> modelUrl;

  public final StringArrayParam inputCols;
  public final StringArrayParam outputCols;

  /** Most prompts that the engine takes at once; large pictures make it less. */
  public final IntParam batchSize;

  /** float32 (default) or bfloat16. */
  public final Param<String> dtype;

  /** Of the engine in each executor JVM; 0, the default, for as many as it has processors. */
  public final IntParam threads;

  /** Of each picture as the model sees it; 0, the default, for the checkpoint's own bound. */
  public final LongParam minPixels;

  /** As {@link #minPixels}, from above. */
  public final LongParam maxPixels;

  /**
   * What the chat template gets beside the chat: a JSON object such as {@code {"enable_thinking":
   * false}}; none by default.
   */
  public final Param<String> templateVariables;

  /** Under a picture's transparent parts: white (default), or drop for the colours stored there. */
  public final Param<String> transparency;

  ImageTextTransformer(String uid, String inputs, String... outputs) {
    this.uid = uid;
    modelUrl = own(new Param<>(this, "modelUrl", "folder of the checkpoint, any Hadoop path"));
    inputCols = own(new StringArrayParam(this, "inputCols", inputs));
    outputCols =
        own(new StringArrayParam(this, "outputCols", "names of " + String.join(", ", outputs)));
    batchSize = own(new IntParam(this, "batchSize", "most prompts the engine takes at once"));
    dtype = own(new Param<>(this, "dtype", "float32 or bfloat16"));
    threads = own(new IntParam(this, "threads", "of the engine in an executor JVM, 0 for all"));
    minPixels = own(new LongParam(this, "minPixels", "of a picture, 0 for the checkpoint's"));
    maxPixels = own(new LongParam(this, "maxPixels", "of a picture, 0 for the checkpoint's"));
    templateVariables =
        own(new Param<>(this, "templateVariables", "of the chat template, a JSON object"));
    transparency =
        own(new Param<>(this, "transparency", "white lays a white ground, drop drops alpha"));
    setDefault(outputCols, outputs);
    setDefault(templateVariables, "{}");
    setDefault(dtype, "float32");
    setDefault(threads, 0);
    setDefault(minPixels, 0L);
    setDefault(maxPixels, 0L);
    setDefault(transparency, Transparency.WHITE.word());
  }

  public S setModelUrl(String value) {
    return with(modelUrl, value);
  }

  public S setInputCols(String... value) {
    return with(inputCols, value);
  }

  public S setOutputCols(String... value) {
    return with(outputCols, value);
  }

  public S setBatchSize(int value) {
    return with(batchSize, value);
  }

  public S setDtype(String value) {
    return with(dtype, value);
  }

  public S setThreads(int value) {
    return with(threads, value);
  }

  public S setMinPixels(long value) {
    return with(minPixels, value);
  }

  public S setMaxPixels(long value) {
    return with(maxPixels, value);
  }

  public S setTemplateVariables(String value) {
    return with(templateVariables, value);
  }

  public S setTransparency(String value) {
    return with(transparency, value);
  }

  @Override
  public String uid() {
    return uid;
  }

  @Override
  public Param<?>[] params() {
    return params.stream().sorted(Comparator.comparing(p -> p.name())).toArray(Param[]::new);
  }

  @Override
  public S copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /** The input with the output columns behind it; says what is wrong with columns and settings. */
  @Override
  public StructType transformSchema(StructType schema) {
    require(isDefined(modelUrl), "the checkpoint's folder: setModelUrl");
    require(isDefined(inputCols), "its input columns: setInputCols");
    require(number(batchSize) >= 1, "batchSize at least 1", number(batchSize));
    require(number(threads) >= 0, "threads at least 0", number(threads));
    require(number(minPixels) >= 0, "minPixels at least 0", number(minPixels));
    require(number(maxPixels) >= 0, "maxPixels at least 0", number(maxPixels));
    ComputeType.of(getOrDefault(dtype));
    engine(1);
    Transparency.of(getOrDefault(transparency));
    checkInputs(inputs(schema));
    String[] names = getOrDefault(outputCols);
    StructField[] outputs = outputs().fields();
    require(names.length == outputs.length, outputs.length + " outputCols", names.length);
    for (String name : schema.fieldNames()) {
      InputColumn.only(stage(), schema, name);
    }
    StructType result = schema;
    for (int i = 0; i < names.length; i++) {
      if (InputColumn.only(stage(), result, names[i]).isPresent()) {
        throw SparkErrors.columnExists(stage(), names[i]);
      }
      result = result.add(names[i], outputs[i].dataType(), true, outputs[i].metadata());
    }
    return result;
  }

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    StructType schema = dataset.schema();
    StructField[] result = transformSchema(schema).fields();
    StructType inputs = inputs(schema);
    Column[] asked =
        Arrays.stream(inputs.fieldNames())
            .map(name -> dataset.col(quoted(InputColumn.path(stage(), schema, name))).as(name))
            .toArray(Column[]::new);
    return new AnsweredDataset(
            dataset.toDF(),
            functions.struct(asked),
            inputs,
            new StructType(Arrays.copyOfRange(result, schema.size(), result.length)),
            task(inputs),
            samples())
        .answered();
  }

  /** What the stage reads of rows of a schema, by the names that it knows. */
  private StructType inputs(StructType schema) {
    StructType inputs = new StructType();
    for (String name : inputNames().distinct().toList()) {
      List<StructField> path = InputColumn.path(stage(), schema, name);
      inputs = inputs.add(name, path.get(path.size() - 1).dataType());
    }
    return inputs;
  }

  private static String quoted(List<StructField> path) {
    return path.stream()
        .map(field -> "`%s`".formatted(field.name().replace("`", "``")))
        .collect(Collectors.joining("."));
  }

  /** The columns that the stage reads. */
  Stream<String> inputNames() {
    return Arrays.stream(getOrDefault(inputCols));
  }

  /** Rows out for a row in. */
  int samples() {
    return 1;
  }

  /** Checks the columns that the stage reads. */
  abstract void checkInputs(StructType schema);

  /** The output columns' types, in the order of {@code outputCols}. */
  public abstract StructType outputs();

  /** What runs on an executor, for rows of the columns that the stage reads, checked before. */
  public abstract WindowTask task(StructType schema);

  final PolicySettings policy(int slots) {
    return new PolicySettings(
        engine(slots),
        getOrDefault(modelUrl),
        number(minPixels),
        number(maxPixels),
        Transparency.of(getOrDefault(transparency)),
        number(batchSize));
  }

  private EngineSettings engine(int slots) {
    Map<String, Object> variables;
    try {
      variables =
          new ObjectMapper().readValue(getOrDefault(templateVariables), new TypeReference<>() {});
    } catch (JsonProcessingException e) {
      throw SparkErrors.templateVariables(getOrDefault(templateVariables));
    }
    return new EngineSettings(
        getOrDefault(dtype), number(threads), slots, variables == null ? Map.of() : variables);
  }

  final <P extends Param<?>> P own(P param) {
    params.add(param);
    return param;
  }

  @SuppressWarnings("unchecked")
  final <T> S with(Param<? super T> param, T value) {
    set((Param<Object>) param, value);
    return (S) this;
  }

  final int number(IntParam param) {
    return (int) getOrDefault(param);
  }

  final long number(LongParam param) {
    return (long) getOrDefault(param);
  }

  final double number(DoubleParam param) {
    return (double) getOrDefault(param);
  }

  final void require(boolean holds, String setter) {
    if (!holds) {
      throw SparkErrors.unset(stage(), setter);
    }
  }

  final void require(boolean holds, String rule, Object value) {
    if (!holds) {
      throw SparkErrors.value(stage(), rule, value);
    }
  }

  final String stage() {
    return getClass().getSimpleName();
  }
}
