package io.relook.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.lakehouse.RelookException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Which file says what: each value was seen in transformers 5.23.0 with the same files. */
final class TestCheckpointFiles {
  private static final Path MODEL =
      Path.of(System.getProperty("relook.root"), "tests/src/test/resources/goldens/model-b");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  private CheckpointFiles files;

  @BeforeEach
  void open() {
    files = new CheckpointFiles(folder);
  }

  @Test
  void theProcessorsTemplateGoesBeforeTheTokenizers() throws IOException {
    template("", "tokenizer_config.json", "{}");
    template("T", "tokenizer_config.json", "{\"chat_template\": \"T\"}");
    template("J", "chat_template.jinja", "J");
    template("L", "chat_template.json", "{\"chat_template\": \"L\"}");
    template("P", "processor_config.json", "{\"chat_template\": \"P\"}");
    template("L", "processor_config.json", "{\"chat_template\": null}");
  }

  @Test
  void ofSeveralTemplatesItIsTheDefault() throws IOException {
    String list =
        "[{\"name\": \"tool_use\", \"template\": \"U\"}, {\"name\": \"default\", \"template\":"
            + " \"D\"}]";
    template("D", "tokenizer_config.json", "{\"chat_template\": %s}".formatted(list));
    template("D", "chat_template.json", "{\"chat_template\": {\"x\": \"X\", \"default\": \"D\"}}");
    write("chat_template.json", "{\"chat_template\": {\"x\": \"X\"}}");
    refused(files::chatTemplate, "chat_template.json", "[x]", "none is called default");
    write("chat_template.json", "{\"template\": \"L\"}");
    refused(files::chatTemplate, "chat_template.json", "no chat_template");
  }

  @Test
  void furtherTemplatesStandBesideTheOneOfTheirFolder() throws IOException {
    write("tokenizer_config.json", "{\"chat_template\": \"T\"}");
    Files.createDirectory(folder.resolve("additional_chat_templates"));
    write("additional_chat_templates/tool_use.jinja", "U");
    refused(files::chatTemplate, "additional_chat_templates", "[tool_use]", "default");
    template("D", "additional_chat_templates/default.jinja", "D");
    template("J", "chat_template.jinja", "J");
    write("chat_template.json", "{\"chat_template\": \"L\"}");
    refused(files::chatTemplate, "chat_template.json", "additional_chat_templates");
  }

  @Test
  void aTemplatesFileIsTextAsPythonReadsIt() throws IOException {
    template("a\nb\nc", "chat_template.jinja", "a\r\nb\rc");
    Files.write(folder.resolve("chat_template.jinja"), new byte[] {'a', (byte) 0xE9});
    refused(files::chatTemplate, "chat_template.jinja", "UTF-8");
    write("chat_template.jinja", "");
    refused(files::chatTemplate, "chat_template.jinja", "empty");
    write("processor_config.json", "{\"chat_template\": \"\"}");
    refused(files::chatTemplate, "processor_config.json", "empty");
  }

  @Test
  void picturesAreSetInTheProcessorsFileBeforeTheirOwn() throws IOException {
    refused(files::imageProcessor, "processor_config.json", "preprocessor_config.json");
    assertTrue(!files.hasImageProcessor());
    pictures(1, "preprocessor_config.json", "{\"min_pixels\": 1}");
    pictures(1, "processor_config.json", "{\"processor_class\": \"Qwen2_5_VLProcessor\"}");
    pictures(1, "processor_config.json", "{\"image_processor\": null}");
    pictures(2, "processor_config.json", "{\"image_processor\": {\"min_pixels\": 2}}");
    pictures(0, "processor_config.json", "{\"image_processor\": {}}");
    write("processor_config.json", "{\"processor_class\": \"CLIPProcessor\"}");
    refused(files::imageProcessor, "processor_config.json", "CLIPProcessor");
    write("processor_config.json", "{\"image_processor\": []}");
    refused(files::imageProcessor, "processor_config.json", "no object");
  }

  @Test
  void specialTokensAreThoseThatTransformersPassesToATemplate() throws IOException {
    Map<String, String> qwen = new HashMap<>();
    qwen.put("eos_token", "<|endoftext|>");
    qwen.put("unk_token", "<|endoftext|>");
    qwen.put("pad_token", "<|endoftext|>");
    assertEquals(qwen, files.specialTokens());
    qwen.put("eos_token", "<|im_end|>");
    write("tokenizer_config.json", "{\"eos_token\": \"<|im_end|>\"}");
    assertEquals(qwen, files.specialTokens());
    write(
        "tokenizer_config.json",
        "{\"eos_token\": {\"__type\": \"AddedToken\", \"content\": \"<|im_end|>\"}, \"unk_token\":"
            + " null, \"bos_token\": null, \"tokenizer_class\": \"Qwen2TokenizerFast\"}");
    qwen.remove("unk_token");
    assertEquals(qwen, files.specialTokens());
    write(
        "tokenizer_config.json",
        "{\"pad_token\": \"<p>\", \"tokenizer_class\": \"TokenizersBackend\"}");
    assertEquals(Map.of("pad_token", "<p>"), files.specialTokens());
  }

