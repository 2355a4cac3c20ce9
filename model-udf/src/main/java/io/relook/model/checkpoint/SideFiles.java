package io.relook.model.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What lies beside a checkpoint's weights, as far as it has it: settings, tokenizer, templates.
 *
 * @param contents by the file's name
 */
public record SideFiles(Map<String, byte[]> contents) {
  private static final List<String> NAMES =
      List.of(
          "config.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "vocab.json",
          "merges.txt",
          "added_tokens.json",
          "special_tokens_map.json",
          "chat_template.jinja",
          "chat_template.json",
          "preprocessor_config.json",
          "video_preprocessor_config.json");

  public SideFiles {
    contents = Collections.unmodifiableMap(new TreeMap<>(contents));
  }

  /** Of a folder on this machine, which may go afterwards. */
  public static SideFiles read(Path folder) {
    Map<String, byte[]> contents = new TreeMap<>();
    for (String name : NAMES) {
      Path file = folder.resolve(name);
      if (Files.isRegularFile(file)) {
        try {
          contents.put(name, Files.readAllBytes(file));
        } catch (IOException e) {
          throw CheckpointErrors.unreadable(file.toString(), e);
        }
      }
    }
    return new SideFiles(contents);
  }
}
