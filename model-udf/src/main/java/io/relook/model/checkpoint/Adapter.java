package io.relook.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;

/**
 * A LoRA adapter of a model in memory. Its files are peft's: {@code adapter_config.json} and {@code
 * adapter_model.safetensors}.
 *
 * @param pairs by the published name of the layer
 */
public record Adapter(LoraConfig config, Map<String, Pair> pairs) {
  private static final ObjectMapper JSON = new ObjectMapper();
  static final String SETTINGS = "adapter_config.json";
  static final String TENSORS = "adapter_model.safetensors";
  private static final String PREFIX = "base_model.model.";

  /** What is read, or says nothing about the numbers. All other keys must be off. */
  private static final Set<String> KNOWN =
      Set.of(
          "peft_type",
          "r",
          "lora_alpha",
          "use_rslora",
          "target_modules",
          "exclude_modules",
          "lora_dropout",
          "init_lora_weights",
          "auto_mapping",
          "base_model_name_or_path",
          "revision",
          "inference_mode",
          "task_type",
          "peft_version",
          "megatron_core",
          "qalora_group_size",
          "runtime_config");

  /** Initialisations that leave the base as it is. */
  private static final Set<String> PLAIN_STARTS = Set.of("gaussian", "orthogonal");

  /** A (rank, in) and B (out, rank), row after row. */
  public record Pair(float[] a, float[] b) {}

  public Adapter {
    pairs = Collections.unmodifiableMap(new TreeMap<>(pairs));
  }

  /**
   * A new adapter that changes nothing yet: A uniform in ±1/√in, B zero, as peft begins.
   *
   * @param seed of A
   */
  public static Adapter fresh(LoraConfig config, ModelConfig model, long seed) {
    Map<String, List<Long>> layers = config.layers(model);
    if (layers.isEmpty()) {
      throw CheckpointErrors.noTargets(config.targets());
    }
    Random random = new Random(seed);
    Map<String, Pair> pairs = new TreeMap<>();
    layers.forEach(
        (module, shape) -> {
          float[] a = new float[Math.toIntExact(config.rank() * shape.get(1))];
          double most = 1 / Math.sqrt(shape.get(1));
          for (int i = 0; i < a.length; i++) {
            a[i] = (float) ((2 * random.nextDouble() - 1) * most);
          }
          pairs.put(module, new Pair(a, new float[Math.toIntExact(shape.get(0) * config.rank())]));
        });
    return new Adapter(config, pairs);
  }

  /** Reads an adapter; one error says all that does not fit the model or the engine. */
  public static Adapter read(String uri, ModelConfig model, Configuration hadoop) {
    try (LocalFolder folder = LocalFolder.of(uri, hadoop)) {
      List<String> problems = new ArrayList<>();
      LoraConfig config = settings(json(uri, folder.path()), problems);
      Path file = folder.path().resolve(TENSORS);
      if (!Files.isRegularFile(file)) {
        problems.add("it has no " + TENSORS);
      }
      if (config == null || !problems.isEmpty()) {
        throw CheckpointErrors.badAdapter(uri, problems);
      }
      Map<String, Pair> pairs = pairs(new TensorFile(file), config, model, problems);
      if (!problems.isEmpty()) {
        throw CheckpointErrors.badAdapter(uri, problems);
      }
      return new Adapter(config, pairs);
    }
  }

  /** Writes both files as peft reads them, for a base that is in the folder above. */
  public void write(CheckpointWriter writer, String uri, ModelConfig model) {
    List<CheckpointWriter.Target> targets = new ArrayList<>();
    Map<String, float[]> values = new TreeMap<>();
    Map<String, List<Long>> layers = Modules.linearLayers(model);
    pairs.forEach(
        (module, pair) -> {
          List<Long> shape = layers.get(module);
          long rank = config.rank();
          put(targets, values, key(module, "lora_A"), pair.a, rank, shape.get(1));
          put(targets, values, key(module, "lora_B"), pair.b, shape.get(0), rank);
        });
    writer.writeTensors(uri + "/" + TENSORS, targets, DType.F32, (name, count) -> values.get(name));
    writer.writeJson(uri + "/" + SETTINGS, settings());
  }

