package io.relook.training;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Table;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import io.relook.model.image.ImageProcessor;
import io.relook.model.image.PixelBudget;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Row;

/**
 * Prompts of table rows: the stored token ids, and the pictures by their ids, each prepared once.
 */
final class RowPrompts {
  private final Map<String, PictureGrid> pictures = new HashMap<>();
  private final Lakehouse lakehouse;
  private final ImageProcessor images;

  RowPrompts(Lakehouse lakehouse, ImageProcessor images, long minPixels) {
    this.lakehouse = lakehouse;
    this.images = images(images, minPixels);
  }

  /** As a preset has them: 0 is the checkpoint's own bound. */
  static ImageProcessor images(ImageProcessor images, long minPixels) {
    return minPixels > 0
        ? images.withBudget(new PixelBudget(minPixels, Math.max(minPixels * 4, 1 << 20)))
        : images;
  }

  /** Reads the pictures that are not there yet. */
  void prepare(Set<String> imageIds) {
    List<String> missing = imageIds.stream().filter(id -> !pictures.containsKey(id)).toList();
    if (missing.isEmpty()) {
      return;
    }
    for (Row row :
        lakehouse
            .read(Table.IMAGES)
            .where(col("image_id").isInCollection(missing))
            .select("image_id", "bytes")
            .collectAsList()) {
      pictures.put(row.getString(0), images.process(row.getAs(1)));
    }
  }

  Prompt of(List<Integer> ids, List<String> imageIds) {
    List<PictureGrid> grids = new ArrayList<>();
    for (String id : imageIds) {
      grids.add(pictures.get(id));
    }
    return new Prompt(ids.stream().mapToInt(Integer::intValue).toArray(), grids);
  }
}
