package io.relook.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import ai.djl.Device;
import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.image.ImageProcessor;
import io.relook.model.image.Transparency;
import io.relook.model.spark.EngineSettings;
import io.relook.model.spark.ModelPool;
import io.relook.model.text.Message;
import io.relook.model.text.TextProcessor;
import io.relook.scenes.SceneGenerator;
import io.relook.training.EmbeddedModel;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Gains by Spark, against the engine's own log-probabilities of the same tokens. */
final class TestInformationGain {
  @TempDir private Path folder;

  @Test
  void gainsAreDifferencesOfLogProbabilitiesAToken() throws IOException {
    EmbeddedModel.unpack(folder.resolve("base"), true);
    String base = folder.resolve("base").toString();
    Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), folder.resolve("lake").toString());
    byte[] scene = new SceneGenerator(3).question(0).png();
    BufferedImage drawn = ImageIO.read(new ByteArrayInputStream(scene));
    int width = drawn.getWidth();
    int height = drawn.getHeight();
    byte[] gray = GivenTokens.masked(width, height);
    lakehouse.merge(
        Table.IMAGES,
        List.of(
            Rows.IMAGE.toRow(new Rows.Image("scene", scene, width, height)),
            Rows.IMAGE.toRow(new Rows.Image("gray", gray, width, height))));
    RolloutJob.Config rollout =
        new RolloutJob.Config(
            "run",
            1,
            Phase.RECONSTRUCTION,
            0,
            "p",
            base,
            1,
            1.0,
            32,
            0,
            Transparency.WHITE,
            8,
            1,
            0.05);
    try (Checkpoint checkpoint = Checkpoint.open(base, new Configuration());
        TextProcessor text = TextProcessor.load(checkpoint.folder());
        VisionLanguageModel model =
            VisionLanguageModel.load(
                ModelPool.program(Device.cpu(), 1),
                checkpoint,
                VisionLanguageModel.Options.cpu(ComputeType.FLOAT32, 1))) {
      ImageProcessor images = ImageProcessor.load(checkpoint.folder());
      PictureGrid seen = images.process(scene);
      PictureGrid blind = images.process(gray);
      int[] before = before(text, seen);
      int[] reflection = text.encodeAsText(" <reflection> I see 3 circles. </reflection>");
      int[] tag = text.encodeAsText(" <answer>");
      int[] answer = text.encodeAsText("3");
      Map<String, InformationGain.Gain> gains =
          new InformationGain(
                  new GivenTokens(lakehouse, new EngineSettings("float32", 1, 8), rollout))
              .of(
                  List.of(
                      new InformationGain.Asked(
                          "a", List.of("scene"), before, reflection, tag, answer),
                      new InformationGain.Asked(
                          "blind", List.of("gray"), before, reflection, tag, answer),
                      new InformationGain.Asked(
                          "unknown", List.of("scene"), before, reflection, tag, new int[0])));

      double told = sum(model, join(before, reflection, tag), seen, answer);
      double untold = sum(model, join(before, tag), seen, answer);
      assertEquals((told - untold) / answer.length, gains.get("a").answer(), 1e-4);
      double withPicture = sum(model, before, seen, reflection);
      double without = sum(model, before, blind, reflection);
      assertEquals((withPicture - without) / reflection.length, gains.get("a").visual(), 1e-4);
      assertNotEquals(0, gains.get("a").visual(), 1e-3);
      assertEquals(0, gains.get("blind").visual(), "a picture of one colour has nothing to mask");
      assertNull(gains.get("unknown").answer());
      assertEquals(gains.get("a").visual(), gains.get("unknown").visual(), 1e-5);
    }
  }

  private static int[] before(TextProcessor text, PictureGrid picture) {
    return join(
        text.encodeChat(
            List.of(Message.ofPictures("user", 1, "How many circles are there?")),
            List.of(picture.tokens(2)),
            true),
        text.encodeAsText("I look."));
  }

  private static double sum(
      VisionLanguageModel model, int[] prompt, PictureGrid picture, int[] completion) {
    float[] scores =
        model
            .logProbs(List.of(new Prompt(prompt, List.of(picture))), List.of(completion), 1.0)
            .get(0)
            .logProbs();
    return IntStream.range(0, scores.length).mapToDouble(i -> scores[i]).sum();
  }

  private static int[] join(int[]... parts) {
    return Stream.of(parts).flatMapToInt(IntStream::of).toArray();
  }
}
