package io.relook.training;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** YAML to {@link Preset}: all problems at once, unknown keys with the nearest known one. */
public final class PresetReader {
  /** Whole numbers of which none is a sensible choice; the others count something. */
  private static final Set<String> MAY_BE_ZERO = Set.of("scenesSeed", "minPixels", "warmupSteps");

  /** What may be left out. */
  private static final Set<String> OPTIONAL = Set.of("custom", "class", "sql", "version");

  private final List<String> problems = new ArrayList<>();

  private PresetReader() {}

  /** Reads {@code name} from a folder of presets, or a file where it ends in .yaml. */
  public static Preset read(Path presets, String name) {
    Path file = name.endsWith(".yaml") ? Path.of(name) : presets.resolve(name + ".yaml");
    try {
      if (!Files.isRegularFile(file)) {
        throw new RelookException(
            Category.CONFIG, "There is no preset %s (looked for %s).".formatted(name, file));
      }
      return parse(file.toString(), Files.readString(file));
    } catch (IOException e) {
      throw new RelookException(
          Category.CONFIG, "Cannot read the preset %s: %s.".formatted(file, e.getMessage()), e);
    }
  }

  static Preset parse(String name, String yaml) {
    JsonNode root;
    try {
      root = new YAMLMapper().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).readTree(yaml);
    } catch (IOException e) {
      throw new RelookException(
          Category.CONFIG, "The preset %s is no YAML: %s.".formatted(name, e.getMessage()), e);
    }
    PresetReader reader = new PresetReader();
    reader.check(root, Preset.class, "");
    if (!reader.problems.isEmpty()) {
      throw new RelookException(
          Category.CONFIG,
          "The preset %s has %d problems: %s."
              .formatted(name, reader.problems.size(), String.join("; ", reader.problems)));
    }
    return new ObjectMapper().convertValue(root, Preset.class);
  }

  private void check(JsonNode node, Class<?> type, String at) {
    if (!node.isObject()) {
      String what = at.isEmpty() ? "the file" : at.substring(0, at.length() - 1);
      problems.add(what + " must be a mapping");
      return;
    }
    RecordComponent[] components = type.getRecordComponents();
    List<String> known = Arrays.stream(components).map(PresetReader::key).toList();
    node.fieldNames()
        .forEachRemaining(
            key -> {
              if (!known.contains(key)) {
                String nearest =
                    known.stream().min(Comparator.comparingInt(k -> distance(k, key))).orElse("");
                problems.add("unknown key %s%s (nearest: %s)".formatted(at, key, nearest));
              }
            });
    for (RecordComponent component : components) {
      String path = at + key(component);
      JsonNode value = node.path(key(component));
      Class<?> wanted = component.getType();
      if (value.isMissingNode()) {
        if (!OPTIONAL.contains(key(component))) {
          problems.add("missing key " + path);
        }
      } else if (wanted == List.class) {
        checkEach(value, component, path);
      } else if (wanted.isRecord()) {
        if (!(value.isNull() && wanted == Preset.Ingest.class)) {
          check(value, wanted, path + ".");
        }
      } else {
        String rule = rule(component, value);
        if (rule != null) {
          problems.add("%s must be %s, not %s".formatted(path, rule, value));
        }
      }
    }
  }

  private void checkEach(JsonNode list, RecordComponent component, String path) {
    if (!list.isArray()) {
      problems.add(path + " must be a list");
      return;
    }
    Type element = ((ParameterizedType) component.getGenericType()).getActualTypeArguments()[0];
    for (int i = 0; i < list.size(); i++) {
      check(list.get(i), (Class<?>) element, "%s[%d].".formatted(path, i));
    }
  }

  /** A component whose name Java keeps for itself has an underscore behind it. */
  private static String key(RecordComponent component) {
    return component.getName().replaceAll("_$", "");
  }

  /** What a value has to be where it is not, else null. */
  private static String rule(RecordComponent component, JsonNode value) {
    Class<?> wanted = component.getType();
    if (wanted == String.class) {
      return value.isTextual() ? null : "a text";
    }
    if (wanted == double.class) {
      return value.isNumber() && Double.isFinite(value.asDouble()) ? null : "a number";
    }
    long least = MAY_BE_ZERO.contains(component.getName()) ? 0 : 1;
    boolean fits = wanted == int.class ? value.canConvertToInt() : value.canConvertToLong();
    return value.isIntegralNumber() && fits && value.asLong() >= least
        ? null
        : "a whole number from " + least;
  }

  /** Levenshtein's distance. */
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int corner = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int above = row[j];
        int change = corner + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, Math.min(row[j - 1], above) + 1);
        corner = above;
      }
    }
    return row[b.length()];
  }
}
