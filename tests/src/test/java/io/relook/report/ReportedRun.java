package io.relook.report;

import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import io.relook.model.image.ImageProcessor;
import io.relook.model.text.Message;
import io.relook.model.text.TextProcessor;
import io.relook.scenes.SceneGenerator;
import io.relook.scenes.SceneQuestion;
import io.relook.training.EmbeddedModel;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import picocli.CommandLine;

/**
 * A lakehouse with one run whose rows are written by hand, at the embedded policy: a GRPO group
 * with a reflection, a hostile text, a truncated sample and a failed one; a rebuilt trace; an
 * evaluated question; and an older run, which must not show.
 */
final class ReportedRun {
  static final String REFLECTION = "<reflection>Look, é 😀 again.</reflection>";
  static final String RIGHT = "One. " + REFLECTION + " Two. <answer>2</answer>";
  static final String HOSTILE =
      "</script><img src=x onerror=\"window.hostile=1\"><!--<script>window.hostile=1</script>";
  static final String PRE = "I see one thing. <reflection>";

  private final Path folder;
  private final SceneQuestion scene = new SceneGenerator(5).question(0);
  private final TextProcessor text;
  private final PictureGrid picture;
  private final Prompt prompt;
  private final List<Row> trajectories = new ArrayList<>();
  private final List<Row> rewards = new ArrayList<>();

  /** What the command printed, and what it threw. */
  record Output(String out, Exception error) {}

  private ReportedRun(Path folder) {
    this.folder = folder;
    EmbeddedModel.unpack(base(), true);
    this.text = TextProcessor.load(base());
    ImageProcessor images = ImageProcessor.load(base());
    this.picture = images.process(scene.png());
    int[] ids =
        text.encodeChat(
            List.of(Message.ofPictures("user", 1, scene.question())),
            List.of(picture.tokens(images.mergeSize())),
            true);
    this.prompt = new Prompt(ids, List.of(picture));
  }

  /** The policy and its question, without rows. */
  static ReportedRun unpacked(Path folder) {
    return new ReportedRun(folder);
  }

  static ReportedRun write(Path folder) {
    ReportedRun run = unpacked(folder);
    run.write();
    return run;
  }

  Path base() {
    return folder.resolve("base");
  }

  TextProcessor text() {
    return text;
  }

  SceneQuestion scene() {
    return scene;
  }

  Prompt prompt() {
    return prompt;
  }

  /** The tokens of a completion that ends by itself. */
  int[] completion(String said) {
    return IntStream.concat(
            IntStream.of(text.encodeAsText(said)), IntStream.of(text.control("<|im_end|>")))
        .toArray();
  }

  Output report(String... options) {
    StringWriter out = new StringWriter();
    Exception[] thrown = new Exception[1];
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.addAll(List.of("--lakehouse", folder.resolve("lakehouse").toString()));
    new CommandLine(new ReportCommand())
        .setOut(new PrintWriter(out))
        .setExecutionExceptionHandler(
            (error, command, parsed) -> {
              thrown[0] = error;
              return 1;
            })
        .execute(arguments.toArray(String[]::new));
    return new Output(out.toString(), thrown[0]);
  }

  private void write() {
    Lakehouse lakehouse =
        Lakehouse.open(TestSession.spark(), folder.resolve("lakehouse").toString());
    Instant day = Instant.parse("2026-01-02T03:04:05Z");
    lakehouse.merge(
        Table.RUNS,
        List.of(
            Rows.RUN.toRow(new Rows.Run("old", "model: old", day.minusSeconds(9))),
            Rows.RUN.toRow(new Rows.Run("r", "model: embedded\nsft: {batch: 4}", day))));
    lakehouse.merge(
        Table.IMAGES,
        List.of(
            Rows.IMAGE.toRow(new Rows.Image("i", scene.png(), 224, 224)),
            Rows.IMAGE.toRow(new Rows.Image("broken", new byte[] {1, 2, 3}, 1, 1))));
    lakehouse.merge(
        Table.QUERIES,
        List.of(
            query("q1", scene.question(), "2", "i"), query("q2", "<b>Bold?</b>", null, "broken")));
    lakehouse.merge(
        Table.CHECKPOINTS,
        List.of(
            checkpoint("r/0/base/0", 0, "base", day, base().toString()),
            checkpoint("r/1/grpo/2", 1, "grpo", day.plusSeconds(1), folder + "/gone")));
    String base = "r/0/base/0";
    sample("right", "r", "rl", 3, "q1", 0, base, completion(RIGHT), "stop", 1.0, null);
    sample("hostile", "r", "rl", 3, "q1", 1, base, completion(HOSTILE), "stop", 0.0, null);
    int[] endless = Arrays.copyOf(text.encodeAsText("and so on ".repeat(40)), 24);
    sample(
        "cut",
        "r",
        "rl",
        3,
        "q1",
        2,
        base,
        endless,
        "length",
        null,
        "the right answer is not known");
    sample(
        "failed", "r", "rl", 3, "q1", 3, base, new int[0], "error", null, "no completion: broken");
    sample("asked", "r", "evaluation", 0, "q2", 0, base, completion("Yes."), "stop", 0.0, null);
    sample(
        "trained",
        "r",
        "evaluation",
        1,
        "q2",
        0,
        "r/1/grpo/2",
        completion("No."),
        "stop",
        1.0,
        null);
    sample("other", "old", "rl", 3, "q1", 0, base, completion("Not shown."), "stop", 1.0, null);
    rebuilt();
    lakehouse.merge(Table.TRAJECTORIES, trajectories);
    lakehouse.merge(Table.REWARDS, rewards);
    lakehouse.merge(
        Table.REFLECTIONS,
        List.of(
            Rows.REFLECTION.toRow(
                new Rows.Reflection(
                    "rebuilt",
                    "r",
                    1,
                    "q1",
                    "parent",
                    "corrective",
                    PRE,
                    false,
                    true,
                    false,
                    "because",
                    Map.of(),
                    0.5,
                    null))));
    lakehouse.merge(
        Table.EVALUATIONS,
        List.of(
            Rows.EVALUATION.toRow(
                new Rows.Evaluation("e1", "r", base, "held-out", "q2", "asked", false, null)),
            Rows.EVALUATION.toRow(
                new Rows.Evaluation(
                    "e2", "r", "r/1/grpo/2", "held-out", "q2", "trained", true, null))));
    lakehouse.merge(
        Table.STAGES, List.of(Rows.STAGE.toRow(new Rows.Stage("r", 1, "grpo", day, 1.5))));
    lakehouse.merge(
        Table.TRAINING_STEPS,
        List.of(step(1, null), step(2, "the loss is not finite"), step(3, null)));
  }

