package io.relook.jobs;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.count_if;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.struct;

import io.relook.lakehouse.Keys;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.preset.Preset;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Files of questions with their pictures, and tables → {@code queries}, {@code images}; what cannot
 * be used → {@code rejects}, with the reason. Files and Parquet tables are read whole, and what is
 * there already stays. Of a Delta table a run reads what was added since the version that {@code
 * ingests} has; where Delta cannot tell that any more (its log or its files were vacuumed), all of
 * it. A question that the source changed is taken in beside the old; what it deleted stays. Another
 * answer to a known question is told, and taken where the answers are to be updated: then every
 * source is read whole. What was scored by the old answer keeps its scores.
 */
public final class IngestJob {
  /**
   * @param data folder or URI of the files, and of pictures that are paths; null where there are
   *     none
   * @param failureBudget share of a source's rows that may be refused
   * @param updateAnswers known questions take the source's answers where these differ
   */
  public record Config(
      String data, Preset.Ingest ingest, double failureBudget, boolean updateAnswers) {
    /** Known questions keep their answers. */
    public Config(String data, Preset.Ingest ingest, double failureBudget) {
      this(data, ingest, failureBudget, false);
    }
  }

  /**
   * A source's rows.
   *
   * @param taken questions that are new
   * @param known rows whose question was there, or stands in the source before
   * @param changed known questions whose answer differs from the source's, which stays out
   * @param updated known questions that took the source's answer
   * @param refused rows that are in {@code rejects}
   */
  public record Result(
      String source, long taken, long known, long changed, long updated, long refused) {
    /** Nothing was read. */
    static Result none(String source) {
      return new Result(source, 0, 0, 0, 0, 0);
    }

    Result plus(Result more) {
      return new Result(
          source,
          taken + more.taken,
          known + more.known,
          changed + more.changed,
          updated + more.updated,
          refused + more.refused);
    }

    boolean isUsable() {
      return taken + known + changed + updated > 0;
    }

    /** In one line: what is not zero, and what to do. */
    public String told() {
      StringBuilder told = new StringBuilder("%s: %d taken in".formatted(source, taken));
      if (known > 0) {
        told.append(", %d known".formatted(known));
      }
      if (changed > 0) {
        told.append(
            ", %d known with another answer (the old one stays; --update-answers takes the new)"
                .formatted(changed));
      }
      if (updated > 0) {
        told.append(
            ", %d answers updated (what was scored by the old ones keeps its scores)"
                .formatted(updated));
      }
      return told.append(", %d refused".formatted(refused)).toString();
    }
  }

  private final Lakehouse lakehouse;
  private final Config config;
  private final PictureFolder folder;
  private final QuestionReader reader;
  private final List<String> warnings = new ArrayList<>();

  public IngestJob(Lakehouse lakehouse, Config config) {
    this.lakehouse = lakehouse;
    this.config = config;
    this.folder =
        new PictureFolder(
            config.data(),
            new SerializableConfiguration(lakehouse.spark().sessionState().newHadoopConf()));
    this.reader = new QuestionReader(lakehouse.spark(), config.ingest().mapping());
  }

  /** One result a file or table, in the preset's order. */
  public List<Result> run() {
    requireFolder();
    lakehouse.spark().sparkContext().setJobGroup("ingest", "ingest", false);
    warnings.clear();
    List<Result> results = new ArrayList<>();
    for (Preset.QuestionFile file : config.ingest().files()) {
      String source = folder.name() + "/" + file.path();
      Dataset<Row> rows = reader.file(folder.file(file.path()), file.skip(), file.limit());
      Result result = take(rows, source, file.split(), file.pictures());
      if (!result.isUsable()) {
        throw JobErrors.noQueries(source);
      }
      results.add(result);
    }
    for (Preset.QuestionTable table : config.ingest().tables()) {
      results.add(table(table));
    }
    return results;
  }

  private void requireFolder() {
    if (config.data() == null && !config.ingest().files().isEmpty()) {
      throw JobErrors.source("the preset reads files below a folder: name it with --data");
    }
  }

