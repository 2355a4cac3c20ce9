package io.relook.training;

import io.relook.model.engine.PictureGrid;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Prepared pictures by their ids, the latest used up to a bound in bytes. Those that the present
 * rows show stay, whatever they take.
 */
final class PreparedPictures {
  /** A picture of a megapixel takes 4.8 MB at patches of 14. Our choice. */
  static final long MOST_BYTES = 512L << 20;

  private final Map<String, PictureGrid> all = new LinkedHashMap<>(16, 0.75f, true);
  private final long most;
  private Set<String> shown = Set.of();
  private long bytes;

  PreparedPictures(long most) {
    this.most = most;
  }

  /** Says which pictures the next rows show; returns those that are not here. */
  List<String> show(Set<String> ids) {
    shown = Set.copyOf(ids);
    List<String> missing = ids.stream().filter(id -> all.get(id) == null).toList();
    trim();
    return missing;
  }

  /** Takes one in; the longest unused go where there are too many. */
  void add(String id, PictureGrid picture) {
    PictureGrid before = all.put(id, picture);
    bytes += size(picture) - (before == null ? 0 : size(before));
    trim();
  }

  private void trim() {
    var oldest = all.entrySet().iterator();
    while (bytes > most && oldest.hasNext()) {
      var one = oldest.next();
      if (!shown.contains(one.getKey())) {
        oldest.remove();
        bytes -= size(one.getValue());
      }
    }
  }

  /** Whether none would have to go for it. */
  boolean fits(PictureGrid picture) {
    return bytes + size(picture) <= most;
  }

  long bytes() {
    return bytes;
  }

  PictureGrid get(String id) {
    return all.get(id);
  }

  private static long size(PictureGrid picture) {
    return 4L * picture.patches().length;
  }
}
