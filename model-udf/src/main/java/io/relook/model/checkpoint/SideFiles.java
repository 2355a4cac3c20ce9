package io.relook.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What is written beside a checkpoint's weights: its settings, tokenizer and templates, in the
 * forms that transformers 5.23.0 and 4.57.6 both read. Where one version cannot read a file of the
 * other, it says the same in both forms (docs/decisions/0018).
 *
 * @param contents by the file's path in the folder
 */
public record SideFiles(Map<String, byte[]> contents) {
  private static final List<String> NAMES =
      List.of(
          CheckpointFiles.CONFIG,
          CheckpointFiles.GENERATION,
          CheckpointFiles.TOKENIZER,
          CheckpointFiles.TOKENIZER_CONFIG,
          "vocab.json",
          "merges.txt",
          "added_tokens.json",
          "special_tokens_map.json",
          CheckpointFiles.TEMPLATE,
          CheckpointFiles.LEGACY_TEMPLATE,
          CheckpointFiles.PROCESSOR,
          CheckpointFiles.PREPROCESSOR,
          "video_preprocessor_config.json");

  public SideFiles {
    contents = Collections.unmodifiableMap(new TreeMap<>(contents));
  }

  /** Of a folder on this machine, which may go afterwards. */
  public static SideFiles read(Path folder) {
    Map<String, byte[]> contents = new TreeMap<>();
    try {
      for (String name : NAMES) {
        if (Files.isRegularFile(folder.resolve(name))) {
          contents.put(name, Files.readAllBytes(folder.resolve(name)));
        }
      }
      Path further = folder.resolve(CheckpointFiles.MORE_TEMPLATES);
      if (Files.isDirectory(further)) {
        try (Stream<Path> files = Files.list(further)) {
          for (Path file : files.filter(f -> f.toString().endsWith(".jinja")).toList()) {
            contents.put(
                CheckpointFiles.MORE_TEMPLATES + "/" + file.getFileName(),
                Files.readAllBytes(file));
          }
        }
      }
      CheckpointFiles files = new CheckpointFiles(folder);
      processor(files, contents);
      tokenizer(files, contents);
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(folder.toString(), e);
    }
    return new SideFiles(contents);
  }

  /**
   * {@code config.json} for weights as they are written: their type, whether the head is tied and
   * how positions turn, each where either version looks for it.
   */
  static byte[] config(byte[] read, ModelConfig config, String dtype) throws IOException {
    ObjectNode root = (ObjectNode) CheckpointFiles.JSON.readTree(read);
    ObjectNode text =
        root.path("text_config").isObject() ? (ObjectNode) root.path("text_config") : root;
    RopeSettings.write(text, config.text());
    root.put("tie_word_embeddings", config.tieWordEmbeddings());
    text.put("tie_word_embeddings", config.tieWordEmbeddings());
    if (!root.has("dtype")) {
      root.put("torch_dtype", dtype);
    }
    for (JsonNode part : List.of(root, text, root.path("vision_config"))) {
      for (String key : List.of("dtype", "torch_dtype")) {
        if (part.has(key)) {
          ((ObjectNode) part).put(key, dtype);
        }
      }
    }
    return bytes(root);
  }

  /**
   * The settings of pictures in both files: 5.23.0 looks into processor_config.json first and takes
   * videos' settings from preprocessor_config.json where they have none.
   */
  private static void processor(CheckpointFiles files, Map<String, byte[]> contents)
      throws IOException {
    if (!files.hasImageProcessor()) {
      return;
    }
    ObjectNode pictures = files.imageProcessor().json().deepCopy();
    if (pictures.path("image_processor_type").asText("").endsWith("Pil")) {
      pictures.put("image_processor_type", "Qwen2VLImageProcessor");
    }
    ObjectNode processor =
        files
            .json(CheckpointFiles.PROCESSOR)
            .map(ObjectNode.class::cast)
            .orElseGet(CheckpointFiles.JSON::createObjectNode);
    if (!processor.hasNonNull("processor_class")) {
      processor.put("processor_class", "Qwen2_5_VLProcessor");
    }
    processor.set("image_processor", pictures);
    contents.put(CheckpointFiles.PROCESSOR, bytes(processor));
    contents.put(CheckpointFiles.PREPROCESSOR, bytes(pictures));
  }

  /**
   * The tokenizer with all its added tokens in tokenizer.json, which 4.57.6 goes by; its class and
   * the list of extra tokens by the names that 4.57.6 knows, which 5.23.0 reads too.
   */
  private static void tokenizer(CheckpointFiles files, Map<String, byte[]> contents)
      throws IOException {
    if (contents.containsKey(CheckpointFiles.TOKENIZER)) {
      JsonNode merged = files.tokenizer();
      if (!merged.equals(files.json(CheckpointFiles.TOKENIZER).orElseThrow())) {
        contents.put(CheckpointFiles.TOKENIZER, bytes(merged));
      }
    }
    if (contents.containsKey(CheckpointFiles.TOKENIZER_CONFIG)) {
      ObjectNode config = (ObjectNode) files.tokenizerConfig();
      ObjectNode read = config.deepCopy();
      if (config.path("extra_special_tokens").isArray()) {
        JsonNode extra = config.remove("extra_special_tokens");
        if (!config.has("additional_special_tokens")) {
          config.set("additional_special_tokens", extra);
        }
      }
      if (config.path("tokenizer_class").asText("").equals("TokenizersBackend")) {
        config.put("tokenizer_class", "PreTrainedTokenizerFast");
      }
      if (!config.equals(read)) {
        contents.put(CheckpointFiles.TOKENIZER_CONFIG, bytes(config));
      }
    }
  }

  private static byte[] bytes(JsonNode json) throws IOException {
    return CheckpointFiles.JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(json);
  }
}
