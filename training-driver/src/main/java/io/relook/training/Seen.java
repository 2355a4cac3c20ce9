package io.relook.training;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.size;

import ai.djl.Device;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.spark.ModelPool;
import io.relook.preset.Preset;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What the loop itself did with a few of a preset's questions.
 *
 * @param preset what it ran with
 * @param seconds by stage
 * @param phases rows of {@code trajectories} by their phase
 * @param kept questions that may become examples, of {@code train}
 * @param examples tokens of prompt and completion of each SFT example
 * @param grpoStep seconds of the second GRPO step with its version, 0 where there was none
 * @param groupsUsed share of GRPO's groups that taught something
 * @param ended why the loop did not come to its end, or null
 */
record Seen(
    Preset preset,
    Map<String, Double> seconds,
    Map<String, Sampled> phases,
    long train,
    long test,
    long kept,
    List<int[]> examples,
    double grpoStep,
    double groupsUsed,
    String ended) {
  private static final String RUN = "plan";

  /** Samples of a phase: prompts, their tokens on the mean, and each completion's. */
  record Sampled(long prompts, double promptTokens, int[] lengths) {}

  /** Runs the loop up to its last step; the policy that it ends with is not evaluated. */
  static Seen run(Lakehouse lakehouse, Preset preset, BasePolicy from) {
    Progress progress = new Progress(new PrintWriter(Writer.nullWriter()), lakehouse, RUN);
    IterationLoop loop = new IterationLoop(lakehouse, RUN, preset, progress);
    Rows.CheckpointRow base = loop.policies().base(from.uri());
    loop.evaluate(base);
    String ended = null;
    try {
      loop.run(base, from.folder(), ModelPool.program(Device.cpu(), preset.engine().threads()));
    } catch (RelookException e) {
      if (e.category() != RelookException.Category.DATA) {
        throw e;
      }
      ended = e.getMessage();
    }
    progress.finish();
    return read(lakehouse, preset, ended);
  }

  private static Seen read(Lakehouse lakehouse, Preset preset, String ended) {
    Map<String, Double> seconds = new HashMap<>();
    lakehouse
        .read(Table.STAGES)
        .collectAsList()
        .forEach(row -> seconds.put(row.getAs("stage"), row.<Double>getAs("seconds")));
    Map<String, Sampled> phases = new HashMap<>();
    for (Phase phase : Phase.values()) {
      phases.put(phase.word(), sampled(lakehouse, phase));
    }
    Dataset<Row> queries = lakehouse.read(Table.QUERIES);
    List<int[]> examples =
        lakehouse
            .read(Table.SFT_EXAMPLES)
            .select(size(col("prompt_ids")), size(col("completion_ids")))
            .collectAsList()
            .stream()
            .map(row -> new int[] {row.getInt(0), row.getInt(1)})
            .toList();
    List<Row> commits =
        lakehouse
            .read(Table.CHECKPOINTS)
            .where("stage = 'grpo'")
            .orderBy("step")
            .selectExpr("cast(committed_at as double)")
            .collectAsList();
    List<Row> groups =
        lakehouse
            .read(Table.TRAINING_STEPS)
            .where("stage = 'grpo'")
            .selectExpr("sum(groups_used) / nullif(sum(groups), 0)")
            .collectAsList();
    return new Seen(
        preset,
        seconds,
        phases,
        queries.where("split = 'train'").count(),
        queries.where("split = 'test'").count(),
        lakehouse.read(Table.DIFFICULTY).where("kept").count(),
        examples,
        commits.size() < 2 ? 0 : commits.get(1).getDouble(0) - commits.get(0).getDouble(0),
        groups.get(0).isNullAt(0) ? 1 : groups.get(0).getDouble(0),
        ended);
  }

  private static Sampled sampled(Lakehouse lakehouse, Phase phase) {
    List<Row> rows =
        lakehouse
            .read(Table.TRAJECTORIES)
            .where(col("phase").equalTo(phase.word()).and(col("finish").notEqual("error")))
            .orderBy("query_id", "step", "parent_id", "sample")
            .selectExpr(
                "concat_ws('/', query_id, parent_id, policy_version)",
                "size(prompt_ids)",
                "size(completion_ids)")
            .collectAsList();
    return new Sampled(
        rows.stream().map(row -> row.getString(0)).distinct().count(),
        rows.stream().mapToInt(row -> row.getInt(1)).average().orElse(0),
        rows.stream().mapToInt(row -> row.getInt(2)).toArray());
  }

  Sampled phase(Phase phase) {
    return phases.get(phase.word());
  }
}
