package io.relook.bench;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The work that both sides of a benchmark are given: a folder with {@code workload.json} and {@code
 * workload.safetensors}, prompts with a prepared picture each and fixed completions.
 *
 * @param samples completions a prompt
 * @param newTokens the longest completion
 * @param image side of the pictures in pixels, 0 without pictures
 */
record Workload(int samples, int newTokens, int image, List<Prompt> prompts, List<Fixed> fixed) {
  /** A completion to train on, or whose length a sample is to have. */
  record Fixed(int prompt, int sample, int[] ids, float advantage, float[] oldLogProbs) {}

  /** Reads a workload; {@code limit} keeps the first so many prompts, 0 all. */
  static Workload read(Path folder, int limit) {
    JsonNode json;
    try {
      // One sample a prompt has no advantage: Python writes NaN.
      json =
          JsonMapper.builder()
              .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
              .build()
              .readTree(folder.resolve("workload.json").toFile());
    } catch (IOException e) {
      throw new RelookException(
          Category.DATA,
          "Cannot read the workload %s: %s. Make one with the benchmark's make_workload.py."
              .formatted(folder, e.getMessage()),
          e);
    }
    TensorFile tensors = new TensorFile(folder.resolve("workload.safetensors"));
    JsonNode settings = json.path("settings");
    List<Prompt> prompts = new ArrayList<>();
    for (JsonNode prompt : json.path("prompts")) {
      if (limit == 0 || prompts.size() < limit) {
        JsonNode grid = prompt.path("grid_thw");
        float[] patches = tensors.floats("pixel_values." + prompt.path("image").asText());
        PictureGrid picture = new PictureGrid(grid.get(1).asInt(), grid.get(2).asInt(), patches);
        prompts.add(new Prompt(ids(prompt.path("input_ids")), List.of(picture)));
      }
    }
    float[] old = tensors.floats("old_log_probs");
    List<Fixed> fixed = new ArrayList<>();
    int at = 0;
    for (JsonNode completion : json.path("completions")) {
      int[] ids = ids(completion.path("ids"));
      int prompt = completion.path("prompt").asInt();
      if (prompt < prompts.size()) {
        float[] own = Arrays.copyOfRange(old, at, at + ids.length);
        float advantage = (float) completion.path("advantage").asDouble();
        fixed.add(new Fixed(prompt, completion.path("sample").asInt(), ids, advantage, own));
      }
      at += ids.length;
    }
    return new Workload(
        settings.path("samples").asInt(),
        settings.path("new_tokens").asInt(),
        settings.path("image").asInt(),
        prompts,
        fixed);
  }

  /** The text alone: prompts keep their lengths, another token stands where pictures stood. */
  Workload textOnly(int imageTokenId) {
    List<Prompt> text = new ArrayList<>();
    for (Prompt prompt : prompts) {
      int other = imageTokenId == 0 ? 1 : 0;
      int[] ids = Arrays.stream(prompt.ids()).map(id -> id == imageTokenId ? other : id).toArray();
      text.add(new Prompt(ids, List.of()));
    }
    return new Workload(samples, newTokens, 0, text, fixed);
  }

  /** The pictures' side in pixels as the peers' lines give it. */
  Object imageField() {
    return image == 0 ? "none" : image;
  }

  private static int[] ids(JsonNode array) {
    int[] ids = new int[array.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = array.get(i).asInt();
    }
    return ids;
  }
}