  /** Rows of the sources by split, none of them looked at: what a first run takes in at most. */
  public Map<String, Long> perSplit() {
    requireFolder();
    Map<String, Long> counts = new TreeMap<>();
    for (Preset.QuestionFile file : config.ingest().files()) {
      perSplit(
          reader.file(folder.file(file.path()), file.skip(), file.limit()), file.split(), counts);
    }
    for (Preset.QuestionTable table : config.ingest().tables()) {
      perSplit(whole(table), table.split(), counts);
    }
    return counts;
  }

  private void perSplit(Dataset<Row> rows, String split, Map<String, Long> counts) {
    if (split != null) {
      counts.merge(split, rows.count(), Long::sum);
      return;
    }
    Map<String, String> words = config.ingest().mapping().splits();
    for (Row row : rows.groupBy("split").count().collectAsList()) {
      String said = row.getString(0);
      counts.merge(said == null ? "" : words.getOrDefault(said, said), row.getLong(1), Long::sum);
    }
  }

  /** Takes in the first few rows of each source; nothing is noted of a table's version. */
  public void look(int rows) {
    for (Preset.QuestionFile file : config.ingest().files()) {
      int limit = file.limit() == 0 ? rows : Math.min(rows, file.limit());
      take(
          reader.file(folder.file(file.path()), file.skip(), limit),
          folder.name() + "/" + file.path(),
          file.split(),
          file.pictures());
    }
    for (Preset.QuestionTable table : config.ingest().tables()) {
      take(whole(table).limit(rows), table);
    }
  }

  private Dataset<Row> whole(Preset.QuestionTable table) {
    SourceTable source = SourceTable.open(lakehouse.spark(), table.table());
    return columns(source.isDelta() ? source.rowsAt(source.version()) : source.rows());
  }

  private Result table(Preset.QuestionTable table) {
    SourceTable source = SourceTable.open(lakehouse.spark(), table.table());
    if (!source.isDelta()) {
      return take(columns(source.rows()), table);
    }
    String mapping =
        Keys.of(table.split(), table.pictures(), config.ingest().mapping(), config.data());
    Row last =
        lakehouse
            .read(Table.INGESTS)
            .where(col("source").equalTo(table.table()))
            .where(col("table_id").equalTo(source.id()).and(col("mapping").equalTo(mapping)))
            .agg(org.apache.spark.sql.functions.max("version"))
            .first();
    long version = source.version();
    Result result;
    if (last.isNullAt(0) || config.updateAnswers()) {
      result = take(columns(source.rowsAt(version)), table);
    } else if (last.getLong(0) == version) {
      return Result.none(table.table());
    } else {
      result = since(source, last.getLong(0), version, table);
    }
    Rows.Ingest row =
        new Rows.Ingest(
            table.table(),
            source.id(),
            mapping,
            version,
            result.taken(),
            result.refused(),
            Instant.now());
    lakehouse.merge(Table.INGESTS, List.of(Rows.INGEST.toRow(row)));
    return result;
  }

  private Result since(SourceTable source, long last, long version, Preset.QuestionTable table) {
    List<Result> parts = new ArrayList<>();
    boolean told = source.addedSince(last, rows -> parts.add(take(columns(rows), table)));
    if (!told) {
      parts.clear();
      parts.add(take(columns(source.rowsAt(version)), table));
    }
    return parts.stream().reduce(Result.none(table.table()), Result::plus);
  }

  private Dataset<Row> columns(Dataset<Row> rows) {
    return reader.columns(rows, lit(null));
  }

  private Result take(Dataset<Row> rows, Preset.QuestionTable table) {
    return take(rows, table.table(), table.split(), table.pictures());
  }

