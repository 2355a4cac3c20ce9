package io.relook.model.engine;

import io.relook.model.checkpoint.ModelConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The order in which the vision tower reads the patches of some pictures: window by window, windows
 * of equal size together, so that each attention runs over segments that lie side by side. A window
 * is windowSize pixels square, cut off at the picture's edge.
 *
 * @param order the merged block (2 × 2 patches, counted over all pictures) at each place
 * @param back the place of each merged block: the inverse of {@code order}
 * @param places row and column of each patch, in window order
 * @param windows segments of window attention: length in patches, count, length, count, …
 * @param pictures segments of full attention, the same way
 */
record PictureLayout(int[] order, long[] back, long[] places, long[] windows, long[] pictures) {

  static PictureLayout of(List<PictureGrid> pictures, ModelConfig.Vision vision) {
    int merge = vision.spatialMergeSize();
    int side = vision.windowSize() / merge / vision.patchSize();
    List<Integer> order = new ArrayList<>();
    List<Integer> windowLengths = new ArrayList<>();
    List<Integer> pictureLengths = new ArrayList<>();
    List<Long> places = new ArrayList<>();
    int base = 0;
    for (PictureGrid picture : pictures) {
      int height = picture.height() / merge;
      int width = picture.width() / merge;
      List<int[]> windows = new ArrayList<>();
      for (int top = 0; top < height; top += side) {
        for (int left = 0; left < width; left += side) {
          windows.add(
              new int[] {top, Math.min(top + side, height), left, Math.min(left + side, width)});
        }
      }
      windows.sort(Comparator.comparingInt(w -> (w[1] - w[0]) * (w[3] - w[2])));
      for (int[] window : windows) {
        windowLengths.add((window[1] - window[0]) * (window[3] - window[2]) * merge * merge);
        for (int y = window[0]; y < window[1]; y++) {
          for (int x = window[2]; x < window[3]; x++) {
            order.add(base + y * width + x);
            for (int patch = 0; patch < merge * merge; patch++) {
              places.add((long) y * merge + patch / merge);
              places.add((long) x * merge + patch % merge);
            }
          }
        }
      }
      pictureLengths.add(picture.height() * picture.width());
      base += height * width;
    }
    int[] forward = order.stream().mapToInt(Integer::intValue).toArray();
    long[] back = new long[forward.length];
    for (int i = 0; i < forward.length; i++) {
      back[forward[i]] = i;
    }
    return new PictureLayout(
        forward,
        back,
        places.stream().mapToLong(Long::longValue).toArray(),
        runs(windowLengths),
        runs(pictureLengths));
  }

  /** All patches, in window order, float32. */
  ByteBuffer arrange(List<PictureGrid> pictures, int merge) {
    int values =
        pictures.get(0).patches().length / (pictures.get(0).height() * pictures.get(0).width());
    int block = merge * merge * values;
    ByteBuffer all =
        ByteBuffer.allocateDirect(Math.multiplyExact(order.length, Float.BYTES * block))
            .order(ByteOrder.nativeOrder());
    FloatBuffer next = all.asFloatBuffer();
    int[] first = new int[pictures.size()];
    for (int i = 1; i < first.length; i++) {
      first[i] = first[i - 1] + pictures.get(i - 1).tokens(merge);
    }
    for (int place : order) {
      int picture = first.length - 1;
      while (first[picture] > place) {
        picture--;
      }
      next.put(pictures.get(picture).patches(), (place - first[picture]) * block, block);
    }
    return all;
  }

  private static long[] runs(List<Integer> lengths) {
    List<Long> runs = new ArrayList<>();
    for (int i = 0; i < lengths.size(); ) {
      int end = i;
      while (end < lengths.size() && lengths.get(end).equals(lengths.get(i))) {
        end++;
      }
      runs.add((long) lengths.get(i));
      runs.add((long) (end - i));
      i = end;
    }
    return runs.stream().mapToLong(Long::longValue).toArray();
  }
}
