package io.relook.preset;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.relook.lakehouse.RelookException;
import io.relook.model.image.Transparency;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * YAML to {@link Preset}, with {@code a.b=c} overrides: all problems at once, unknown keys with the
 * nearest known one. A key that has a {@link Default} may be left out, and so may a mapping.
 */
public final class PresetReader {
  /** Whole numbers of which none is a sensible choice; the others count something. */
  private static final Set<String> MAY_BE_ZERO =
      Set.of(
          "scenesSeed",
          "minPixels",
          "firstSamples",
          "warmupSteps",
          "skippedSteps",
          "skip",
          "limit",
          "constantLength",
          "overlongCache",
          "resample",
          "every",
          "retries",
          "trainQuestions",
          "testQuestions",
          "validationQuestions",
          "iterations",
          "epochs",
          "steps");

  /** The sets of values that {@code grpo.objective} may name. */
  private static final List<String> OBJECTIVES =
      List.of("vre", "trl", "verl", "dapo", "dr_grpo", "gspo");

  private static final YAMLMapper YAML =
      YAMLMapper.builder().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).build();

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS).build();

  private static final YAMLMapper WRITER =
      YAMLMapper.builder()
          .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
          .disable(MapperFeature.AUTO_DETECT_IS_GETTERS) // A record's components alone.
          .addModule(new SimpleModule().addSerializer(Enum.class, new LowerCase()))
          .build();

  private final List<String> problems = new ArrayList<>();

  private PresetReader() {}

  /**
   * Reads {@code name} from a folder of presets, or a file where it ends in .yaml. A file that
   * {@code extends} another beside it has that one's values where it names none.
   *
   * @param overrides such as {@code grpo.steps=3}; the value is YAML, a number in the key is a
   *     place in a list
   */
  public static Preset read(Path presets, String name, String... overrides) {
    Path file = name.endsWith(".yaml") ? path(name) : presets.resolve(named(name) + ".yaml");
    return parse(file.toString(), tree(name, file, new ArrayList<>()), overrides);
  }

  private static Path path(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw PresetErrors.unreadable(name, e);
    }
  }

  /** A name is no path: it stays among the presets. */
  private static String named(String name) {
    if (!name.matches("\\w[\\w.-]*")) {
      throw PresetErrors.noName(name);
    }
    return name;
  }

  private static JsonNode tree(String name, Path file, List<Path> children) {
    if (!Files.isRegularFile(file)) {
      throw PresetErrors.missing(name, file);
    }
    JsonNode own;
    try {
      own = tree(file.toString(), Files.readString(file));
    } catch (IOException e) {
      throw PresetErrors.unreadable(file.toString(), e);
    }
    if (!own.has("extends")) {
      return own;
    }
    String parent = named(((ObjectNode) own).remove("extends").asText());
    Path beside = file.resolveSibling(parent + ".yaml");
    children.add(file);
    if (children.contains(beside)) {
      throw PresetErrors.problems(
          file.toString(), List.of("extends %s goes round in a circle".formatted(parent)));
    }
    return lay(own, tree(parent, beside, children));
  }

  /** A mapping's values over another's; a value that is no mapping replaces the whole. */
  private static JsonNode lay(JsonNode over, JsonNode under) {
    if (!over.isObject() || !under.isObject()) {
      return over;
    }
    over.properties()
        .forEach(
            entry ->
                ((ObjectNode) under)
                    .set(entry.getKey(), lay(entry.getValue(), under.path(entry.getKey()))));
    return under;
  }

  private static JsonNode tree(String name, String yaml) {
    try {
      return YAML.readTree(yaml);
    } catch (IOException e) {
      throw PresetErrors.noYaml(name, e);
    }
  }

  /** As above, of a text; {@code name} stands in messages. */
  public static Preset parse(String name, String yaml, String... overrides) {
    return parse(name, tree(name, yaml), overrides);
  }

  private static Preset parse(String name, JsonNode root, String... overrides) {
    PresetReader reader = new PresetReader();
    reader.objective(root);
    for (String override : overrides) {
      reader.override(root, override);
      reader.objective(root);
    }
    reader.record(root, Preset.class, "");
    if (!reader.problems.isEmpty()) {
      throw PresetErrors.problems(name, reader.problems);
    }
    try {
      return MAPPER.convertValue(root, Preset.class);
    } catch (IllegalArgumentException e) {
      throw PresetErrors.problems(name, List.of(ownCheck(e)));
    }
  }

  /**
   * A run's settings as {@link #yaml} wrote them, every value. A Relook that did not know {@code
   * rollout.transparency} dropped alpha.
   */
  public static Preset recorded(String name, String yaml) {
    JsonNode root = tree(name, yaml);
    if (root.path("rollout") instanceof ObjectNode rollout && !rollout.has("transparency")) {
      rollout.put("transparency", Transparency.DROP.word());
    }
    return parse(name, root);
  }

  /** Every value, as {@link #parse} reads it. */
  public static String yaml(Preset preset) {
    try {
      return WRITER.writeValueAsString(preset);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * What a preset has other than a recorded one, such as {@code grpo.steps: 3, now 6}; a record
   * that cannot be read differs as a whole.
   */
  public static List<String> changes(String recorded, Preset preset) {
    Preset before;
    try {
      before = recorded("the recorded preset", recorded);
    } catch (RelookException e) {
      return List.of("the recorded settings cannot be read (%s)".formatted(e.getMessage()));
    }
    List<String> changes = new ArrayList<>();
    changes("", WRITER.valueToTree(before), WRITER.valueToTree(preset), changes);
    return changes;
  }

  private static void changes(String at, JsonNode before, JsonNode now, List<String> changes) {
    if (before.isObject() && now.isObject()) {
      Set<String> keys = new TreeSet<>();
      before.fieldNames().forEachRemaining(keys::add);
      now.fieldNames().forEachRemaining(keys::add);
      for (String key : keys) {
        String path = at.isEmpty() ? key : at + "." + key;
        changes(path, before.path(key), now.path(key), changes);
      }
    } else if (!before.equals(now)) {
      changes.add("%s: %s, now %s".formatted(at, before, now));
    }
  }

  /** Enums as presets write them. */
  @SuppressWarnings("rawtypes") // What Jackson's module wants.
  private static final class LowerCase extends StdSerializer<Enum> {
    LowerCase() {
      super(Enum.class);
    }

    @Override
    public void serialize(Enum value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeString(value.name().toLowerCase(Locale.ROOT));
    }
  }

  /** What a record's constructor says of its values. */
  private static String ownCheck(Throwable error) {
    for (Throwable at = error; at != null; at = at.getCause()) {
      if (at instanceof RelookException) {
        return at.getMessage();
      }
    }
    return error.getMessage();
  }

  /** A set's name becomes its values; values that the preset gives lie over those of their set. */
  private void objective(JsonNode root) {
    JsonNode given = root.path("grpo").path("objective");
    boolean absent = given.isMissingNode() && root.path("grpo").isObject();
    if (!absent && !given.isTextual() && !given.isObject()) {
      return;
    }
    String name = given.isTextual() ? given.asText() : given.path("preset").asText("vre");
    if (!OBJECTIVES.contains(name)) {
      problems.add(
          "grpo.objective must be one of %s or a mapping, not %s".formatted(OBJECTIVES, name));
      name = OBJECTIVES.get(0);
    }
    ObjectNode values = objective(name);
    if (given.has("preset") && given.size() > values.size()) {
      problems.add("grpo.objective.preset comes too late: choose grpo.objective=" + name);
    }
    given
        .properties()
        .forEach(
            entry -> {
              if (!entry.getKey().equals("preset")) {
                values.set(entry.getKey(), entry.getValue());
              }
            });
    ((ObjectNode) root.path("grpo")).set("objective", values);
  }

  private static ObjectNode objective(String name) {
    String resource = "/objectives/" + name + ".yaml";
    try (InputStream in = PresetReader.class.getResourceAsStream(resource)) {
      return (ObjectNode) YAML.readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void override(JsonNode root, String override) {
    int equals = override.indexOf('=');
    String[] path = override.substring(0, Math.max(0, equals)).split("\\.", -1);
    JsonNode value = null;
    try {
      value = equals < 0 ? null : YAML.readTree(override.substring(equals + 1));
    } catch (JsonProcessingException e) {
      // Told below: there is no value.
    }
    if (value == null || Arrays.stream(path).anyMatch(String::isBlank)) {
      problems.add("the override %s is not like grpo.steps=3".formatted(override));
      return;
    }
    JsonNode at = root;
    for (int i = 0; i + 1 < path.length && at != null; i++) {
      JsonNode next = child(at, path[i]);
      if (at.isObject() && !next.isContainerNode()) {
        next = ((ObjectNode) at).putObject(path[i]);
      }
      at = next.isContainerNode() ? next : null;
    }
    String last = path[path.length - 1];
    value = value.isMissingNode() ? YAML.getNodeFactory().nullNode() : value;
    if (at != null && at.isObject()) {
      ((ObjectNode) at).set(last, value);
    } else if (at != null && !child(at, last).isMissingNode()) {
      ((ArrayNode) at).set(Integer.parseInt(last), value);
    } else {
      problems.add("the override %s leads nowhere".formatted(override));
    }
  }

  private static JsonNode child(JsonNode node, String key) {
    return node.isArray() && key.matches("\\d{1,6}")
        ? node.path(Integer.parseInt(key))
        : node.path(key);
  }

  private void record(JsonNode node, Class<?> type, String at) {
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
      String name = key(component);
      Default otherwise = component.getAnnotation(Default.class);
      boolean nullable = otherwise != null && otherwise.value().equals("null");
      if (!node.has(name) && otherwise != null) {
        ((ObjectNode) node).set(name, otherwise(otherwise));
      } else if (!node.has(name) && component.getType() == Map.class) {
        ((ObjectNode) node).putObject(name);
      }
      if (!node.has(name)) {
        problems.add("missing key " + at + name);
      } else if (!(nullable && node.get(name).isNull())) {
        value(node.get(name), component.getGenericType(), name, at + name);
      }
    }
  }

  /** A component whose name Java keeps for itself has an underscore behind it. */
  private static String key(RecordComponent component) {
    return component.getName().replaceAll("_$", "");
  }

  private static JsonNode otherwise(Default value) {
    try {
      return YAML.readTree(value.value());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private void value(JsonNode value, Type type, String name, String path) {
    Class<?> wanted = (Class<?>) (type instanceof ParameterizedType p ? p.getRawType() : type);
    String rule = null;
    if (wanted.isRecord()) {
      record(value, wanted, path + ".");
    } else if (wanted == List.class) {
      Type element = ((ParameterizedType) type).getActualTypeArguments()[0];
      rule = value.isArray() ? null : "a list";
      for (int i = 0; i < (value.isArray() ? value.size() : 0); i++) {
        value(value.get(i), element, name, path + "." + i);
      }
    } else if (wanted == Map.class) {
      boolean texts = ((ParameterizedType) type).getActualTypeArguments()[1] == String.class;
      Predicate<JsonNode> fits = texts ? JsonNode::isTextual : JsonNode::isValueNode;
      boolean all = value.isObject() && value.valueStream().allMatch(fits);
      rule =
          all ? null : "a mapping of " + (texts ? "texts" : "texts, numbers, true, false or null");
    } else {
      rule = rule(wanted, name, value);
    }
    if (rule != null) {
      problems.add("%s must be %s, not %s".formatted(path, rule, value));
    }
  }

  /** What a value has to be where it is not, else null. */
  private static String rule(Class<?> wanted, String name, JsonNode value) {
    if (wanted == String.class) {
      return value.isTextual() || value.isIntegralNumber() ? null : "a text";
    }
    if (wanted == boolean.class) {
      return value.isBoolean() ? null : "true or false";
    }
    if (wanted.isEnum()) {
      List<String> words =
          Arrays.stream(wanted.getEnumConstants())
              .map(constant -> constant.toString().toLowerCase(Locale.ROOT))
              .toList();
      return value.isTextual() && words.contains(value.asText()) ? null : "one of " + words;
    }
    if (wanted == double.class || wanted == Double.class) {
      return value.isNumber() && Double.isFinite(value.asDouble()) ? null : "a number";
    }
    long least = MAY_BE_ZERO.contains(name) ? 0 : 1;
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