  private static Row query(String id, String question, String answer, String image) {
    return Rows.QUERY.toRow(
        new Rows.Query(id, "scenes", "train", question, answer, List.of(image), null, 1));
  }

  private static Row checkpoint(
      String version, int iteration, String stage, Instant when, String uri) {
    return Rows.CHECKPOINT.toRow(
        new Rows.CheckpointRow(
            version, "r", iteration, stage, 0, uri, null, null, when, null, null));
  }

  private void rebuilt() {
    int[] given = prompt.plus(text.encodeAsText(PRE)).ids();
    int[] sampled = completion("Two.</reflection> <answer>2</answer>");
    add(
        "rebuilt",
        "r",
        "reconstruction",
        0,
        "q1",
        0,
        "r/0/base/0",
        "parent",
        given,
        sampled,
        "stop",
        null);
    rewards.add(
        Rows.REWARD.toRow(
            new Rows.Reward("rebuilt", "v", 1.0, 1.0, 1.0, 1.4, "2", null, Map.of())));
  }

  private void sample(
      String id,
      String run,
      String phase,
      int step,
      String query,
      int number,
      String policy,
      int[] completion,
      String finish,
      Double accuracy,
      String reason) {
    String error = finish.equals("error") ? "the picture is <i>broken</i>" : null;
    add(id, run, phase, step, query, number, policy, null, prompt.ids(), completion, finish, error);
    rewards.add(
        Rows.REWARD.toRow(
            new Rows.Reward(
                id,
                "v",
                0.0,
                accuracy,
                null,
                accuracy,
                null,
                reason,
                Map.of("short", new Rows.CustomReward("1", null, "failed: <b>no</b>")))));
  }

  private void add(
      String id,
      String run,
      String phase,
      int step,
      String query,
      int number,
      String policy,
      String parent,
      int[] given,
      int[] completion,
      String finish,
      String error) {
    List<Float> logProbs = new ArrayList<>();
    for (int i = 0; i < completion.length; i++) {
      logProbs.add(-0.125f * (i % 9));
    }
    trajectories.add(
        Rows.TRAJECTORY.toRow(
            new Rows.Trajectory(
                id,
                run,
                1,
                phase,
                step,
                query,
                number,
                policy,
                parent,
                IntStream.of(given).boxed().toList(),
                IntStream.of(completion).boxed().toList(),
                logProbs,
                text.decode(completion, true),
                finish,
                error,
                1.0,
                96,
                List.of(query.equals("q1") ? "i" : "broken"),
                text.fingerprint() + ":12544-50176:bicubic")));
  }

  private static Row step(int step, String skipped) {
    boolean third = step == 3;
    return Rows.TRAINING_STEP.toRow(
        new Rows.TrainingStep(
            "r",
            1,
            "grpo",
            step,
            skipped == null ? 0.5 / step : Double.NaN,
            0.25,
            1e-4,
            2,
            40,
            0.25 * step,
            0.5,
            1.0,
            0.0,
            1.0,
            1e-6,
            2,
            1,
            third ? List.of(new Rows.GroupFiltered("q2", "all rewards are equal")) : List.of(),
            third ? List.of("right", "hostile") : List.of(),
            third ? List.of(0.75, -0.75) : Collections.emptyList(),
            Map.of(),
            "r/0/base/0",
            "r/1/grpo/" + step,
            1.5,
            skipped,
            null,
            Map.of("accuracy", 0.5),
            Map.of("length_mean", 10.0 * step),
            null,
            null,
            "v"));
  }
}
