package io.relook.model.checkpoint;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The one reader of what lies beside a checkpoint's weights: which file says what, in the order of
 * transformers 5.23.0 (docs/decisions/0018).
 *
 * @param folder on this machine
 * @param name what errors call it
 */
public record CheckpointFiles(Path folder, String name) {
  static final String CONFIG = "config.json";
  static final String GENERATION = "generation_config.json";
  static final String PROCESSOR = "processor_config.json";
  static final String PREPROCESSOR = "preprocessor_config.json";
  static final String TOKENIZER = "tokenizer.json";
  static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  static final String TEMPLATE = "chat_template.jinja";
  static final String LEGACY_TEMPLATE = "chat_template.json";
  static final String MORE_TEMPLATES = "additional_chat_templates";
  private static final String IMAGE_PROCESSOR = "image_processor";
  private static final int LARGEST_JSON = 64 << 20;

  /** Python's json writes NaN and Infinity: they are read, and refused as values by name. */
  static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  public CheckpointFiles(Path folder) {
    this(folder, folder.toString());
  }

  /** Settings of a part, and the file that they are from. */
  public record Settings(String file, JsonNode json) {}

  /** {@code config.json}; missing is an error. */
  JsonNode config() {
    return json(CONFIG).orElseThrow(() -> CheckpointErrors.missingFile(name, CONFIG));
  }

  /** The token that the model takes for a picture; none where the folder has no config.json. */
  public OptionalInt imageTokenId() {
    return json(CONFIG)
        .map(root -> OptionalInt.of(ConfigReader.imageTokenId(root)))
        .orElse(OptionalInt.empty());
  }

  /** {@code generation_config.json}, an empty object where there is none. */
  JsonNode generationConfig() {
    return json(GENERATION).orElseGet(JSON::createObjectNode);
  }

  /** Whether any file says how pictures are prepared. */
  public boolean hasImageProcessor() {
    return findImageProcessor().isPresent();
  }

  /**
   * How pictures are prepared: {@code image_processor} in processor_config.json, or else
   * preprocessor_config.json; neither is an error. The processor's class must be Qwen2.5-VL's.
   */
  public Settings imageProcessor() {
    Settings found =
        findImageProcessor().orElseThrow(() -> CheckpointErrors.noImageProcessor(name));
    json(PROCESSOR).ifPresent(json -> requireOurs(PROCESSOR, json));
    if (found.file.equals(PREPROCESSOR)) {
      requireOurs(PREPROCESSOR, found.json);
    }
    return found;
  }

  private Optional<Settings> findImageProcessor() {
    JsonNode nested = json(PROCESSOR).map(json -> json.path(IMAGE_PROCESSOR)).orElse(null);
    if (nested != null && !nested.isMissingNode() && !nested.isNull()) {
      if (!nested.isObject()) {
        throw CheckpointErrors.badSideFile(name, PROCESSOR, IMAGE_PROCESSOR + " is no object");
      }
      return Optional.of(new Settings(PROCESSOR, nested));
    }
    return json(PREPROCESSOR).map(json -> new Settings(PREPROCESSOR, json));
  }

  private void requireOurs(String file, JsonNode json) {
    String type = json.path("processor_class").asText("");
    if (!type.isEmpty() && !List.of("Qwen2_5_VLProcessor", "Qwen2VLProcessor").contains(type)) {
      throw CheckpointErrors.badSideFile(
          name, file, "processor_class %s is not Qwen2.5-VL's".formatted(type));
    }
  }

