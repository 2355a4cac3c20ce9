package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.Objective;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.model.image.ImageProcessor;
import io.relook.model.image.PixelBudget;
import io.relook.model.spark.ModelPool;
import io.relook.preset.Preset;
import io.relook.scenes.SceneGenerator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On random weights of the embedded model's shape, with rows that hold no picture. */
final class TestSftTrainer {
  private static final Preset.Sft CONFIG =
      new Preset.Sft(2, 0, 4, 1e-3, 1, 1.0, 0.0, 256, 1, Preset.Schedule.LINEAR);

  private static final Preset.Keep KEEP = new Preset.Keep(2, 0, true, true);

  private static final Preset.Train FULL =
      new Preset.Train(
          "float32", null, null, false, 1, 3, null, new Preset.AdamW(0.9, 0.999, 1e-8));
  private static final Preset.Train ADAPTER =
      new Preset.Train(
          "bfloat16",
          null,
          new Preset.Lora(2, 4, true, "all-linear", ".*visual.*"),
          true,
          1,
          3,
          null,
          new Preset.AdamW(0.9, 0.999, 1e-8));

  @TempDir Path folder;

  @Test
  void aRunThatStoppedEndsWithTheWeightsOfAnUnbrokenOne() throws Exception {
    stopAndGoOn(FULL);
  }

  @Test
  void anAdapterGoesOnOverTheVersionThatItBeganWith() throws Exception {
    Rows.CheckpointRow resumed = stopAndGoOn(ADAPTER);
    Path adapter =
        Path.of(resumed.uri().replaceFirst("^file:", "")).resolve("adapter/adapter_config.json");
    assertTrue(Files.readString(adapter).contains("\"use_rslora\" : true"));
  }

