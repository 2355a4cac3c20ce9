package io.relook.model.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.model.engine.PictureGrid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A picture's bytes to what the model sees, as transformers' Qwen2VLImageProcessorFast: RGB,
 * resized under a pixel budget, normalised, cut into patches.
 *
 * @param mean of each channel, in [0, 1]
 * @param std of each channel
 */
public record ImageProcessor(
    PixelBudget budget,
    int patchSize,
    int temporalPatchSize,
    int mergeSize,
    List<Double> mean,
    List<Double> std,
    PictureDecoder decoder) {
  private static final int LARGEST_SIZE = 64;
  private static final int LARGEST_TIME = 8;
  private static final List<Double> CLIP_MEAN = List.of(0.48145466, 0.4578275, 0.40821073);
  private static final List<Double> CLIP_STD = List.of(0.26862954, 0.26130258, 0.27577711);
  private static final Set<String> TYPES =
      Set.of("Qwen2VLImageProcessor", "Qwen2VLImageProcessorFast", "Qwen2_5_VLImageProcessor");

  public ImageProcessor {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    if (Math.min(Math.min(patchSize, temporalPatchSize), mergeSize) < 1
        || Math.max(patchSize, mergeSize) > LARGEST_SIZE
        || temporalPatchSize > LARGEST_TIME) {
      throw ImageErrors.settings(
          "patch_size and merge_size must be from 1 to %d, temporal_patch_size from 1 to %d"
              .formatted(LARGEST_SIZE, LARGEST_TIME));
    }
    if (std.stream().anyMatch(value -> !(value > 0))) {
      throw ImageErrors.settings("image_std must be positive, not " + std);
    }
  }

  /** The settings of a checkpoint's folder; the published ones where it has no file. */
  public static ImageProcessor load(Path folder) {
    Path file = folder.resolve("preprocessor_config.json");
    JsonNode json;
    try {
      json = new ObjectMapper().readTree(Files.exists(file) ? Files.readString(file) : "{}");
    } catch (IOException e) {
      throw ImageErrors.settings(e.getMessage());
    }
    String type = json.path("image_processor_type").asText("Qwen2VLImageProcessor");
    if (!TYPES.contains(type)) {
      throw ImageErrors.settings("image_processor_type %s is not Qwen2-VL's".formatted(type));
    }
    for (String step : List.of("do_resize", "do_rescale", "do_normalize", "do_convert_rgb")) {
      if (!json.path(step).asBoolean(true)) {
        throw ImageErrors.settings(step + " is off, the model was trained with it on");
      }
    }
    if (json.path("resample").asInt(3) != 3) {
      throw ImageErrors.settings("resample must be 3 (bicubic), not " + json.path("resample"));
    }
    if (!json.isObject()) {
      throw ImageErrors.settings("it is no JSON object");
    }
    if (Math.abs(json.path("rescale_factor").asDouble(1 / 255.0) * 255 - 1) > 1e-6) {
      throw ImageErrors.settings(
          "rescale_factor must be 1/255, not " + json.path("rescale_factor"));
    }
    for (String step : List.of("do_center_crop", "do_pad")) {
      if (json.path(step).asBoolean(false)) {
        throw ImageErrors.settings(step + " is on, which this model's pictures do not know");
      }
    }
    JsonNode size = json.path("size");
    if (size.has("height") || size.has("width")) {
      throw ImageErrors.settings("size must be shortest_edge and longest_edge, not " + size);
    }
    long least = json.path("min_pixels").asLong(size.path("shortest_edge").asLong(3136));
    long most = json.path("max_pixels").asLong(size.path("longest_edge").asLong(12845056));
    return new ImageProcessor(
        new PixelBudget(least, most),
        json.path("patch_size").asInt(14),
        json.path("temporal_patch_size").asInt(2),
        json.path("merge_size").asInt(2),
        numbers(json, "image_mean", CLIP_MEAN),
        numbers(json, "image_std", CLIP_STD),
        new PictureDecoder());
  }

  public ImageProcessor withBudget(PixelBudget other) {
    return new ImageProcessor(other, patchSize, temporalPatchSize, mergeSize, mean, std, decoder);
  }

  public ImageProcessor withTransparency(Transparency other) {
    return new ImageProcessor(
        budget, patchSize, temporalPatchSize, mergeSize, mean, std, decoder.with(other));
  }

  /** What decides which values a picture becomes, beside the checkpoint's settings. */
  public String fingerprint() {
    return "%d-%d:bicubic:%s"
        .formatted(budget.minPixels(), budget.maxPixels(), decoder.transparency().word());
  }

  /** Decodes, resizes and cuts. */
  public PictureGrid process(byte[] bytes) {
    return patches(resize(decoder.decode(bytes)));
  }

  /** The picture at the size that the model sees. */
  public RgbImage resize(RgbImage image) {
    int[] size = budget.fit(image.height(), image.width(), patchSize * mergeSize);
    return Bicubic.resize(image, size[0], size[1]);
  }

  /** Rows: blocks of merge × merge patches; columns: channel, time, row, column. */
  public PictureGrid patches(RgbImage image) {
    int rows = image.height() / patchSize;
    int columns = image.width() / patchSize;
    int area = patchSize * patchSize;
    float[] values = new float[rows * columns * 3 * temporalPatchSize * area];
    float[][] table = normalised();
    int at = 0;
    for (int block = 0; block < rows * columns / mergeSize / mergeSize; block++) {
      int top = block / (columns / mergeSize) * mergeSize;
      int left = block % (columns / mergeSize) * mergeSize;
      for (int patch = 0; patch < mergeSize * mergeSize; patch++) {
        int y0 = (top + patch / mergeSize) * patchSize;
        int x0 = (left + patch % mergeSize) * patchSize;
        for (int channel = 0; channel < 3; channel++) {
          for (int i = 0; i < area; i++) {
            int pixel = (y0 + i / patchSize) * image.width() + x0 + i % patchSize;
            values[at + i] = table[channel][image.rgb()[pixel * 3 + channel] & 0xFF];
          }
          for (int t = 1; t < temporalPatchSize; t++) {
            System.arraycopy(values, at, values, at + t * area, area);
          }
          at += temporalPatchSize * area;
        }
      }
    }
    return new PictureGrid(rows, columns, values);
  }

  /** (value - 255 mean) / (255 std) of each byte value, in float32 as the reference fuses it. */
  private float[][] normalised() {
    float[][] table = new float[3][256];
    for (int c = 0; c < 3; c++) {
      float shift = (float) (mean.get(c).floatValue() * 255.0);
      float scale = (float) (std.get(c).floatValue() * 255.0);
      for (int v = 0; v < 256; v++) {
        table[c][v] = (v - shift) / scale;
      }
    }
    return table;
  }

  private static List<Double> numbers(JsonNode json, String key, List<Double> otherwise) {
    JsonNode node = json.path(key);
    if (node.isMissingNode() || node.isNull()) {
      return otherwise;
    }
    List<Double> numbers = new ArrayList<>();
    for (JsonNode number : node) {
      if (!number.isNumber()) {
        throw ImageErrors.settings(key + " must be three numbers, not " + node);
      }
      numbers.add(number.asDouble());
    }
    if (numbers.size() != 3) {
      throw ImageErrors.settings(key + " must be three numbers, not " + node);
    }
    return numbers;
  }
}
