package io.relook.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import io.relook.model.image.ImageProcessor;
import io.relook.model.image.Transparency;
import io.relook.model.spark.EngineSettings;
import io.relook.model.spark.ImageTextGenerator;
import io.relook.model.spark.ImageTextScorer;
import io.relook.model.text.Message;
import io.relook.model.text.Message.Part;
import io.relook.model.text.TextProcessor;
import io.relook.training.EmbeddedModel;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A picture's place is part of the prompt, in every path from a question: two pictures of different
 * sizes, so that their tokens tell which stands where.
 */
class TestPictureMarks {
  private static final SparkSession SPARK = TestSession.spark();

  @TempDir private static Path folder;
  private static String model;
  private static byte[] small;
  private static byte[] large;

  @BeforeAll
  static void unpack() throws IOException {
    EmbeddedModel.unpack(folder.resolve("base"), true);
    model = folder.resolve("base").toString();
    small = png(56, 56);
    large = png(112, 84);
  }

  private static byte[] png(int width, int height) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < width * height; i++) {
      image.setRGB(i % width, i / width, 0x010203 * (i % 80));
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "png", out);
    return out.toByteArray();
  }

  /** Ids of a turn whose parts are written out: a text, or the place of a picture. */
  private static List<Integer> ids(Object... parts) {
    try (TextProcessor text = TextProcessor.load(Path.of(model))) {
      ImageProcessor images = ImageProcessor.load(Path.of(model));
      List<PictureGrid> grids = List.of(images.process(small), images.process(large));
      List<Part> turn =
          java.util.Arrays.stream(parts)
              .map(p -> new Part(p instanceof String s ? s : null))
              .toList();
      List<Integer> tokens =
          java.util.Arrays.stream(parts)
              .filter(Integer.class::isInstance)
              .map(p -> grids.get((Integer) p).tokens(images.mergeSize()))
              .toList();
      return IntStream.of(text.encodeChat(List.of(new Message("user", turn, false)), tokens, true))
          .boxed()
          .toList();
    }
  }

  /** Each question beside the ids of its prompt, over the small and the large picture. */
  private static Map<String, List<Integer>> right() {
    return Map.of(
        "Which is larger?", ids(0, 1, "Which is larger?"),
        "<image>\nor <image>?", ids(0, "\nor ", 1, "?"),
        "Is <image 2> larger than <image 1>?", ids("Is ", 1, " larger than ", 0, "?"),
        "<image_2>, <image_1>, <image_2>", ids(1, ", ", 0, ", ", 1),
        "<|image_pad|><image><image>", ids("<|image_pad|>", 0, 1));
  }

  @Test
  void promptsOfTheDriverHaveThePicturesInTheirPlaces() {
    try (TextProcessor text = TextProcessor.load(Path.of(model))) {
      ImageProcessor images = ImageProcessor.load(Path.of(model));
      List<PictureGrid> grids = List.of(images.process(small), images.process(large));
      right()
          .forEach(
              (question, ids) -> {
                Prompt prompt = Prompt.of(text, question, grids, images.mergeSize());
                assertEquals(ids, IntStream.of(prompt.ids()).boxed().toList(), question);
              });
      Prompt twice = Prompt.of(text, "<image_2>, <image_1>, <image_2>", grids, images.mergeSize());
      assertEquals(List.of(grids.get(1), grids.get(0), grids.get(1)), twice.pictures());
    }
  }

  @Test
  void rolloutsRecordWhatTheyShowed() {
    Lakehouse lakehouse = Lakehouse.open(SPARK, folder.resolve("lake").toString());
    lakehouse.merge(
        Table.IMAGES,
        List.of(
            Rows.IMAGE.toRow(new Rows.Image("s", small, 56, 56)),
            Rows.IMAGE.toRow(new Rows.Image("l", large, 112, 84))));
    Map<String, List<Integer>> right = right();
    List<RolloutJob.Ask> asks =
        java.util.stream.Stream.concat(
                right.keySet().stream(), java.util.stream.Stream.of("only <image>"))
            .map(q -> new RolloutJob.Ask(q, q, List.of("s", "l"), null, new int[0]))
            .toList();
    RolloutJob.Config config =
        new RolloutJob.Config(
            "run", 1, Phase.HARD, 0, "p", model, 1, 0, 2, 0, Transparency.WHITE, 8, 1, 0.5);
    new RolloutJob(lakehouse, new EngineSettings("float32", 1, 8), config).run(asks, rows -> {});
    Map<String, Rows.Trajectory> rows =
        lakehouse.read(Table.TRAJECTORIES).collectAsList().stream()
            .map(Rows.TRAJECTORY::fromRow)
            .collect(Collectors.toMap(Rows.Trajectory::queryId, t -> t));
    right.forEach((question, ids) -> assertEquals(ids, rows.get(question).promptIds(), question));
    assertEquals(List.of("s", "l"), rows.get("Which is larger?").imageIds());
    assertEquals(List.of("l", "s"), rows.get("Is <image 2> larger than <image 1>?").imageIds());
    assertEquals(List.of("l", "s", "l"), rows.get("<image_2>, <image_1>, <image_2>").imageIds());
    assertEquals(
        "The question has 1 <image> marks but 2 pictures: give each picture one <image>, or mark none.",
        rows.get("only <image>").error());
  }

  /** A question scores as the ids of its prompt do, over the pictures in the order shown. */
  @Test
  void stagesPutPicturesWhereTheMarksAre() {
    StructType schema =
        StructType.fromDDL(
            "question STRING, ids ARRAY<INT>, given ARRAY<BINARY>, shown ARRAY<BINARY>, completion STRING");
    Object[] given = {small, large};
    Object[] turned = {large, small};
    Dataset<Row> rows =
        SPARK
            .createDataFrame(
                List.of(
                    row("<image>\nor <image>?", given, given),
                    row("Is <image 2> larger than <image 1>?", given, turned),
                    RowFactory.create(
                        "<image> <image> <image>", new Integer[] {1}, given, given, "3")),
                schema)
            .coalesce(1);
    ImageTextScorer scorer = new ImageTextScorer().setModelUrl(model).setBatchSize(8);
    List<Row> byQuestion =
        scorer.setInputCols("question", "given", "completion").transform(rows).collectAsList();
    List<Row> byIds =
        scorer.setInputCols("ids", "shown", "completion").transform(rows).collectAsList();
    for (int i = 0; i < 2; i++) {
      assertNull(byQuestion.get(i).getAs("score_error"));
      assertFalse(byIds.get(i).getList(byIds.get(i).fieldIndex("scored_log_probs")).isEmpty());
      assertEquals(
          byIds.get(i).<Object>getAs("scored_log_probs"),
          byQuestion.get(i).<Object>getAs("scored_log_probs"));
    }
    String error = byQuestion.get(2).getAs("score_error");
    assertTrue(error.contains("has 3 <image> marks but 2 pictures"), error);
    List<Row> generated =
        new ImageTextGenerator()
            .setModelUrl(model)
            .setInputCols("question", "given")
            .setBatchSize(8)
            .setMaxNewTokens(2)
            .transform(rows)
            .collectAsList();
    for (int i = 0; i < 2; i++) {
      Row row = generated.get(i);
      assertEquals(row.getList(row.fieldIndex("ids")), row.getList(row.fieldIndex("prompt_ids")));
    }
    assertTrue(generated.get(2).<String>getAs("error").contains("3 <image> marks"));
  }

  private static Row row(String question, Object[] given, Object[] shown) {
    Integer[] ids = right().get(question).toArray(new Integer[0]);
    return RowFactory.create(question, ids, given, shown, "3");
  }
}
