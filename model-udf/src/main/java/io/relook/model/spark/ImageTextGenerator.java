package io.relook.model.spark;

import io.relook.lakehouse.Keys;
import io.relook.model.engine.Completion;
import io.relook.model.engine.Completion.Finish;
import io.relook.model.engine.Sampling;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntArrayParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.StringArrayParam;
import org.apache.spark.ml.util.DefaultParamsReadable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegralType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/**
 * Generates text about pictures: {@code inputCols} are the question (STRING) and, optionally, its
 * pictures ({@link PictureType}, or an ARRAY of them for none or several).
 *
 * <p>Each input row gives {@code samples} rows, with the input's columns and behind them {@code
 * outputCols}: sample INT (from 0), text STRING, prompt_ids and completion_ids ARRAY&lt;INT&gt;,
 * log_probs ARRAY&lt;FLOAT&gt; (the sampler's, natural, of each completion token before any filter,
 * at the temperature; at 1 where it is 0), finish STRING (stop, length, error) and error STRING. A
 * row that cannot be answered has an error and no text; it never ends the job.
 *
 * <p>Pictures stand where a question's marks are ({@link io.relook.model.text.Question}). Where
 * numbered marks turn the order or repeat a picture, prompt_ids show the pictures so: score such
 * rows by their question, or give the pictures in that order.
 *
 * <p>A sample's tokens depend on model, prompt, settings, {@code seed}, the value of {@code keyCol}
 * and the sample's number, never on partitions, order or retries (at equal slots, threads, dtype
 * and device). Rows of equal key and equal content get equal samples; without {@code keyCol} the
 * content alone decides.
 */
public final class ImageTextGenerator extends ImageTextTransformer<ImageTextGenerator> {
  private static final long serialVersionUID = 1;

  /** Samples a row, default 1. */
  public final IntParam samples;

  /** A column (STRING or an integer) that tells apart rows of equal content; unset by default. */
  public final Param<String> keyCol;

  /** Another seed draws other samples, default 0. */
  public final LongParam seed;

  /** 0 is greedy; default 1. */
  public final DoubleParam temperature;

  /** Only so many likeliest tokens; 0, the default, for all. */
  public final IntParam topK;

  /** The smallest set of tokens of at least this probability; 1, the default, for all. */
  public final DoubleParam topP;

  /** Tokens at least so likely relative to the likeliest; 0, the default, for all. */
  public final DoubleParam minP;

  /** Default 1: none. */
  public final DoubleParam repetitionPenalty;

  /** Default 0. */
  public final IntParam minNewTokens;

  /** Default 256. */
  public final IntParam maxNewTokens;

  /** Tokens that end a completion; the checkpoint's own by default. */
  public final IntArrayParam stopTokenIds;

  /** Texts that end a completion; none by default. */
  public final StringArrayParam stopStrings;

  /** Rows that decode together, default 32. */
  public final IntParam slots;

  public ImageTextGenerator() {
    this(Identifiable$.MODULE$.randomUID("ImageTextGenerator"));
  }

  public ImageTextGenerator(String uid) {
    super(
        uid,
        "question, and optionally its pictures",
        "sample",
        "text",
        "prompt_ids",
        "completion_ids",
        "log_probs",
        "finish",
        "error");
    samples = own(new IntParam(this, "samples", "rows out for a row in"));
    keyCol = own(new Param<>(this, "keyCol", "column that tells apart rows of equal content"));
    seed = own(new LongParam(this, "seed", "another one draws other samples"));
    temperature = own(new DoubleParam(this, "temperature", "0 is greedy"));
    topK = own(new IntParam(this, "topK", "only so many likeliest tokens, 0 for all"));
    topP = own(new DoubleParam(this, "topP", "likeliest tokens of this probability, 1 for all"));
    minP = own(new DoubleParam(this, "minP", "least probability relative to the likeliest"));
    repetitionPenalty = own(new DoubleParam(this, "repetitionPenalty", "1 for none"));
    minNewTokens = own(new IntParam(this, "minNewTokens", "no stop token before so many"));
    maxNewTokens = own(new IntParam(this, "maxNewTokens", "longest completion"));
    stopTokenIds = own(new IntArrayParam(this, "stopTokenIds", "empty for the checkpoint's"));
    stopStrings = own(new StringArrayParam(this, "stopStrings", "texts that end a completion"));
    slots = own(new IntParam(this, "slots", "rows that decode together"));
    setDefault(batchSize, 128);
    setDefault(samples, 1);
    setDefault(seed, 0L);
    setDefault(temperature, 1.0);
    setDefault(topK, 0);
    setDefault(topP, 1.0);
    setDefault(minP, 0.0);
    setDefault(repetitionPenalty, 1.0);
    setDefault(minNewTokens, 0);
    setDefault(maxNewTokens, 256);
    setDefault(stopTokenIds, new int[0]);
    setDefault(stopStrings, new String[0]);
    setDefault(slots, 32);
  }