  @Test
  void theOldMapOfSpecialTokensCountsWhereThereIsNoDecoder() throws IOException {
    write("special_tokens_map.json", "{\"eos_token\": {\"content\": \"<e>\"}}");
    String config =
        "{\"eos_token\": \"<|im_end|>\", \"pad_token\": \"<p>\", \"unk_token\": null,"
            + " \"image_token\": \"<i>\"%s}";
    write("tokenizer_config.json", config.formatted(", \"added_tokens_decoder\": {}"));
    Map<String, String> tokens = new HashMap<>();
    tokens.put("eos_token", "<|im_end|>");
    tokens.put("pad_token", "<p>");
    tokens.put("image_token", "<i>");
    assertEquals(tokens, files.specialTokens());
    write("tokenizer_config.json", config.formatted(""));
    tokens.put("eos_token", "<e>");
    assertEquals(tokens, files.specialTokens());
    write(
        "tokenizer_config.json",
        config.formatted(", \"extra_special_tokens\": {\"video_token\": \"<v>\"}"));
    tokens.put("video_token", "<v>");
    assertEquals(tokens, files.specialTokens());
  }

  @Test
  void aModelsOwnTokensCountWhereNothingElseNamesAny() throws IOException {
    String config = "{\"model_specific_special_tokens\": {\"image_token\": \"<i>\"}%s}";
    for (String beside : List.of("", ", \"eos_token\": \"<e>\"")) {
      write("tokenizer_config.json", config.formatted(beside));
      assertEquals("<i>", files.specialTokens().get("image_token"));
    }
    for (String beside :
        List.of("\"video_token\": \"<v>\"", "\"extra_special_tokens\": {\"v\": \"<v>\"}")) {
      write("tokenizer_config.json", config.formatted(", " + beside));
      assertEquals(null, files.specialTokens().get("image_token"));
    }
  }

  @Test
  void settingsOfATokenizerThatNobodyFollowsAreNamed() throws IOException {
    tokenizer(List.of());
    for (String key : List.of("split_special_tokens", "add_prefix_space")) {
      for (String value : List.of("null", "false")) {
        write("tokenizer_config.json", "{\"%s\": %s}".formatted(key, value));
        files.tokenizer();
      }
      write("tokenizer_config.json", "{\"%s\": true}".formatted(key));
      refused(files::tokenizer, key + " in tokenizer_config.json is true");
    }
  }

  /**
   * transformers 5.23.0 makes Qwen2Tokenizer's steps itself and takes other classes' as they are.
   */
  @Test
  void theStepsOfQwensTokenizerAreItsOwn() throws IOException {
    String bytes = "{\"type\": \"ByteLevel\", \"add_prefix_space\": true, \"use_regex\": true}";
    step("normalizer", "{\"type\": \"Lowercase\"}", true, "normalizer of tokenizer.json");
    step("normalizer", "null", true, "normalizer of tokenizer.json");
    step("pre_tokenizer", bytes, true, "pre_tokenizer of tokenizer.json");
    step("post_processor", bytes, false, null);
    String template = "{\"type\": \"TemplateProcessing\", \"single\": [%s{\"Sequence\": {}}]}";
    step("post_processor", template.formatted(""), false, null);
    String adds = template.formatted("{\"SpecialToken\": {\"id\": \"<|im_start|>\"}}, ");
    step("post_processor", adds, false, "post_processor in tokenizer.json adds tokens");
    String both = "{\"type\": \"Sequence\", \"processors\": [%s, %s]}".formatted(bytes, adds);
    step("post_processor", both, false, "post_processor in tokenizer.json adds tokens");
    step("post_processor", "{\"type\": \"RobertaProcessing\"}", false, "adds tokens");
    ObjectNode json = (ObjectNode) tokenizer(List.of());
    ((ObjectNode) json.path("model")).put("dropout", 0.1).put("ignore_merges", true);
    write("tokenizer.json", json.toString());
    write("tokenizer_config.json", "{}");
    refused(files::tokenizer, "model.dropout in", "model.ignore_merges in tokenizer.json is true");
  }

  @Test
  void theModelsPictureTokenIsThatOfItsConfig() throws IOException {
    assertTrue(files.imageTokenId().isEmpty(), "a tokenizer alone");
    write("config.json", "{\"image_token_id\": 7, \"text_config\": {\"image_token_id\": 8}}");
    assertEquals(7, files.imageTokenId().getAsInt());
    write("config.json", "{}");
    assertEquals(151655, files.imageTokenId().getAsInt());
  }

  @Test
  void aTokenOfTheDecoderAloneIsAnAddedToken() throws IOException {
    JsonNode whole = tokenizer(List.of());
    write("tokenizer_config.json", Files.readString(MODEL.resolve("tokenizer_config.json")));
    assertEquals(whole, files.tokenizer(), "nothing is missing");
    tokenizer(List.of("<|image_pad|>", "<|im_end|>"));
    assertEquals(whole, files.tokenizer());
    tokenizer(List.of("<|image_pad|>"));
    write("tokenizer_config.json", "{}");
    write("added_tokens.json", Files.readString(MODEL.resolve("added_tokens.json")));
    assertEquals(495, id("<|image_pad|>"));
  }

