package io.relook.lakehouse;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rows of every table: one with all that is hard to keep (a surrogate pair, a long text,
 * microseconds, many elements), one with nothing that may be left out; and for each constraint a
 * row that breaks it. A table or a constraint without an example is an error.
 */
final class Examples {
  /** A table's codec and its rows. */
  record Of<T extends Record>(RecordCodec<T> codec, T full, T bare) {}

  private static final String HARD = "a'b\"c\\ \n\t\u0001 é 😀 " + "long ".repeat(20_000);
  private static final Instant WHEN = Instant.parse("2026-03-04T05:06:07.890123Z");
  private static final Instant OLD = Instant.parse("1969-12-31T23:59:59.999999Z");

  private Examples() {}

  static Of<?> of(Table table) {
    return switch (table) {
      case QUERIES ->
          new Of<>(
              Rows.QUERY,
              new Rows.Query("q1", "s", "train", HARD, HARD, List.of("i", "j"), "count", 3),
              new Rows.Query("q2", "", "test", "?", null, List.of(), null, null));
      case IMAGES ->
          new Of<>(
              Rows.IMAGE,
              new Rows.Image("i1", new byte[] {0, -1, 127}, 2, 3),
              new Rows.Image("i2", new byte[] {0}, 0, 0));
      case REJECTS ->
          new Of<>(
              Rows.REJECT,
              new Rows.Reject("r1", "s", "row 1", HARD),
              new Rows.Reject("r2", "", "", ""));
      case TRAJECTORIES ->
          new Of<>(
              Rows.TRAJECTORY,
              trajectory("t1", "p", List.of(1, 2), HARD, "stop", null),
              trajectory("t2", null, List.of(), "", "error", "picture broken"));
      case REWARDS ->
          new Of<>(
              Rows.REWARD,
              new Rows.Reward("t1", "v", 1.0, 0.0, 0.5, -1.25, HARD, HARD, custom()),
              new Rows.Reward("t2", "v", null, null, null, null, null, null, null));
      case DIFFICULTY ->
          new Of<>(
              Rows.DIFFICULTY,
              new Rows.Difficulty("r", 1, "q1", "p", 8, 4, 0.5, 0.2, 0.8, "unstable", true),
              new Rows.Difficulty("r", 1, "q2", "", 1, 0, 0, 0, 1, "stable-wrong", false));
      case REFLECTIONS ->
          new Of<>(
              Rows.REFLECTION,
              reflection("f1", "corrective", HARD),
              reflection("f2", "recheck", null));
      case SFT_EXAMPLES ->
          new Of<>(
              Rows.SFT_EXAMPLE,
              example("e1", "direct", List.of(1, 2, Integer.MAX_VALUE)),
              example("e2", "recheck", List.of()));
      case TRAINING_STEPS ->
          new Of<>(
              Rows.TRAINING_STEP,
              step(
                  1,
                  "grpo",
                  0.5,
                  List.of(
                      new Rows.GroupFiltered("q1", HARD), new Rows.GroupFiltered("q2", "equal")),
                  Map.of("trajectories", 7L, "rewards", Long.MAX_VALUE)),
              step(2, "sft", null, null, Map.of()));
      case CHECKPOINTS ->
          new Of<>(
              Rows.CHECKPOINT,
              new Rows.CheckpointRow(
                  "v1", "r", 1, "sft", 3, "file:/x", "file:/y", "v0", WHEN, "ab", WHEN),
              new Rows.CheckpointRow("v2", "r", 0, "base", 0, "", null, null, OLD, null, null));
      case EVALUATIONS ->
          new Of<>(
              Rows.EVALUATION,
              new Rows.Evaluation("e1", "r", "v", "held-out", "q", "t", true, HARD),
              new Rows.Evaluation("e2", "r", "v", "held-out", "q", "t", false, null));
      case ATTENTION ->
          new Of<>(
              Rows.ATTENTION,
              new Rows.Attention("t", 0, 1, List.of(0.25f, Float.MIN_VALUE)),
              new Rows.Attention("t", 0, 2, List.of()));
      case JUDGEMENTS ->
          new Of<>(
              Rows.JUDGEMENT,
              new Rows.Judgement("j1", "m", "1", HARD, 0.5, null),
              new Rows.Judgement("j2", "m", "1", null, null, "no answer"));
      case STAGES ->
          new Of<>(
              Rows.STAGE,
              new Rows.Stage("r", 1, HARD, WHEN, 1.5),
              new Rows.Stage("r", 0, "", OLD, 0));
      case INGESTS ->
          new Of<>(
              Rows.INGEST,
              new Rows.Ingest("t", HARD, "m", 3, 8, 1, WHEN),
              new Rows.Ingest("u", "", "", 0, 0, 0, OLD));
      case RUNS -> new Of<>(Rows.RUN, new Rows.Run("r1", HARD, WHEN), new Rows.Run("r2", "", OLD));
    };
  }