  private static void put(
      List<CheckpointWriter.Target> targets,
      Map<String, float[]> values,
      String key,
      float[] value,
      long rows,
      long columns) {
    targets.add(new CheckpointWriter.Target(key, List.of(rows, columns)));
    values.put(key, value);
  }

  private static String key(String module, String which) {
    return PREFIX + ExpectedTensors.newerName(module) + "." + which + ".weight";
  }

  private ObjectNode settings() {
    ObjectNode json = JSON.createObjectNode();
    json.put("peft_type", "LORA");
    json.put("task_type", "CAUSAL_LM");
    json.put("base_model_name_or_path", "..");
    json.put("inference_mode", true);
    json.put("r", config.rank());
    if (config.alpha() == Math.rint(config.alpha())) {
      json.put("lora_alpha", (long) config.alpha());
    } else {
      json.put("lora_alpha", config.alpha());
    }
    json.put("use_rslora", config.rankStabilised());
    json.put("lora_dropout", 0.0);
    json.put("bias", "none");
    json.put("fan_in_fan_out", false);
    json.put("init_lora_weights", true);
    json.put("use_dora", false);
    json.putNull("modules_to_save");
    json.set("target_modules", json(config.targets()));
    json.set("exclude_modules", json(config.excluded()));
    return json;
  }

  private static JsonNode json(Modules modules) {
    if (modules instanceof Modules.Named named) {
      return named.names().isEmpty()
          ? JSON.getNodeFactory().nullNode()
          : JSON.valueToTree(named.names());
    }
    return JSON.getNodeFactory()
        .textNode(modules instanceof Modules.Matching m ? m.regex() : "all-linear");
  }

  private static JsonNode json(String uri, Path folder) {
    Path file = folder.resolve(SETTINGS);
    if (!Files.isRegularFile(file)) {
      throw CheckpointErrors.badAdapter(uri, List.of("it has no " + SETTINGS));
    }
    try {
      JsonNode json = CheckpointFiles.JSON.readTree(Files.readAllBytes(file));
      if (!json.isObject()) {
        throw CheckpointErrors.badAdapter(uri, List.of(SETTINGS + " is no JSON object"));
      }
      return json;
    } catch (com.fasterxml.jackson.core.JacksonException e) {
      throw CheckpointErrors.badAdapter(
          uri, List.of("%s is no JSON (%s)".formatted(SETTINGS, e.getOriginalMessage())));
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(file.toString(), e);
    }
  }

  /** Null where a problem leaves nothing to go on with. */
  private static LoraConfig settings(JsonNode json, List<String> problems) {
    json.properties()
        .forEach(
            entry -> {
              if (!KNOWN.contains(entry.getKey()) && !isOff(entry.getKey(), entry.getValue())) {
                problems.add(
                    "%s is %s, which the engine does not do"
                        .formatted(entry.getKey(), entry.getValue()));
              }
            });
    JsonNode type = json.path("peft_type");
    if (!type.asText().equals("LORA")) {
      problems.add("peft_type is %s, not LORA".formatted(type));
    }
    JsonNode start = json.path("init_lora_weights");
    if (start.isTextual() && !PLAIN_STARTS.contains(start.asText())) {
      problems.add("init_lora_weights is %s, which changes the base".formatted(start));
    }
    JsonNode rank = json.path("r");
    if (!rank.isIntegralNumber() || !rank.canConvertToInt() || rank.asInt() < 1) {
      problems.add("r must be a whole number from 1, not " + rank);
    }
    JsonNode alpha = json.path("lora_alpha");
    if (!alpha.isNumber() || !(alpha.asDouble() > 0) || !Double.isFinite(alpha.asDouble())) {
      problems.add("lora_alpha must be a finite number above 0, not " + alpha);
    }
    JsonNode stabilised = json.path("use_rslora");
    if (!stabilised.isMissingNode() && !stabilised.isBoolean()) {
      problems.add("use_rslora must be true or false, not " + stabilised);
    }
    Modules targets = modules("target_modules", json.path("target_modules"), problems);
    Modules excluded = modules("exclude_modules", json.path("exclude_modules"), problems);
    return problems.isEmpty()
        ? new LoraConfig(rank.asInt(), alpha.asDouble(), stabilised.asBoolean(), targets, excluded)
        : null;
  }