  @Test
  void aNamedTokenThatNobodyAddedHasItsIdOfTheVocabularyOrTheNextOne() throws IOException {
    tokenizer(List.of());
    int red = JSON.readTree(folder.resolve("tokenizer.json").toFile()).at("/model/vocab/r").asInt();
    write("tokenizer_config.json", "{\"eos_token\": \"r\", \"extra_special_tokens\": [\"<new>\"]}");
    assertEquals(red, id("r"));
    assertEquals(497, id("<new>"));
    String extra = "{\"eos_token\": \"\", \"additional_special_tokens\": [\"<old>\"]%s}";
    write("tokenizer_config.json", extra.formatted(""));
    assertEquals(497, id("<old>"));
    write("tokenizer_config.json", extra.formatted(", \"extra_special_tokens\": [\"<new>\"]"));
    assertEquals(497, id("<new>"));
    assertEquals(-1, id("<old>"));
  }

  @Test
  void whatIsNoTokenIsNamed() throws IOException {
    for (String value : List.of("5", "false", "[\"<e>\"]", "{\"a\": 1}")) {
      write("tokenizer_config.json", "{\"eos_token\": %s}".formatted(value));
      refused(files::specialTokens, "tokenizer_config.json", "eos_token is no token");
    }
    write("tokenizer_config.json", "{}");
    write("special_tokens_map.json", "{\"pad_token\": 7}");
    refused(files::specialTokens, "special_tokens_map.json", "pad_token is no token: 7");
  }

  @Test
  void twoFilesThatContradictEachOtherAreRefused() throws IOException {
    tokenizer(List.of());
    decoder("496", "<|image_pad|>");
    refused(files::tokenizer, "token 496 is '<|video_pad|>'", "'<|image_pad|>' in added_tokens");
    decoder("600", "<|image_pad|>");
    refused(files::tokenizer, "'<|image_pad|>' is 495 in tokenizer.json and 600");
    decoder("x", "<answer>");
    refused(files::tokenizer, "added_tokens_decoder has a token that is none");
    write("tokenizer_config.json", "{\"added_tokens_decoder\": {\"495\": \"<|image_pad|>\"}}");
    refused(files::tokenizer, "added_tokens_decoder has a token that is none");
  }

  @Test
  void aFileThatIsNoObjectIsNamed() throws IOException {
    for (String text : List.of("[]", "{", "")) {
      write("preprocessor_config.json", text);
      refused(files::imageProcessor, "preprocessor_config.json", "no JSON");
    }
  }

  private void template(String expected, String file, String text) throws IOException {
    write(file, text);
    assertEquals(expected, files.chatTemplate().orElse(""));
  }

  private void pictures(int expected, String file, String text) throws IOException {
    write(file, text);
    assertEquals(expected, files.imageProcessor().json().path("min_pixels").asInt());
  }

  /** The reference's tokenizer.json without some of its added tokens. */
  private JsonNode tokenizer(List<String> without) throws IOException {
    ObjectNode json = (ObjectNode) JSON.readTree(MODEL.resolve("tokenizer.json").toFile());
    json.withArray("added_tokens").removeIf(t -> without.contains(t.path("content").asText()));
    write("tokenizer.json", json.toString());
    return json;
  }

  private void step(String key, String value, boolean ofQwenAlone, String reason)
      throws IOException {
    ObjectNode json = (ObjectNode) tokenizer(List.of());
    json.set(key, JSON.readTree(value));
    write("tokenizer.json", json.toString());
    for (String type : List.of("Qwen2Tokenizer", "PreTrainedTokenizerFast")) {
      write("tokenizer_config.json", "{\"tokenizer_class\": \"%s\"}".formatted(type));
      if (reason == null || ofQwenAlone && type.startsWith("Pre")) {
        files.tokenizer();
      } else {
        refused(files::tokenizer, reason);
      }
    }
  }

  private void decoder(String id, String token) throws IOException {
    write(
        "tokenizer_config.json",
        "{\"added_tokens_decoder\": {\"%s\": {\"content\": \"%s\"}}}".formatted(id, token));
  }

  private int id(String token) {
    for (JsonNode added : files.tokenizer().path("added_tokens")) {
      if (added.path("content").asText().equals(token)) {
        return added.path("id").asInt();
      }
    }
    return -1;
  }

  private void write(String file, String text) throws IOException {
    Files.writeString(folder.resolve(file), text);
  }

  private static void refused(Executable work, String... words) {
    RelookException error = assertThrows(RelookException.class, work);
    assertEquals(RelookException.Category.MODEL, error.category());
    for (String word : words) {
      assertTrue(error.getMessage().contains(word), error.getMessage());
    }
  }
}
