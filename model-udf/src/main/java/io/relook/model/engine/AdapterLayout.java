package io.relook.model.engine;

import io.relook.model.checkpoint.ModelConfig;
import io.relook.model.checkpoint.Modules;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Where the pairs A, B of an adapter lie among a model's weights, of which some are several
 * checkpoint tensors one below the other.
 *
 * @param places in the order of the pairs
 * @param first the number of each weight's first pair, then that of all pairs
 * @param slots A and B of each pair as weights of their own
 */
record AdapterLayout(List<Place> places, long[] first, List<WeightLayout.Slot> slots) {

  /** A layer's rows in a weight: so many above and below its own. */
  record Place(String module, int slot, long above, long below) {}

  static AdapterLayout none() {
    return new AdapterLayout(List.of(), new long[0], List.of());
  }

  static AdapterLayout of(WeightLayout layout, ModelConfig config, Set<String> modules, long rank) {
    Map<String, List<Long>> shapes = Modules.linearLayers(config);
    List<WeightLayout.Slot> weights = layout.slots();
    List<Place> places = new ArrayList<>();
    List<WeightLayout.Slot> slots = new ArrayList<>();
    long[] first = new long[weights.size() + 1];
    for (int i = 0; i < weights.size(); i++) {
      long above = 0;
      for (WeightLayout.Part part : weights.get(i).parts()) {
        String module = part.name().replaceAll("\\.weight$", "");
        if (modules.contains(module)) {
          long below = weights.get(i).shape()[0] - above - part.rows();
          places.add(new Place(module, i, above, below));
          List<Long> shape = shapes.get(module);
          slots.add(WeightLayout.slot(module + ".lora_A.weight", rank, shape.get(1)));
          slots.add(WeightLayout.slot(module + ".lora_B.weight", shape.get(0), rank));
        }
        above += part.rows();
      }
      first[i + 1] = places.size();
    }
    return new AdapterLayout(places, first, slots);
  }

  /** Rows above and below each B. */
  long[] rowsAround() {
    return places.stream()
        .flatMapToLong(p -> java.util.stream.LongStream.of(p.above, p.below))
        .toArray();
  }
}
