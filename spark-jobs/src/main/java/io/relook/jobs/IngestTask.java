package io.relook.jobs;

import io.relook.lakehouse.Keys;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.image.PictureDecoder;
import io.relook.model.image.RgbImage;
import io.relook.model.text.Question;
import io.relook.preset.Preset;
import io.relook.rewards.Verifier;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Rows of a source → a query with the pictures that are new to the partition, or a reject. */
final class IngestTask implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1;

  /**
   * Of {@code query} and {@code reject} one is null; {@code number} is the row's, or null; {@code
   * unread} says why the verifier cannot read the right answer, null where it can.
   */
  static final StructType TAKEN =
      new StructType()
          .add("number", DataTypes.LongType)
          .add("query", Table.QUERIES.schema())
          .add("reject", Table.REJECTS.schema())
          .add("images", DataTypes.createArrayType(Table.IMAGES.schema()))
          .add("unread", DataTypes.StringType);

  /** Paths of a partition that are remembered, so that a picture is decoded once. */
  private static final int REMEMBERED = 100_000;

  /** A longer side of more than so many shorter ones is refused by the model's preprocessing. */
  private static final int MOST_RATIO = 200;

  private final String source;
  private final String split;
  private final String pictures;
  private final Preset.Mapping mapping;
  private final PictureFolder folder;

  /**
   * @param split of every row; null where rows say it
   * @param pictures where a path lies below the folder; {@code {}} is the row's
   */
  IngestTask(
      String source, String split, String pictures, Preset.Mapping mapping, PictureFolder folder) {
    this.source = source;
    this.split = split;
    this.pictures = pictures;
    this.mapping = mapping;
    this.folder = folder;
  }

  /** What a partition has seen. */
  private record Seen(Map<String, Rows.Image> paths, Set<String> images) {}

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    Seen seen = new Seen(new HashMap<>(), new HashSet<>());
    PictureDecoder decoder = new PictureDecoder();
    Iterable<Row> all = () -> rows;
    return StreamSupport.stream(all.spliterator(), false)
        .map(row -> taken(row, decoder, seen))
        .iterator();
  }

  private Row taken(Row row, PictureDecoder decoder, Seen seen) {
    Long number = row.isNullAt(0) ? null : row.getLong(0);
    try {
      if (row.getAs("problem") != null) {
        throw JobErrors.row(row.getAs("problem"));
      }
      String words = split(row.getAs("split"));
      String question = IngestText.question(row.getAs("question"), options(row));
      String answer = IngestText.answer(row.getAs("answer"));
      Question.of(question, pictures(row).size()); // Refused where its marks do not fit.
      List<Rows.Image> shown = new ArrayList<>();
      for (Row picture : pictures(row)) {
        shown.add(image(picture.getAs("bytes"), picture.getAs("path"), decoder, seen));
      }
      List<String> ids = shown.stream().map(Rows.Image::imageId).toList();
      Rows.Query query =
          new Rows.Query(
              Keys.of(source, words, String.join(",", ids), question),
              source,
              words,
              question,
              answer,
              ids,
              row.getAs("template"),
              IngestText.difficulty(row.getAs("difficulty")));
      Row[] added =
          shown.stream()
              .filter(image -> image.bytes().length > 0 && seen.images().add(image.imageId()))
              .map(Rows.IMAGE::toRow)
              .toArray(Row[]::new);
      String unread =
          Optional.ofNullable(answer)
              .flatMap(truth -> Verifier.problem(truth, options(row)))
              .map(problem -> place(row, number) + ": " + problem)
              .orElse(null);
      return RowFactory.create(number, Rows.QUERY.toRow(query), null, added, unread);
    } catch (RelookException e) {
      String place = place(row, number);
      Rows.Reject reject = new Rows.Reject(Keys.of(source, place), source, place, e.getMessage());
      return RowFactory.create(number, null, Rows.REJECT.toRow(reject), new Row[0], null);
    }
  }

  private static List<String> options(Row row) {
    int at = row.fieldIndex("options");
    return row.isNullAt(at) ? List.of() : row.getList(at);
  }

  private List<Row> pictures(Row row) {
    int at = row.fieldIndex("pictures");
    List<Row> pictures = row.isNullAt(at) ? List.of() : row.getList(at);
    if (pictures.isEmpty()) {
      throw JobErrors.row("the row has no picture in " + mapping.picture());
    }
    return pictures;
  }

  private String split(String said) {
    String words = split != null ? split : mapping.splits().getOrDefault(said, said);
    if (!Preset.Mapping.SPLITS.contains(words)) {
      throw JobErrors.row(
          "the split %s is none of %s: say under mapping.splits what it means"
              .formatted(words, Preset.Mapping.SPLITS));
    }
    return words;
  }

  /** A picture with its bytes, or without where the partition has seen it. */
  private Rows.Image image(byte[] bytes, String said, PictureDecoder decoder, Seen seen) {
    if (bytes != null) {
      return image(bytes, decoder, seen);
    }
    if (said == null) {
      throw JobErrors.row("a picture has neither bytes nor a path");
    }
    String path = pictures.replace("{}", said);
    Rows.Image known = seen.paths().get(path);
    if (known == null) {
      known = image(folder.read(path), decoder, seen);
      if (seen.paths().size() < REMEMBERED) {
        seen.paths().put(path, withoutBytes(known));
      }
    }
    return known;
  }

  private static Rows.Image image(byte[] bytes, PictureDecoder decoder, Seen seen) {
    RgbImage decoded = decoder.decode(bytes);
    int longer = Math.max(decoded.width(), decoded.height());
    if (longer > MOST_RATIO * (long) Math.min(decoded.width(), decoded.height())) {
      throw JobErrors.row(
          "the picture has %d × %d pixels: no model sees a side more than %d times the other"
              .formatted(decoded.width(), decoded.height(), MOST_RATIO));
    }
    return new Rows.Image(Keys.of(bytes), bytes, decoded.width(), decoded.height());
  }

  private static Rows.Image withoutBytes(Rows.Image image) {
    return new Rows.Image(image.imageId(), new byte[0], image.width(), image.height());
  }

  /** A file's row by its number, a table's by its id, else by what it asks. */
  private String place(Row row, Long number) {
    String id = row.getAs("id");
    if (number != null) {
      return "row " + number + (id == null ? "" : ", id " + id);
    }
    if (id != null) {
      return "id " + id;
    }
    StringBuilder pictures = new StringBuilder();
    int at = row.fieldIndex("pictures");
    for (Row picture : row.isNullAt(at) ? List.<Row>of() : row.<Row>getList(at)) {
      byte[] bytes = picture == null ? null : picture.getAs("bytes");
      pictures.append(
          bytes != null
              ? " " + Keys.of(bytes)
              : picture == null ? "" : " " + picture.getAs("path"));
    }
    return "question %s, pictures%s".formatted(row.<String>getAs("question"), pictures);
  }
}
