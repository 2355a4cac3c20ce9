package io.relook.model.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import io.relook.model.checkpoint.CheckpointFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Reads how pictures are prepared as transformers 5.23.0's Qwen2VLImageProcessor does, with its
 * defaults. All problems are reported together.
 *
 * <ul>
 *   <li>Read: image_processor_type, size, min_pixels, max_pixels, patch_size, temporal_patch_size,
 *       merge_size, image_mean, image_std.
 *   <li>Refused unless they are what the engine does: {@link #FIXED}.
 *   <li>Left alone: all other keys, as transformers leaves them. It ignores do_center_crop and
 *       do_pad too; who sets them wants other pictures, so they are refused (our choice).
 * </ul>
 */
final class ProcessorSettings {
  private static final List<Double> CLIP_MEAN = List.of(0.48145466, 0.4578275, 0.40821073);
  private static final List<Double> CLIP_STD = List.of(0.26862954, 0.26130258, 0.27577711);
  private static final long LEAST_PIXELS = 56 * 56;
  private static final long MOST_PIXELS = 28 * 28 * 1280;

  /** Transformers makes all of them the same class; the last was published for a while. */
  private static final Set<String> TYPES =
      Set.of(
          "Qwen2VLImageProcessor",
          "Qwen2VLImageProcessorFast",
          "Qwen2VLImageProcessorPil",
          "Qwen2_5_VLImageProcessor");

  /** Key to the one value that the engine does; a key that is not there has it. */
  private static final Map<String, String> FIXED =
      new TreeMap<>(
          Map.of(
              "do_resize", "true",
              "do_rescale", "true",
              "do_normalize", "true",
              "do_convert_rgb", "true",
              "resample", "3"));

  private final JsonNode json;
  private final List<String> problems = new ArrayList<>();

  private ProcessorSettings(JsonNode json) {
    this.json = json;
  }

  static ImageProcessor read(CheckpointFiles.Settings settings) {
    ProcessorSettings reader = new ProcessorSettings(settings.json());
    reader.check();
    long[] budget = reader.budget();
    int patch = reader.whole("patch_size", 14);
    int time = reader.whole("temporal_patch_size", 2);
    int merge = reader.whole("merge_size", 2);
    List<Double> mean = reader.channels("image_mean", CLIP_MEAN);
    List<Double> std = reader.channels("image_std", CLIP_STD);
    if (!reader.problems.isEmpty()) {
      throw ImageErrors.settings(settings.file(), reader.problems);
    }
    return new ImageProcessor(
        new PixelBudget(budget[0], budget[1]), patch, time, merge, mean, std, new PictureDecoder());
  }

  private void check() {
    String type =
        json.path("image_processor_type")
            .asText(
                json.path("feature_extractor_type")
                    .asText("Qwen2VLImageProcessor")
                    .replace("FeatureExtractor", "ImageProcessor"));
    require(TYPES.contains(type), "image_processor_type %s is not Qwen2-VL's".formatted(type));
    FIXED.forEach(
        (key, value) ->
            require(
                !json.has(key) || json.path(key).toString().equals(value),
                "%s must be %s, not %s".formatted(key, value, json.path(key))));
    JsonNode scale = json.path("rescale_factor");
    require(
        scale.isMissingNode() || Math.abs(scale.asDouble() * 255 - 1) < 1e-6,
        "rescale_factor must be 1/255, not " + scale);
    for (String step : List.of("do_center_crop", "do_pad")) {
      require(
          !json.hasNonNull(step) || json.path(step).toString().equals("false"),
          "%s must be false, not %s".formatted(step, json.path(step)));
    }
  }

  /** {least, most}: min_pixels and max_pixels go before size, which may be one half of both. */
  private long[] budget() {
    JsonNode least = json.path("min_pixels");
    JsonNode most = json.path("max_pixels");
    JsonNode size = json.path("size");
    Map<String, JsonNode> sides = new TreeMap<>();
    if (size.isMissingNode() || size.isNull()) {
      sides.put("shortest_edge", LongNode.valueOf(LEAST_PIXELS));
      sides.put("longest_edge", LongNode.valueOf(MOST_PIXELS));
    }
    size.properties().forEach(side -> sides.put(side.getKey(), side.getValue()));
    replace(sides, "shortest_edge", "min_pixels", least);
    replace(sides, "longest_edge", "max_pixels", most);
    boolean known = sides.keySet().equals(Set.of("shortest_edge", "longest_edge"));
    require(
        known && (size.isObject() || size.isMissingNode() || size.isNull()),
        "size must be shortest_edge and longest_edge (pixels in all), not " + size);
    return known
        ? new long[] {
          whole("min_pixels or size.shortest_edge", sides.get("shortest_edge")),
          whole("max_pixels or size.longest_edge", sides.get("longest_edge"))
        }
        : new long[] {1, 1};
  }

  private static void replace(
      Map<String, JsonNode> sides, String side, String old, JsonNode value) {
    if (!value.isMissingNode() && !value.isNull()) {
      sides.put(side, value);
      sides.remove(old);
    }
  }

  private int whole(String key, int otherwise) {
    return json.has(key)
        ? (int) Math.min(Integer.MAX_VALUE, whole(key, json.path(key)))
        : otherwise;
  }

  private long whole(String key, JsonNode node) {
    require(
        node.isIntegralNumber() && node.canConvertToLong() && node.asLong() > 0,
        "%s must be a whole number above 0, not %s".formatted(key, node));
    return node.asLong(1);
  }

  /** Three numbers, or one for all three channels. */
  private List<Double> channels(String key, List<Double> otherwise) {
    JsonNode node = json.path(key);
    if (node.isMissingNode()) {
      return otherwise;
    }
    if (node.isNumber()) {
      return List.of(node.asDouble(), node.asDouble(), node.asDouble());
    }
    List<Double> numbers = new ArrayList<>();
    node.forEach(number -> numbers.add(number.isNumber() ? number.asDouble() : Double.NaN));
    require(
        numbers.size() == 3 && numbers.stream().allMatch(Double::isFinite),
        "%s must be three numbers, not %s".formatted(key, node));
    return numbers;
  }

  private void require(boolean holds, String problem) {
    if (!holds) {
      problems.add(problem);
    }
  }
}
