package io.relook.jobs;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.array_sort;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.posexplode_outer;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.transform;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.when;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Table;
import io.relook.model.spark.EngineSettings;
import io.relook.model.spark.ImageTextAttention;
import io.relook.model.spark.ImageTextScorer;
import io.relook.model.spark.ImageTextTransformer;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/**
 * What a policy makes of tokens that it is given, on the executors; rows that fail are left out.
 */
final class GivenTokens {
  /** The mean of CLIP's normalisation, of 255. */
  private static final Color MEAN = new Color(122, 116, 104);

  private static final UserDefinedFunction MASKED =
      udf((UDF2<Integer, Integer, byte[]>) GivenTokens::masked, DataTypes.BinaryType);

  private static final StructType ASKED =
      StructType.fromDDL(
          "id STRING, image_ids ARRAY<STRING>, masked BOOLEAN, prompt ARRAY<INT>, completion ARRAY<INT>");

  private final Lakehouse lakehouse;
  private final EngineSettings engine;
  private final RolloutJob.Config rollout;

  /** {@code rollout} names the policy, and the pictures' budget and ground. */
  GivenTokens(Lakehouse lakehouse, EngineSettings engine, RolloutJob.Config rollout) {
    this.lakehouse = lakehouse;
    this.engine = engine;
    this.rollout = rollout;
  }

  /**
   * @param masked the pictures are shown in one colour
   */
  record Asked(String id, List<String> imageIds, boolean masked, int[] prompt, int[] completion) {}

  /** Log-probabilities of the completions' tokens by id, nats. */
  Map<String, double[]> logProbs(List<Asked> asked) {
    return of(asked, new ImageTextScorer().setBatchSize(engine.slots()), 0);
  }

  /** Entropies of what each token was drawn from by id, at temperature 1, nats. */
  Map<String, double[]> entropies(List<Asked> asked) {
    return of(asked, new ImageTextScorer().setBatchSize(engine.slots()), 1);
  }

  /** Attention that each token's query pays to the pictures by id, from 0 to 1. */
  Map<String, double[]> attention(List<Asked> asked) {
    return of(asked, new ImageTextAttention(), 0);
  }

  /** One of a stage's outputs, the last of which says what failed. */
  private Map<String, double[]> of(List<Asked> asked, ImageTextTransformer<?> stage, int output) {
    long minPixels = rollout.minPixels();
    stage
        .setModelUrl(rollout.policyUri())
        .setInputCols("prompt", "pictures", "completion")
        .setDtype(engine.dtype())
        .setThreads(engine.threads())
        .setTransparency(rollout.transparency().word());
    if (minPixels > 0) {
      stage.setMinPixels(minPixels).setMaxPixels(Math.max(minPixels * 4, 1 << 20));
    }
    String[] outputs = stage.outputs().fieldNames();
    Map<String, double[]> values = new HashMap<>();
    stage
        .transform(shown(asked))
        .where(col(outputs[outputs.length - 1]).isNull())
        .select("id", outputs[output])
        .collectAsList()
        .forEach(
            row ->
                values.put(
                    row.getString(0),
                    row.<Float>getList(1).stream().mapToDouble(value -> value).toArray()));
    return values;
  }

  /** With their pictures. Rows of one prompt come together: a pack computes it once. */
  private Dataset<Row> shown(List<Asked> all) {
    List<Row> rows = all.stream().map(GivenTokens::row).toList();
    Dataset<Row> asked = lakehouse.spark().createDataFrame(rows, ASKED);
    Dataset<Row> pictures =
        asked
            .select(
                col("id"),
                col("masked"),
                posexplode_outer(col("image_ids")).as(new String[] {"at", "image_id"}))
            .join(lakehouse.read(Table.IMAGES), "image_id")
            .withColumn(
                "shown",
                when(col("masked"), MASKED.apply(col("width"), col("height")))
                    .otherwise(col("bytes")))
            .groupBy("id")
            .agg(array_sort(collect_list(struct("at", "shown"))).as("shown"))
            .select(col("id"), transform(col("shown"), s -> s.getField("shown")).as("pictures"));
    return asked
        .join(pictures, CollectionConverters.asScala(List.of("id")).toSeq(), "left")
        .withColumn("pictures", coalesce(col("pictures"), array().cast("array<binary>")))
        .repartition(rollout.partitions())
        .sortWithinPartitions("prompt", "masked");
  }

  private static Row row(Asked asked) {
    return RowFactory.create(
        asked.id,
        asked.imageIds.toArray(new String[0]),
        asked.masked,
        boxed(asked.prompt),
        boxed(asked.completion));
  }

  private static Integer[] boxed(int[] ids) {
    return IntStream.of(ids).boxed().toArray(Integer[]::new);
  }

  /** A PNG of one colour. */
  static byte[] masked(int width, int height) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D pen = image.createGraphics();
    pen.setColor(MEAN);
    pen.fillRect(0, 0, width, height);
    pen.dispose();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(image, "png", out)) {
        throw new RelookException(
            RelookException.Category.INTERNAL, "This JVM cannot write PNG pictures.");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
