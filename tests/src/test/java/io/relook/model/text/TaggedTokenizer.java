package io.relook.model.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Tokenizers of {@code goldens/tags}: that of {@code goldens/tokenizer} with further tokens. */
public final class TaggedTokenizer {
  private static final Path GOLDENS = Path.of("src/test/resources/goldens");
  private static final ObjectMapper JSON = new ObjectMapper();

  private TaggedTokenizer() {}

  static JsonNode variants() throws IOException {
    return JSON.readTree(GOLDENS.resolve("tags/tags.json").toFile()).path("variants");
  }

  /** Writes the tokenizer of a variant, and its template, into a folder. */
  public static void write(String variant, Path folder) throws IOException {
    Files.createDirectories(folder);
    JsonNode file = JSON.readTree(GOLDENS.resolve("tokenizer/tokenizer.json").toFile());
    for (JsonNode one : variants()) {
      if (one.path("name").asText().equals(variant)) {
        ((ArrayNode) file.path("added_tokens")).addAll((ArrayNode) one.path("tokens"));
      }
    }
    JSON.writeValue(folder.resolve("tokenizer.json").toFile(), file);
    for (String beside : List.of("tokenizer_config.json", "chat_template.jinja")) {
      Files.write(
          folder.resolve(beside), Files.readAllBytes(GOLDENS.resolve("tokenizer").resolve(beside)));
    }
  }
}
