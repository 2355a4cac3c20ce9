package io.relook.training;

import io.relook.jobs.IngestJob;
import io.relook.jobs.ScenesJob;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.engine.Prompt;
import io.relook.model.image.ImageProcessor;
import io.relook.model.image.PictureDecoder;
import io.relook.model.text.TextProcessor;
import io.relook.preset.Preset;
import io.relook.scenes.SceneGenerator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;

/**
 * The questions of a preset, and a few of them as the model sees them.
 *
 * @param takeIn seconds that the few took
 * @param question seconds of one more: its picture drawn or decoded
 */
record PlanData(Figure train, Figure test, List<Prompt> few, double takeIn, double question) {

  static PlanData read(Lakehouse lakehouse, Preset preset, Path data, Path folder, int rows) {
    double seconds = takeIn(lakehouse, preset, data, rows);
    List<byte[]> pictures = new ArrayList<>();
    List<Prompt> few = prompts(lakehouse, preset, folder, pictures);
    Preset.Data asked = preset.data();
    long began = System.nanoTime();
    if (asked.ingest() == null) {
      SceneGenerator scenes = new SceneGenerator(asked.scenesSeed());
      for (int i = 0; i < rows; i++) {
        scenes.question(i);
      }
      return new PlanData(
          Figure.exact(asked.trainQuestions()),
          Figure.exact(evaluated(preset)),
          few,
          seconds,
          (System.nanoTime() - began) / 1e9 / rows);
    }
    PictureDecoder decoder = new PictureDecoder();
    pictures.forEach(decoder::decode);
    double decoding = (System.nanoTime() - began) / 1e9 / Math.max(1, few.size());
    Map<String, Long> counts = job(lakehouse, preset, data).perSplit();
    return new PlanData(
        Figure.most(asked.trainQuestions() + counts.getOrDefault("train", 0L)),
        Figure.most(evaluated(preset) + counts.getOrDefault(preset.evaluate().split(), 0L)),
        few,
        seconds,
        decoding / lakehouse.spark().sparkContext().defaultParallelism());
  }

  /** Scenes that an evaluation asks. */
  private static int evaluated(Preset preset) {
    return switch (preset.evaluate().split()) {
      case "train" -> preset.data().trainQuestions();
      case "validation" -> preset.data().validationQuestions();
      case "test" -> preset.data().testQuestions();
      default -> 0;
    };
  }

  /** Takes in the first few questions; returns seconds. */
  static double takeIn(Lakehouse lakehouse, Preset preset, Path data, int rows) {
    long began = System.nanoTime();
    for (ScenesJob.Config all : ScenesJob.Config.of(preset.data())) {
      int count = Math.min(rows, all.count());
      new ScenesJob(lakehouse, new ScenesJob.Config(all.seed(), all.split(), count)).run();
    }
    if (preset.data().ingest() != null) {
      job(lakehouse, preset, data).look(rows);
    }
    return (System.nanoTime() - began) / 1e9;
  }

  /** Of a few rows any share may be refused: the run itself says so. */
  private static IngestJob job(Lakehouse lakehouse, Preset preset, Path data) {
    return new IngestJob(
        lakehouse,
        new IngestJob.Config(data == null ? null : data.toString(), preset.data().ingest(), 1));
  }

  private static List<Prompt> prompts(
      Lakehouse lakehouse, Preset preset, Path folder, List<byte[]> pictures) {
    Map<String, byte[]> images = new HashMap<>();
    for (Row row : lakehouse.read(Table.IMAGES).select("image_id", "bytes").collectAsList()) {
      images.put(row.getString(0), row.getAs(1));
    }
    pictures.addAll(images.values());
    try (TextProcessor text = TextProcessor.load(folder, preset.engine().templateVariables())) {
      ImageProcessor processor = RowPrompts.images(ImageProcessor.load(folder), preset.rollout());
      Prompts prompts = new Prompts(text, processor);
      return lakehouse.read(Table.QUERIES).orderBy("split", "query_id").collectAsList().stream()
          .map(Rows.QUERY::fromRow)
          .map(q -> prompts.of(q.imageIds().stream().map(images::get).toList(), q.question()))
          .toList();
    }
  }

  double promptTokens() {
    return few.stream().mapToInt(Prompt::length).average().orElse(0);
  }

  int longestPrompt() {
    return few.stream().mapToInt(Prompt::length).max().orElse(1);
  }

  /** Bytes of a question's pictures as they travel to an executor. */
  double pictureBytes() {
    return few.stream()
            .flatMap(prompt -> prompt.pictures().stream())
            .mapToDouble(picture -> 4.0 * picture.patches().length)
            .sum()
        / Math.max(1, few.size());
  }
}
