package io.relook.jobs;

import static org.apache.spark.sql.functions.array_sort;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.posexplode_outer;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.transform;
import static org.apache.spark.sql.functions.udf;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Table;
import io.relook.model.spark.EngineSettings;
import io.relook.model.spark.ImageTextScorer;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * What a reflection r tells of the right answer g and of the picture I, in nats a token, by the
 * policy itself (the paper names information gain and gives no formula; this one is our choice):
 *
 * <pre>
 * answer gain = (log p(g | I, x, s, r) − log p(g | I, x, s)) / |g|
 * visual gain = (log p(r | I, x, s) − log p(r | masked I, x, s)) / |r|
 * </pre>
 *
 * x is the question, s the reasoning before; masked is a picture of the same size in one colour,
 * the mean that pictures are normalised by, so that its pixels are about 0.
 */
final class InformationGain {
  /** The mean of CLIP's normalisation, of 255. */
  private static final Color MEAN = new Color(122, 116, 104);

  private static final UserDefinedFunction MASKED =
      udf((UDF2<Integer, Integer, byte[]>) InformationGain::masked, DataTypes.BinaryType);

  private static final StructType ASKED =
      StructType.fromDDL(
          "id STRING, image_ids ARRAY<STRING>, masked BOOLEAN, prompt ARRAY<INT>, completion ARRAY<INT>");

  private final Lakehouse lakehouse;
  private final EngineSettings engine;
  private final RolloutJob.Config rollout;

  /** {@code rollout} names the policy that judges and the pictures' budget. */
  InformationGain(Lakehouse lakehouse, EngineSettings engine, RolloutJob.Config rollout) {
    this.lakehouse = lakehouse;
    this.engine = engine;
    this.rollout = rollout;
  }

  /**
   * @param before the prompt with the reasoning: x and s
   * @param reflection with its tags
   * @param answerTag what stands before an answer
   * @param answer the right one; empty where it is not known
   */
  record Asked(
      String id,
      List<String> imageIds,
      int[] before,
      int[] reflection,
      int[] answerTag,
      int[] answer) {}

  /** Null where it could not be computed: no answer is known, or there is no picture. */
  record Gain(Double answer, Double visual) {
    static final Gain NONE = new Gain(null, null);
  }

  /** By id. */
  Map<String, Gain> of(List<Asked> all) {
    List<Row> rows = new ArrayList<>();
    for (Asked asked : all) {
      if (asked.answer.length > 0) {
        int[] without = join(asked.before, asked.answerTag);
        int[] with = join(asked.before, asked.reflection, asked.answerTag);
        rows.add(row(asked, "answer", false, without, asked.answer));
        rows.add(row(asked, "answer, told", false, with, asked.answer));
      }
      if (!asked.imageIds.isEmpty()) {
        rows.add(row(asked, "reflection", false, asked.before, asked.reflection));
        rows.add(row(asked, "reflection, blind", true, asked.before, asked.reflection));
      }
    }
    Map<String, double[]> scores = scores(rows);
    Map<String, Gain> gains = new HashMap<>();
    for (Asked asked : all) {
      gains.put(
          asked.id,
          new Gain(
              difference(scores, asked.id, "answer, told", "answer"),
              difference(scores, asked.id, "reflection", "reflection, blind")));
    }
    return gains;
  }

  private static Double difference(
      Map<String, double[]> scores, String id, String more, String less) {
    double[] a = scores.get(id + " " + more);
    double[] b = scores.get(id + " " + less);
    return a == null || b == null
        ? null
        : (DoubleStream.of(a).sum() - DoubleStream.of(b).sum()) / a.length;
  }

  /** Log-probabilities by id; rows that cannot be scored are left out. */
  private Map<String, double[]> scores(List<Row> rows) {
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
                org.apache
                    .spark
                    .sql
                    .functions
                    .when(col("masked"), MASKED.apply(col("width"), col("height")))
                    .otherwise(col("bytes")))
            .groupBy("id")
            .agg(array_sort(collect_list(struct("at", "shown"))).as("shown"))
            .select(col("id"), transform(col("shown"), s -> s.getField("shown")).as("pictures"));
    long minPixels = rollout.minPixels();
    ImageTextScorer scorer =
        new ImageTextScorer()
            .setModelUrl(rollout.policyUri())
            .setInputCols("prompt", "pictures", "completion")
            .setDtype(engine.dtype())
            .setThreads(engine.threads())
            .setBatchSize(engine.slots());
    if (minPixels > 0) {
      scorer.setMinPixels(minPixels).setMaxPixels(Math.max(minPixels * 4, 1 << 20));
    }
    Map<String, double[]> scores = new HashMap<>();
    // Rows of one prompt come together: a pack computes it once.
    for (Row row :
        scorer
            .transform(
                asked
                    .join(pictures, usingId(), "left")
                    .withColumn("pictures", orNone())
                    .repartition(rollout.partitions())
                    .sortWithinPartitions("prompt", "masked"))
            .where(col("score_error").isNull())
            .select("id", "scored_log_probs")
            .collectAsList()) {
      scores.put(row.getString(0), row.<Float>getList(1).stream().mapToDouble(f -> f).toArray());
    }
    return scores;
  }

  private static org.apache.spark.sql.Column orNone() {
    return org.apache.spark.sql.functions.coalesce(
        col("pictures"), org.apache.spark.sql.functions.array().cast("array<binary>"));
  }

  private static scala.collection.immutable.Seq<String> usingId() {
    return scala.jdk.javaapi.CollectionConverters.asScala(List.of("id")).toSeq();
  }

  private static Row row(Asked asked, String what, boolean masked, int[] prompt, int[] completion) {
    return RowFactory.create(
        asked.id + " " + what,
        asked.imageIds.toArray(new String[0]),
        masked,
        boxed(prompt),
        boxed(completion));
  }

  private static Integer[] boxed(int[] ids) {
    return IntStream.of(ids).boxed().toArray(Integer[]::new);
  }

  private static int[] join(int[]... parts) {
    return Stream.of(parts).flatMapToInt(IntStream::of).toArray();
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
