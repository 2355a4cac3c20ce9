package io.relook.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.relook.report.RunReport.Setting;
import java.util.ArrayList;
import java.util.List;

/** The settings in a preset as a run recorded it, YAML; what is no mapping is one setting. */
final class RecipeText {
  private static final YAMLMapper YAML = new YAMLMapper();

  private RecipeText() {}

  static List<Setting> settings(String preset) {
    List<Setting> settings = new ArrayList<>();
    try {
      JsonNode root = YAML.readTree(preset);
      if (root.isObject() && !root.isEmpty()) {
        add("", root, settings);
      }
    } catch (JsonProcessingException e) {
      // No YAML: it is shown as it is.
    }
    return settings.isEmpty() ? List.of(new Setting("preset", preset)) : settings;
  }

  private static void add(String path, JsonNode node, List<Setting> settings) {
    if (node.isObject() && !node.isEmpty()) {
      String before = path.isEmpty() ? "" : path + ".";
      node.properties().forEach(entry -> add(before + entry.getKey(), entry.getValue(), settings));
    } else {
      settings.add(new Setting(path, node.isValueNode() ? node.asText() : node.toString()));
    }
  }
}