  /** An empty dict is nothing, but for an extension's own settings, which are on where they are. */
  private static boolean isOff(String key, JsonNode value) {
    boolean extension = key.endsWith("_config") && !key.equals("loftq_config");
    return value.isNull()
        || value.isBoolean() && !value.asBoolean()
        || value.isTextual() && value.asText().equals("none")
        || value.isContainerNode() && value.isEmpty() && !extension;
  }

  private static Modules modules(String key, JsonNode value, List<String> problems) {
    boolean optional = key.startsWith("exclude");
    if (value.isTextual()) {
      try {
        return Modules.of(value.asText());
      } catch (java.util.regex.PatternSyntaxException e) {
        problems.add("%s is no regular expression: %s".formatted(key, e.getDescription()));
        return null;
      }
    }
    if (value.isArray() && value.valueStream().allMatch(JsonNode::isTextual)) {
      return new Modules.Named(value.valueStream().map(JsonNode::asText).sorted().toList());
    }
    if (optional && (value.isNull() || value.isMissingNode())) {
      return new Modules.Named(List.of());
    }
    problems.add(
        "%s must be a list of names or a regular expression, not %s".formatted(key, value));
    return null;
  }

  private static Map<String, Pair> pairs(
      TensorFile file, LoraConfig config, ModelConfig model, List<String> problems) {
    Map<String, String> found = new TreeMap<>();
    for (String name : file.names()) {
      String bare = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
      found.put(ExpectedTensors.published(bare), name);
    }
    Map<String, List<Long>> layers = config.layers(model);
    if (layers.isEmpty()) {
      problems.add("target_modules names no linear layer of the model");
    }
    Map<String, Pair> pairs = new TreeMap<>();
    Set<String> unexpected = new TreeSet<>(found.keySet());
    layers.forEach(
        (module, shape) -> {
          long rank = config.rank();
          String a = module + ".lora_A.weight";
          String b = module + ".lora_B.weight";
          unexpected.remove(a);
          unexpected.remove(b);
          float[] valuesOfA = values(file, found, a, List.of(rank, shape.get(1)), problems);
          float[] valuesOfB = values(file, found, b, List.of(shape.get(0), rank), problems);
          pairs.put(module, new Pair(valuesOfA, valuesOfB));
        });
    unexpected.forEach(name -> problems.add("unexpected " + found.get(name)));
    return pairs;
  }

  /** Null where there is a problem with them. */
  private static float[] values(
      TensorFile file,
      Map<String, String> found,
      String name,
      List<Long> shape,
      List<String> problems) {
    String key = found.get(name);
    if (key == null) {
      problems.add("missing " + PREFIX + ExpectedTensors.newerName(name));
      return null;
    }
    if (!file.shape(key).equals(shape)) {
      problems.add("%s has shape %s, not %s".formatted(key, file.shape(key), shape));
      return null;
    }
    float[] values;
    try {
      values = file.floats(key);
    } catch (IllegalArgumentException e) {
      problems.add(e.getMessage());
      return null;
    }
    for (float value : values) {
      if (!Float.isFinite(value)) {
        problems.add(key + " holds NaN or infinity");
        return null;
      }
    }
    return values;
  }
}