  /** A row that breaks the constraint and no other. */
  static Record breaking(Table table, String check) {
    return switch (table.tableName() + "." + check) {
      case "queries.split_known" -> new Rows.Query("q", "s", "dev", "?", null, List.of(), null, 1);
      case "images.some_bytes" -> new Rows.Image("i", new byte[0], 1, 1);
      case "trajectories.phase_known" ->
          changed(trajectory("t", null, List.of(), "", "stop", null), "phase", "warmup");
      case "trajectories.finish_known" -> trajectory("t", null, List.of(), "", "lost", null);
      case "trajectories.same_length" ->
          changed(trajectory("t", null, List.of(1), "", "stop", null), "logProbs", List.of());
      case "trajectories.error_said" -> trajectory("t", null, List.of(), "", "error", null);
      case "difficulty.rate_between" ->
          new Rows.Difficulty("r", 1, "q", "p", 8, 4, 1.5, 0.2, 0.8, "unstable", true);
      case "difficulty.class_known" ->
          new Rows.Difficulty("r", 1, "q", "p", 8, 4, 0.5, 0.2, 0.8, "hopeless", true);
      case "reflections.kind_known" -> reflection("f", "direct", null);
      case "sft_examples.kind_known" -> example("e", "hard", List.of());
      case "training_steps.stage_known" -> step(1, "dpo", null, null, Map.of());
      default -> throw new AssertionError("no example breaks %s of %s".formatted(check, table));
    };
  }

  /** The record with some components changed: names and values in turn. */
  static <T extends Record> T changed(T record, Object... changes) {
    try {
      var components = record.getClass().getRecordComponents();
      Object[] values = new Object[components.length];
      Class<?>[] types = new Class<?>[components.length];
      for (int i = 0; i < values.length; i++) {
        types[i] = components[i].getType();
        int at = Arrays.asList(changes).indexOf(components[i].getName());
        values[i] = at < 0 ? components[i].getAccessor().invoke(record) : changes[at + 1];
      }
      @SuppressWarnings("unchecked")
      T changed = (T) record.getClass().getDeclaredConstructor(types).newInstance(values);
      return changed;
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  private static Map<String, Rows.CustomReward> custom() {
    Map<String, Rows.CustomReward> custom = new LinkedHashMap<>();
    custom.put("brevity", new Rows.CustomReward("1", -0.5, null));
    custom.put("judge", new Rows.CustomReward("2", null, HARD));
    return custom;
  }

  private static Rows.Trajectory trajectory(
      String id, String parent, List<Integer> ids, String text, String finish, String error) {
    List<Float> logProbs = new ArrayList<>();
    ids.forEach(token -> logProbs.add(-0.5f * token));
    return new Rows.Trajectory(
        id,
        "r",
        1,
        "rl",
        2,
        "q",
        3,
        "p",
        parent,
        ids,
        ids,
        logProbs,
        text,
        finish,
        error,
        1.0,
        64,
        List.of("i"),
        "f");
  }

  private static Rows.Reflection reflection(String id, String kind, String reason) {
    return new Rows.Reflection(
        id,
        "r",
        1,
        "q",
        "t",
        kind,
        HARD,
        false,
        true,
        true,
        reason,
        reason == null ? null : Map.of("length", reason),
        reason == null ? null : 0.5,
        null);
  }

  private static Rows.SftExample example(String id, String kind, List<Integer> ids) {
    return new Rows.SftExample(id, "r", 1, "q", "f", kind, ids, ids, List.of());
  }

  private static Rows.TrainingStep step(
      int step,
      String stage,
      Double number,
      List<Rows.GroupFiltered> filtered,
      Map<String, Long> read) {
    return new Rows.TrainingStep(
        "r",
        1,
        stage,
        step,
        0.1,
        0.2,
        1e-4,
        8,
        90,
        number,
        number,
        number,
        number,
        number,
        number,
        number == null ? null : 4,
        number == null ? null : 3,
        filtered,
        number == null ? List.of() : List.of("t1", "t2"),
        number == null ? List.of() : Arrays.asList(0.5, -0.5),
        new HashMap<>(read),
        "a",
        "b",
        1.5,
        number == null ? null : "loss is NaN",
        number == null ? null : Map.of("surrogate", number),
        number == null ? null : Map.of("accuracy", number),
        number == null ? null : Map.of("ratio_min", number),
        number == null ? null : Map.of("gradient", number),
        number == null ? null : Arrays.asList(0.01, null),
        number == null ? null : "vre-1");
  }
}