  /** For {@code load} and for pipelines. */
  public static MLReader<ImageTextGenerator> read() {
    return new DefaultParamsReadable<ImageTextGenerator>() {}.read();
  }

  public static ImageTextGenerator load(String path) {
    return read().load(path);
  }

  public ImageTextGenerator setSamples(int value) {
    return with(samples, value);
  }

  public ImageTextGenerator setKeyCol(String value) {
    return with(keyCol, value);
  }

  public ImageTextGenerator setSeed(long value) {
    return with(seed, value);
  }

  public ImageTextGenerator setTemperature(double value) {
    return with(temperature, value);
  }

  public ImageTextGenerator setTopK(int value) {
    return with(topK, value);
  }

  public ImageTextGenerator setTopP(double value) {
    return with(topP, value);
  }

  public ImageTextGenerator setMinP(double value) {
    return with(minP, value);
  }

  public ImageTextGenerator setRepetitionPenalty(double value) {
    return with(repetitionPenalty, value);
  }

  public ImageTextGenerator setMinNewTokens(int value) {
    return with(minNewTokens, value);
  }

  public ImageTextGenerator setMaxNewTokens(int value) {
    return with(maxNewTokens, value);
  }

  public ImageTextGenerator setStopTokenIds(int... value) {
    return with(stopTokenIds, value);
  }

  public ImageTextGenerator setStopStrings(String... value) {
    return with(stopStrings, value);
  }

  public ImageTextGenerator setSlots(int value) {
    return with(slots, value);
  }

  /** The same as {@link #transform}. */
  public Dataset<Row> generate(Dataset<?> dataset) {
    return transform(dataset);
  }

  @Override
  Stream<String> inputNames() {
    return Stream.concat(
        super.inputNames(), isDefined(keyCol) ? Stream.of(getOrDefault(keyCol)) : Stream.empty());
  }

  @Override
  int samples() {
    return number(samples);
  }

  @Override
  void checkInputs(StructType schema) {
    String[] columns = getOrDefault(inputCols);
    require(
        columns.length == 1 || columns.length == 2,
        "1 or 2 inputCols (question, pictures)",
        columns.length);
    columns(schema);
    if (isDefined(keyCol)) {
      DataType type = key(schema).type(schema);
      if (!(type instanceof StringType) && !(type instanceof IntegralType)) {
        throw SparkErrors.columnType(
            stage(), getOrDefault(keyCol), "the key, STRING or an integer", type);
      }
    }
    require(number(samples) >= 1, "samples at least 1", number(samples));
    require(number(slots) >= 1, "slots at least 1", number(slots));
    sampling();
  }

  @Override
  public StructType outputs() {
    return StructType.fromDDL(
        "sample INT, text STRING, prompt_ids ARRAY<INT>, completion_ids ARRAY<INT>, log_probs ARRAY<FLOAT>, finish STRING, error STRING");
  }

  @Override
  public WindowTask task(StructType schema) {
    PromptSampler sampler = new PromptSampler(policy(number(slots)), sampling(), number(samples));
    PromptColumns columns = columns(schema);
    InputColumn key = isDefined(keyCol) ? key(schema) : null;
    long seedNumber = number(seed);
    return rows ->
        sampler.sample(
            rows,
            columns::ask,
            row -> {
              Object own = key == null ? null : row.get(key.place());
              String content = columns.content(row);
              return IntStream.range(0, sampler.samples())
                  .mapToObj(sample -> Keys.of(seedNumber, own, content, sample))
                  .toList();
            },
            ImageTextGenerator::row);
  }

  private static Row row(PromptSampler.Sample<Row> sample) {
    Completion done = sample.completion();
    boolean failed = done.finish() == Finish.ERROR;
    return OutputRows.append(
        sample.row(),
        sample.number(),
        failed ? null : done.text(),
        sample.prompt() == null ? null : OutputRows.cells(sample.prompt().ids()),
        failed ? null : OutputRows.cells(done.tokens()),
        failed ? null : OutputRows.cells(done.logProbs()),
        done.finish().name().toLowerCase(Locale.ROOT),
        done.error());
  }

  private PromptColumns columns(StructType schema) {
    String[] names = getOrDefault(inputCols);
    return PromptColumns.of(stage(), schema, names[0], names.length == 2 ? names[1] : null, false);
  }

  private InputColumn key(StructType schema) {
    return InputColumn.of(schema, getOrDefault(keyCol));
  }

  private Sampling sampling() {
    return new Sampling(
        number(temperature),
        number(topK),
        number(topP),
        number(minP),
        number(repetitionPenalty),
        IntStream.of(getOrDefault(stopTokenIds)).boxed().toList(),
        Arrays.asList(getOrDefault(stopStrings)),
        number(minNewTokens),
        number(maxNewTokens));
  }
}
