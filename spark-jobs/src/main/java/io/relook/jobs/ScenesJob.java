package io.relook.jobs;

import io.relook.lakehouse.Keys;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.preset.Preset;
import io.relook.scenes.SceneGenerator;
import io.relook.scenes.SceneQuestion;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;

/** Generated scenes → {@code queries}, {@code images}. */
public final class ScenesJob {
  /**
   * @param split train, validation or test: each takes another range of seeds
   */
  public record Config(long seed, String split, int count) {
    /** What a preset asks for: training questions, and held-out ones of other seeds. */
    public static List<Config> of(Preset.Data data) {
      return List.of(
          new Config(data.scenesSeed(), "train", data.trainQuestions()),
          new Config(data.scenesSeed() + 250, "validation", data.validationQuestions()),
          new Config(data.scenesSeed() + 500, "test", data.testQuestions()));
    }
  }

  private static final int CHUNK = 500;

  private final Lakehouse lakehouse;
  private final Config config;

  public ScenesJob(Lakehouse lakehouse, Config config) {
    this.lakehouse = lakehouse;
    this.config = config;
  }

  /** Questions asked for; those that are there already stay. */
  public long run() {
    SceneGenerator scenes = new SceneGenerator(config.seed());
    String source = "scenes/" + config.seed();
    for (int first = 0; first < config.count(); first += CHUNK) {
      List<Row> queries = new ArrayList<>();
      List<Row> images = new ArrayList<>();
      for (int i = first; i < Math.min(config.count(), first + CHUNK); i++) {
        SceneQuestion q = scenes.question(i);
        String image = Keys.of(q.png());
        images.add(Rows.IMAGE.toRow(new Rows.Image(image, q.png(), 112, 112)));
        queries.add(
            Rows.QUERY.toRow(
                new Rows.Query(
                    Keys.of(source, config.split(), image, q.question()),
                    source,
                    config.split(),
                    q.question(),
                    q.answer(),
                    List.of(image),
                    q.template(),
                    q.difficulty())));
      }
      lakehouse.merge(Table.IMAGES, images);
      lakehouse.merge(Table.QUERIES, queries);
    }
    return config.count();
  }

  /** Draws what the preset's {@code data} asks for. */
  public static void main(String[] args) {
    JobMain.run("scenes", USAGE, args, ScenesJob::main);
  }

  static final String USAGE = "--lakehouse --preset";

  static String main(Lakehouse lakehouse, JobArguments arguments) {
    long questions = 0;
    for (Config scenes : Config.of(arguments.preset().data())) {
      questions += new ScenesJob(lakehouse, scenes).run();
    }
    return questions + " questions";
  }
}