  /**
   * The template of chats. The processor's goes first: {@code chat_template} in
   * processor_config.json, chat_template.json, or chat_template.jinja with the further templates
   * beside it. Where the processor has none, that of tokenizer_config.json: transformers refuses
   * then, this is our choice. Of several named ones it is {@code default}.
   */
  public Optional<String> chatTemplate() {
    JsonNode own = json(PROCESSOR).orElseGet(JSON::createObjectNode).path("chat_template");
    if (!own.isMissingNode() && !own.isNull()) {
      return Optional.of(template(PROCESSOR, own));
    }
    Map<String, String> further = furtherTemplates();
    Optional<JsonNode> legacy = json(LEGACY_TEMPLATE);
    if (legacy.isPresent()) {
      if (!further.isEmpty()) {
        throw CheckpointErrors.badSideFile(
            name,
            LEGACY_TEMPLATE,
            "it stands beside %s: rename it to %s as a text".formatted(MORE_TEMPLATES, TEMPLATE));
      }
      return Optional.of(template(LEGACY_TEMPLATE, legacy.get().path("chat_template")));
    }
    if (Files.isRegularFile(folder.resolve(TEMPLATE))) {
      return Optional.of(filled(TEMPLATE, text(folder.resolve(TEMPLATE))));
    }
    if (!further.isEmpty()) {
      return Optional.of(template(MORE_TEMPLATES, JSON.valueToTree(further)));
    }
    JsonNode tokenizers = tokenizerConfig().path("chat_template");
    return tokenizers.isMissingNode() || tokenizers.isNull()
        ? Optional.empty()
        : Optional.of(template(TOKENIZER_CONFIG, tokenizers));
  }

  private String template(String file, JsonNode value) {
    if (value.isTextual()) {
      return filled(file, value.asText());
    }
    Map<String, String> named = new TreeMap<>();
    if (value.isObject()) {
      value.properties().forEach(entry -> named.put(entry.getKey(), entry.getValue().asText()));
    }
    if (value.isArray()) {
      value.forEach(one -> named.put(one.path("name").asText(), one.path("template").asText()));
    }
    if (named.containsKey("default")) {
      return filled(file, named.get("default"));
    }
    throw CheckpointErrors.badSideFile(
        name,
        file,
        named.isEmpty()
            ? "it has no chat_template that is a text"
            : "its chat templates are %s, none is called default".formatted(named.keySet()));
  }

  private String filled(String file, String template) {
    if (template.isEmpty()) {
      throw CheckpointErrors.badSideFile(name, file, "its chat template is empty");
    }
    return template;
  }

  /** By the file's name without {@code .jinja}. */
  private Map<String, String> furtherTemplates() {
    Map<String, String> templates = new TreeMap<>();
    Path further = folder.resolve(MORE_TEMPLATES);
    if (Files.isDirectory(further)) {
      try (Stream<Path> files = Files.list(further)) {
        for (Path file : files.filter(f -> f.toString().endsWith(".jinja")).toList()) {
          String stem = file.getFileName().toString();
          templates.put(stem.substring(0, stem.length() - ".jinja".length()), text(file));
        }
      } catch (IOException e) {
        throw CheckpointErrors.unreadable(further.toString(), e);
      }
    }
    return templates;
  }

  /**
   * What transformers passes to a template as {@code eos_token}, {@code pad_token} and so on
   * (5.23.0's {@code special_tokens_map}); a token that is not set is not in it.
   */
  public Map<String, String> specialTokens() {
    return SpecialTokens.read(this);
  }

  /** The tokenizer, with the added tokens of every file: see {@link AddedTokens}. */
  public ObjectNode tokenizer() {
    ObjectNode tokenizer = AddedTokens.merged(this);
    TokenizerKeys.check(this, tokenizer);
    return tokenizer;
  }

  JsonNode tokenizerConfig() {
    return json(TOKENIZER_CONFIG).orElseGet(JSON::createObjectNode);
  }

  /** A file that must be a JSON object where it is there. */
  Optional<JsonNode> json(String file) {
    Path path = folder.resolve(file);
    if (!Files.isRegularFile(path)) {
      return Optional.empty();
    }
    try {
      if (Files.size(path) > LARGEST_JSON) {
        throw CheckpointErrors.badSideFile(name, file, "it is larger than 64 MiB");
      }
      JsonNode node = JSON.readTree(Files.readAllBytes(path));
      if (!node.isObject()) {
        throw CheckpointErrors.badSideFile(name, file, "it is no JSON object");
      }
      return Optional.of(node);
    } catch (JacksonException e) {
      throw CheckpointErrors.badSideFile(
          name, file, "it is no JSON (%s)".formatted(e.getOriginalMessage()));
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(path.toString(), e);
    }
  }

  /** Line ends are those of Python's text files: a line feed alone. */
  private String text(Path file) {
    try {
      return Files.readString(file).replace("\r\n", "\n").replace('\r', '\n');
    } catch (CharacterCodingException e) {
      throw CheckpointErrors.badSideFile(
          name, folder.relativize(file).toString(), "it is no text in UTF-8");
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(file.toString(), e);
    }
  }
}
