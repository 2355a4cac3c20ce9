package io.relook.jobs;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.lakehouse.Keys;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.image.PictureDecoder;
import io.relook.model.image.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;

/**
 * A folder of pictures with questions → {@code queries}, {@code images}; what cannot be used →
 * {@code rejects}, with the reason. Questions are a JSON array or JSON lines; a row is an object,
 * whose fields the mapping names, or an array, whose places it numbers.
 */
public final class IngestJob {
  /**
   * @param folder the data; no picture's path may leave it
   * @param split train, validation or test
   * @param questions the file, below the folder
   * @param pictures path of a row's picture below the folder; {@code {}} is the row's picture field
   * @param questionField name, or place in an array from 0
   * @param limit the first so many rows, 0 all
   */
  public record Config(
      Path folder,
      String split,
      String questions,
      String pictures,
      String questionField,
      String answerField,
      String pictureField,
      int limit,
      double failureBudget) {}

  /** Questions taken in and rows refused. */
  public record Result(long taken, long refused) {}

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int CHUNK = 1000;

  private final Lakehouse lakehouse;
  private final Config config;
  private final PictureDecoder decoder = new PictureDecoder();
  private final Map<Path, Rows.Image> pictures = new HashMap<>();
  private final List<Row> queries = new ArrayList<>();
  private final List<Row> images = new ArrayList<>();
  private final List<Row> rejects = new ArrayList<>();
  private String example = "";

  public IngestJob(Lakehouse lakehouse, Config config) {
    this.lakehouse = lakehouse;
    this.config = config;
  }

  public Result run() {
    Path file = config.folder().resolve(config.questions());
    if (!Files.isRegularFile(file)) {
      throw JobErrors.source("there is no file " + file);
    }
    long taken = 0;
    long refused = 0;
    int number = 0;
    for (String line : rows(file)) {
      if (config.limit() > 0 && number >= config.limit()) {
        break;
      }
      String place = config.questions() + " row " + ++number;
      try {
        queries.add(Rows.QUERY.toRow(query(line)));
        taken++;
      } catch (RelookException e) {
        String source = config.folder().toString();
        example = place + ": " + e.getMessage();
        rejects.add(
            Rows.REJECT.toRow(
                new Rows.Reject(Keys.of(source, place), source, place, e.getMessage())));
        refused++;
      }
      if (queries.size() >= CHUNK) {
        flush();
      }
    }
    flush();
    if (taken == 0) {
      throw JobErrors.noQueries(file.toString());
    }
    if (refused > config.failureBudget() * number) {
      throw JobErrors.budget("ingest", refused, number, config.failureBudget(), example);
    }
    return new Result(taken, refused);
  }

  private void flush() {
    lakehouse.merge(Table.IMAGES, images);
    lakehouse.merge(Table.QUERIES, queries);
    lakehouse.merge(Table.REJECTS, rejects);
    images.clear();
    queries.clear();
    rejects.clear();
  }

  /** Each row's JSON text: the elements of an array, or the file's lines. */
  private List<String> rows(Path file) {
    try {
      String text = Files.readString(file);
      List<String> rows = new ArrayList<>();
      if (text.stripLeading().startsWith("[") && !file.toString().endsWith(".jsonl")) {
        JSON.readTree(text).forEach(row -> rows.add(row.toString()));
      } else {
        text.lines().filter(line -> !line.isBlank()).forEach(rows::add);
      }
      return rows;
    } catch (JacksonException e) {
      throw JobErrors.source(file + " is no JSON (" + e.getOriginalMessage() + ")");
    } catch (IOException e) {
      throw JobErrors.source("cannot read " + file + " (" + e.getMessage() + ")");
    }
  }

  private Rows.Query query(String line) {
    JsonNode row;
    try {
      row = JSON.readTree(line);
    } catch (JacksonException e) {
      throw bad("the row is no JSON (" + e.getOriginalMessage() + ")");
    }
    String question = field(row, config.questionField());
    String answer = field(row, config.answerField());
    if (question == null || question.isBlank()) {
      throw bad("the row has no question in field " + config.questionField());
    }
    String picture = field(row, config.pictureField());
    if (picture == null) {
      throw bad("the row has no picture in field " + config.pictureField());
    }
    Rows.Image image = image(config.pictures().replace("{}", picture));
    String source = config.folder().getFileName() + "/" + config.questions();
    return new Rows.Query(
        Keys.of(source, config.split(), image.imageId(), question),
        source,
        config.split(),
        question,
        answer,
        List.of(image.imageId()),
        null,
        null);
  }

  private static String field(JsonNode row, String name) {
    JsonNode node =
        row.isArray() && name.matches("\\d+") ? row.path(Integer.parseInt(name)) : row.path(name);
    return node.isMissingNode() || node.isNull() || node.isContainerNode() ? null : node.asText();
  }

  private Rows.Image image(String name) {
    try {
      Path root = config.folder().toRealPath();
      Path path = root.resolve(name).normalize();
      if (!path.startsWith(root)) {
        throw bad("the picture " + name + " lies outside the data folder");
      }
      if (!Files.isRegularFile(path)) {
        throw bad("there is no picture " + name);
      }
      if (!path.toRealPath().startsWith(root)) {
        throw bad("the picture " + name + " links to outside the data folder");
      }
      Rows.Image known = pictures.get(path);
      if (known == null) {
        byte[] bytes = Files.readAllBytes(path);
        RgbImage decoded = decoder.decode(bytes);
        known = new Rows.Image(Keys.of(bytes), bytes, decoded.width(), decoded.height());
        images.add(Rows.IMAGE.toRow(known));
        pictures.put(
            path, new Rows.Image(known.imageId(), new byte[0], known.width(), known.height()));
      }
      return known;
    } catch (IOException | java.nio.file.InvalidPathException e) {
      throw bad("the picture " + name + " cannot be read (" + e.getMessage() + ")");
    }
  }

  private static RelookException bad(String problem) {
    return new RelookException(RelookException.Category.DATA, problem + ".");
  }
}