  /** A picture of 28 × 28 takes 4 · 4 · 1176 bytes; the bound has room for three of six. */
  @Test
  void preparedPicturesAreBoundedAndComeBackWhenRowsShowThem() {
    Path base = folder.resolve("base");
    EmbeddedModel.unpack(base, false);
    Lakehouse lakehouse = lakehouse("pictures");
    List<String> ids = List.of("a", "b", "c", "d", "e", "f");
    List<Row> images = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      byte[] png = new SceneGenerator(3).question(i).png();
      images.add(Rows.IMAGE.toRow(new Rows.Image(ids.get(i), png, 28, 28)));
    }
    lakehouse.merge(Table.IMAGES, images);
    ImageProcessor small = ImageProcessor.load(base).withBudget(new PixelBudget(784, 784));
    long each = 4L * 4 * 1176;
    RowPrompts prompts = new RowPrompts(lakehouse, small, 3 * each);
    prompts.readAhead(Set.copyOf(ids));
    assertEquals(3 * each, prompts.bytes());
    for (List<String> shown : List.of(ids.subList(0, 2), ids.subList(2, 4), ids.subList(4, 6))) {
      prompts.prepare(Set.copyOf(shown));
      assertEquals(2, prompts.of(List.of(1), shown).pictures().size());
      assertEquals(3 * each, prompts.bytes());
    }
    prompts.prepare(Set.copyOf(ids));
    assertEquals(6, prompts.of(List.of(1), ids).pictures().stream().distinct().count());
    assertEquals(6 * each, prompts.bytes(), "what the rows show stays");
    prompts.prepare(Set.of("a"));
    assertEquals(3 * each, prompts.bytes());
    assertEquals(1, prompts.of(List.of(1), List.of("a")).pictures().size());
  }

  private Rows.CheckpointRow stopAndGoOn(Preset.Train how) throws Exception {
    Path base = folder.resolve("base");
    EmbeddedModel.unpack(base, false);
    EmbeddedModel.randomise(base, 5);

    Lakehouse unbroken = lakehouse("unbroken");
    Rows.CheckpointRow whole = train(unbroken, base, how, Integer.MAX_VALUE);
    Lakehouse broken = lakehouse("broken");
    try {
      train(broken, base, how, 2);
    } catch (IllegalStateException stopped) {
      assertEquals("stopped", stopped.getMessage());
    }
    assertEquals(2, broken.read(Table.TRAINING_STEPS).count());
    assertDrawn(broken, folder.resolve("broken/tensorboard/run/1-sft"));
    // Killed between a step's row and its checkpoint, with other numbers than the next attempt's.
    broken.merge(Table.TRAINING_STEPS, List.of(Rows.TRAINING_STEP.toRow(stale(3))));
    Rows.CheckpointRow resumed = train(broken, base, how, Integer.MAX_VALUE);

    assertEquals(4, resumed.step());
    assertDrawn(broken, folder.resolve("broken/tensorboard/run/1-sft"));
    assertEquals(4, broken.read(Table.TRAINING_STEPS).count(), "no step twice");
    assertArrayEquals(weights(whole), weights(resumed));
    List<Row> losses =
        broken.read(Table.TRAINING_STEPS).orderBy("step").select("loss").collectAsList();
    assertTrue(losses.get(3).getDouble(0) < losses.get(0).getDouble(0), "the loss falls");
    assertEquals(
        unbroken.read(Table.TRAINING_STEPS).orderBy("step").select("loss").collectAsList(),
        losses,
        "each row is of the attempt whose weights were kept");

    // A finished stage needs no optimizer's state; the same command must still go on.
    Files.delete(folder(resumed).resolve("optimizer.safetensors"));
    Path drawn = folder.resolve("broken/tensorboard/run/1-sft");
    Files.delete(drawn.resolve("events.out.tfevents.0000000001.relook"));
    assertEquals(resumed, train(broken, base, how, Integer.MAX_VALUE));
    assertDrawn(broken, drawn);
    return resumed;
  }

  /** Each committed step once, as the table has it. */
  private static void assertDrawn(Lakehouse lakehouse, Path files) throws Exception {
    List<EventReader.Event> events = EventReader.folder(files);
    List<Row> steps = lakehouse.read(Table.TRAINING_STEPS).orderBy("step").collectAsList();
    assertEquals(steps.size() + 1, events.size());
    for (int i = 0; i < steps.size(); i++) {
      Rows.TrainingStep step = Rows.TRAINING_STEP.fromRow(steps.get(i));
      Map<String, Float> scalars = events.get(i + 1).scalars();
      assertEquals(step.step(), events.get(i + 1).step());
      assertEquals((float) step.loss(), scalars.get("loss"));
      assertEquals((float) step.seconds(), scalars.get("seconds"));
      assertEquals(
          step.metrics().get("length_mean").floatValue(), scalars.get("metrics/length_mean"));
    }
  }

  /** The first step's rate ruins the weights; what follows has no finite loss. */
  @Test
  void stepsWithoutAFiniteLossAreSkippedAndTooManyEndTheRun() throws Exception {
    Path base = folder.resolve("base");
    EmbeddedModel.unpack(base, false);
    EmbeddedModel.randomise(base, 5);
    Lakehouse lakehouse = lakehouse("ruined");
    Preset.Sft ruinous =
        new Preset.Sft(2, 0, 4, 1e38, 0, 1.0, 0.0, 256, 1, Preset.Schedule.CONSTANT);
    Preset.Train one =
        new Preset.Train(
            "float32", null, null, false, 1, 1, null, new Preset.AdamW(0.9, 0.999, 1e-8));
    RelookException error =
        assertThrows(
            RelookException.class, () -> train(lakehouse, base, ruinous, one, Integer.MAX_VALUE));
    assertTrue(error.getMessage().contains("2 steps were skipped"), error.getMessage());
    assertTrue(error.getMessage().contains("loss is NaN"), error.getMessage());
    List<Row> steps =
        lakehouse.read(Table.TRAINING_STEPS).orderBy("step").select("skipped").collectAsList();
    assertEquals(3, steps.size());
    assertNull(steps.get(0).getString(0));
    assertEquals("loss is NaN", steps.get(1).getString(0));
    Policies policies = new Policies(lakehouse, "run", one, KEEP);
    Rows.CheckpointRow second = policies.newest(1, "sft").orElseThrow();
    assertEquals(2, second.step());
    assertEquals(
        List.of(0L, 1L, 2L),
        EventReader.folder(folder.resolve("ruined/tensorboard/run/1-sft")).stream()
            .map(EventReader.Event::step)
            .toList(),
        "what no version commits is not drawn");
    Path first =
        Path.of(
            lakehouse
                .read(Table.CHECKPOINTS)
                .where("stage = 'sft' and step = 1")
                .select("uri")
                .first()
                .getString(0)
                .replaceFirst("^file:", ""));
    assertArrayEquals(
        Files.readAllBytes(first.resolve("model.safetensors")), weights(second), "they stayed");
  }

  /** A model may sample a picture's token: it is text then, and no reason to end a run. */
  @Test
  void aSampledPictureTokenIsTrainedOnAsText() {
    Path base = folder.resolve("base");
    EmbeddedModel.unpack(base, false);
    EmbeddedModel.randomise(base, 5);
    int pad = 495;
    try (Checkpoint checkpoint = Checkpoint.open(base.toString(), new Configuration());
        TrainableModel model =
            TrainableModel.load(ModelPool.program(Device.cpu(), 1), checkpoint)) {
      assertEquals(pad, checkpoint.config().imageTokenId());
      Prompt prompt = new Prompt(new int[] {10, 20, 30}, List.of());
      float[] even = {0.25f, 0.25f, 0.25f, 0.25f};
      TrainableModel.Outcome outcome =
          model.forwardBackward(
              List.of(TrainingRow.supervised(prompt, new int[] {40, pad, 41, 42}, even)),
              new Objective.CrossEntropy());
      assertTrue(Double.isFinite(outcome.loss()));
      assertThrows(
          RelookException.class,
          () ->
              model.forwardBackward(
                  List.of(
                      TrainingRow.supervised(
                          prompt.plus(new int[0]), new int[] {512}, new float[] {1})),
                  new Objective.CrossEntropy()));
    }
  }

  private static Rows.TrainingStep stale(int step) {
    return new Rows.TrainingStep(
        "run", 1, "sft", step, 99, 99, 99, 1, 1, null, null, null, null, null, null, null, null,
        null, List.of(), List.of(), Map.of(), "killed", "killed", 99, null, null, null, null, null,
        null, null);
  }

  private static Path folder(Rows.CheckpointRow row) {
    return Path.of(row.uri().replaceFirst("^file:", ""));
  }

  private static byte[] weights(Rows.CheckpointRow row) throws Exception {
    return Files.readAllBytes(folder(row).resolve("model.safetensors"));
  }

  private Lakehouse lakehouse(String name) {
    Lakehouse lakehouse =
        Lakehouse.open(TestSession.spark(), folder.resolve(name).toUri().getPath());
    List<Row> examples = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      examples.add(
          Rows.SFT_EXAMPLE.toRow(
              new Rows.SftExample(
                  "e" + i,
                  "run",
                  1,
                  "q" + i,
                  "s" + i,
                  "direct",
                  List.of(10 + i, 20, 30),
                  List.of(40, 41 + i % 2, 42),
                  List.of())));
    }
    lakehouse.merge(Table.SFT_EXAMPLES, examples);
    return lakehouse;
  }

  /** Trains, and dies behind the commit of a step where that is asked for. */
  private static Rows.CheckpointRow train(
      Lakehouse lakehouse, Path base, Preset.Train how, int dieAfter) {
    return train(lakehouse, base, CONFIG, how, dieAfter);
  }

  private static Rows.CheckpointRow train(
      Lakehouse lakehouse, Path base, Preset.Sft config, Preset.Train how, int dieAfter) {
    Policies policies = new Policies(lakehouse, "run", how, KEEP);
    Rows.CheckpointRow from = policies.base(base.toString());
    int[] steps = {0};
    return new SftTrainer(
            lakehouse,
            policies,
            ModelPool.program(Device.cpu(), 1),
            new RowPrompts(lakehouse, ImageProcessor.load(base)),
            config,
            1)
        .run(
            "run",
            1,
            from,
            line -> {
              if (++steps[0] == dieAfter) {
                throw new IllegalStateException("stopped");
              }
            });
  }
}
