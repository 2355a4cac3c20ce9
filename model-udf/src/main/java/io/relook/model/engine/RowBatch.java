package io.relook.model.engine;

import io.relook.model.checkpoint.ModelConfig;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Prompts as rows padded on the right.
 *
 * @param ids (B · width), padded with 0: what stands behind a row's end is never looked at
 * @param positions (3 · B · width)
 * @param pictures of all rows, each once however many rows show it
 * @param at the flat place in {@code ids} of each picture token
 * @param from which of the pictures' embeddings stands there
 */
record RowBatch(long[] ids, long[] positions, List<PictureGrid> pictures, long[] at, long[] from) {

  static RowBatch of(List<Prompt> prompts, int width, ModelConfig config) {
    int rows = prompts.size();
    long[] ids = new long[rows * width];
    long[] positions = new long[3 * rows * width];
    int merge = config.vision().spatialMergeSize();
    Map<PictureGrid, Integer> pictures = new LinkedHashMap<>();
    int embeddings = 0;
    for (Prompt prompt : prompts) {
      for (PictureGrid picture : prompt.pictures()) {
        if (pictures.putIfAbsent(picture, embeddings) == null) {
          embeddings += picture.tokens(merge);
        }
      }
    }
    List<Long> at = new ArrayList<>();
    List<Long> from = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      Prompt prompt = prompts.get(row);
      Positions places = Positions.of(prompt.ids(), prompt.pictures(), config);
      Iterator<Long> shown = embeddingsOf(prompt, pictures, merge);
      for (int i = 0; i < Math.min(width, prompt.length()); i++) {
        int flat = row * width + i;
        ids[flat] = prompt.ids()[i];
        for (int axis = 0; axis < 3; axis++) {
          positions[axis * rows * width + flat] = places.at(axis, i);
        }
        if (i < prompt.given() && ids[flat] == config.imageTokenId()) {
          at.add((long) flat);
          from.add(shown.next());
        }
      }
    }
    return new RowBatch(
        ids,
        positions,
        List.copyOf(pictures.keySet()),
        at.stream().mapToLong(Long::longValue).toArray(),
        from.stream().mapToLong(Long::longValue).toArray());
  }

  private static Iterator<Long> embeddingsOf(
      Prompt prompt, Map<PictureGrid, Integer> first, int merge) {
    return prompt.pictures().stream()
        .flatMap(
            picture ->
                LongStream.range(0, picture.tokens(merge)).mapToObj(k -> first.get(picture) + k))
        .iterator();
  }
}
