package io.relook.training;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Table;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import io.relook.model.image.ImageProcessor;
import io.relook.model.image.PixelBudget;
import io.relook.preset.Preset;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Prompts of table rows: the stored token ids, and the pictures by their ids, prepared once while
 * {@link PreparedPictures} has room for them.
 */
final class RowPrompts {
  private final PreparedPictures pictures;
  private final Lakehouse lakehouse;
  private final ImageProcessor images;

  RowPrompts(Lakehouse lakehouse, ImageProcessor images) {
    this(lakehouse, images, PreparedPictures.MOST_BYTES);
  }

  RowPrompts(Lakehouse lakehouse, ImageProcessor images, long mostBytes) {
    this.lakehouse = lakehouse;
    this.images = images;
    this.pictures = new PreparedPictures(mostBytes);
  }

  /** As a preset has them: a budget of 0 is the checkpoint's own. */
  static ImageProcessor images(ImageProcessor images, Preset.Rollout rollout) {
    ImageProcessor grounded = images.withTransparency(rollout.transparency());
    long least = rollout.minPixels();
    return least > 0
        ? grounded.withBudget(new PixelBudget(least, Math.max(least * 4, 1 << 20)))
        : grounded;
  }

  /** Reads the pictures that are not there yet, for {@link #of} until it is called again. */
  void prepare(Set<String> imageIds) {
    List<String> missing = pictures.show(imageIds);
    if (!missing.isEmpty()) {
      for (Row row : read(missing).collectAsList()) {
        pictures.add(row.getString(0), images.process(row.getAs(1)));
      }
    }
  }

  /** Reads at once what later rows show, as far as there is room. */
  void readAhead(Set<String> imageIds) {
    List<String> missing = pictures.show(imageIds);
    pictures.show(Set.of());
    if (!missing.isEmpty()) {
      for (Iterator<Row> rows = read(missing).toLocalIterator(); rows.hasNext(); ) {
        Row row = rows.next();
        PictureGrid picture = images.process(row.getAs(1));
        if (!pictures.fits(picture)) {
          return;
        }
        pictures.add(row.getString(0), picture);
      }
    }
  }

  private Dataset<Row> read(List<String> ids) {
    return lakehouse
        .read(Table.IMAGES)
        .where(col("image_id").isInCollection(ids))
        .select("image_id", "bytes");
  }

  /** Bytes of the pictures that are prepared. */
  long bytes() {
    return pictures.bytes();
  }

  Prompt of(List<Integer> ids, List<String> imageIds) {
    List<PictureGrid> grids = new ArrayList<>();
    for (String id : imageIds) {
      grids.add(pictures.get(id));
    }
    return new Prompt(ids.stream().mapToInt(Integer::intValue).toArray(), grids);
  }
}