  /** Refused rows are written first, so that they can be looked at when there are too many. */
  private Result take(Dataset<Row> rows, String source, String split, String pictures) {
    IngestTask task = new IngestTask(source, split, pictures, config.ingest().mapping(), folder);
    Dataset<Row> all =
        rows.mapPartitions(task, Encoders.row(IngestTask.TAKEN))
            .persist(StorageLevel.MEMORY_AND_DISK());
    try {
      Dataset<Row> rejects = all.where("reject is not null").select("reject.*");
      Row counts = all.agg(count(lit(1)), count(col("reject"))).first();
      long count = counts.getLong(0);
      long refused = counts.getLong(1);
      warn(source, all, count);
      if (refused > 0) {
        lakehouse.merge(Table.REJECTS, rejects.dropDuplicates("reject_id"));
      }
      if (refused > config.failureBudget() * count) {
        Row example = rejects.orderBy("place").first();
        throw JobErrors.budget(
            "ingest of " + source,
            refused,
            count,
            config.failureBudget(),
            example.getString(2) + ": " + example.getString(3));
      }
      if (count == refused) {
        return new Result(source, 0, 0, 0, 0, refused);
      }
      lakehouse.merge(
          Table.IMAGES,
          all.select(explode(col("images")).as("image"))
              .select("image.*")
              .dropDuplicates("image_id"));
      Dataset<Row> queries = queries(all);
      Row found = compared(queries);
      long taken = found.getLong(0) - found.getLong(1);
      long changed = found.getLong(2);
      boolean updates = config.updateAnswers() && changed > 0;
      if (updates) {
        lakehouse.merge(Table.QUERIES, queries, "answer");
      } else {
        lakehouse.merge(Table.QUERIES, queries);
      }
      return new Result(
          source,
          taken,
          count - refused - taken - changed,
          updates ? 0 : changed,
          updates ? changed : 0,
          refused);
    } catch (Exception e) {
      throw JobErrors.ownCause(e);
    } finally {
      all.unpersist();
    }
  }

  /** Questions, those that are there, and of these those with another answer; none is no answer. */
  private Row compared(Dataset<Row> queries) {
    Dataset<Row> there =
        lakehouse.read(Table.QUERIES).select(col("query_id"), col("answer").as("old"));
    return queries
        .join(
            there.withColumn("known", lit(true)),
            CollectionConverters.asScala(List.of("query_id")).toSeq(),
            "left")
        .agg(
            count(lit(1)),
            count(col("known")),
            count_if(
                col("known")
                    .and(col("answer").isNotNull())
                    .and(not(col("answer").eqNullSafe(col("old"))))))
        .first();
  }

  /** What to look at of the last run, a line each: right answers that the verifier cannot read. */
  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  private void warn(String source, Dataset<Row> all, long count) {
    Dataset<Row> unread = all.where("unread is not null");
    long few = unread.count();
    if (few > 0) {
      String example = unread.orderBy("number", "unread").select("unread").first().getString(0);
      warnings.add("%s: %d of %d right answers, such as %s".formatted(source, few, count, example));
    }
  }

  /** Of rows with the same key the first of a file, or the one whose text sorts first. */
  private static Dataset<Row> queries(Dataset<Row> all) {
    return all.where("query is not null")
        .groupBy(col("query.query_id"))
        .agg(min(struct(coalesce(col("number"), lit(0L)).as("number"), col("query"))).as("first"))
        .select("first.query.*");
  }

  /** Takes in what the preset's {@code data.ingest} names. */
  public static void main(String[] args) {
    JobMain.run("ingest", USAGE, args, IngestJob::main);
  }

  static final String USAGE = "--lakehouse --preset [--data] [--update-answers false]";

  static String main(Lakehouse lakehouse, JobArguments arguments) {
    Preset preset = arguments.preset();
    if (preset.data().ingest() == null) {
      throw JobErrors.source("the preset has no data.ingest: ScenesJob draws scenes");
    }
    Config config =
        new Config(
            arguments.option("data"),
            preset.data().ingest(),
            preset.failureBudget(),
            arguments.flag("update-answers"));
    IngestJob job = new IngestJob(lakehouse, config);
    return Stream.concat(job.run().stream().map(Result::told), job.warnings().stream())
        .collect(Collectors.joining("; "));
  }
}
