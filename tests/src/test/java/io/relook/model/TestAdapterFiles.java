package io.relook.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.lakehouse.RelookException;
import io.relook.model.checkpoint.Adapter;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.LoraConfig;
import io.relook.model.checkpoint.ModelConfig;
import io.relook.model.checkpoint.Modules;
import io.relook.model.checkpoint.TensorFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What adapter files mean, and which are refused. */
class TestAdapterFiles {
  private static final Path MODEL =
      Path.of(System.getProperty("relook.root"), "tests/src/test/resources/goldens/model-b");
  private static final Configuration HADOOP = new Configuration();

  private static ModelConfig model;

  @TempDir Path folder;

  @BeforeAll
  static void load() {
    try (Checkpoint checkpoint = Checkpoint.open(MODEL.toString(), HADOOP)) {
      model = checkpoint.config();
    }
  }

  @Test
  void targetsMeanWhatPeftMeans() {
    Set<String> text =
        layers(new Modules.Matching("model\\.language_model\\.layers\\.0\\..*_proj"));
    assertEquals(text, layers(new Modules.Matching("model\\.layers\\.0\\..*_proj")));
    assertEquals(7, text.size());
    Set<String> down = layers(new Modules.Named(List.of("down_proj")));
    assertTrue(down.contains("visual.blocks.0.mlp.down_proj"), "both halves have some");
    assertTrue(layers(new Modules.Named(List.of("proj"))).contains("visual.blocks.0.attn.proj"));
    assertFalse(
        layers(new Modules.Named(List.of("proj"))).contains("model.layers.0.self_attn.q_proj"),
        "a name is whole");
    assertEquals(Set.of(), layers(new Modules.Matching("q_proj")), "a pattern is for the whole");
    assertEquals(Modules.linearLayers(model).keySet(), layers(new Modules.AllLinear()));
    assertEquals(4 / Math.sqrt(2), LoraConfig.of(2, 4, true, "q_proj").scale(), 1e-12);
  }

  @Test
  void whatDoesNotFitIsSaidInOneError() throws IOException {
    copyOf("\"r\": 2", "\"r\": 3");
    refused("lora_A.weight has shape [2, 96], not [3, 96]", "lora_B.weight has shape [96, 2]");
    copyOf("\"v_proj\"", "\"o_proj\"");
    refused(
        "missing base_model.model.model.language_model.layers.0.self_attn.o_proj.lora_A.weight",
        "unexpected base_model.model.model.language_model.layers.1.self_attn.v_proj.lora_B.weight");
    copyOf("\"q_proj\",\n    \"v_proj\"", "\"w_proj\"");
    refused("names no linear layer", "unexpected");
  }

  @Test
  void whatTheEngineDoesNotDoIsNamed() throws IOException {
    copyOf("\"modules_to_save\": null", "\"modules_to_save\": [\"lm_head\"]");
    refused("modules_to_save is [\"lm_head\"]");
    for (String[] change :
        new String[][] {
          {"\"use_dora\": false", "\"use_dora\": true"},
          {"\"bias\": \"none\"", "\"bias\": \"all\""},
          {"\"fan_in_fan_out\": false", "\"fan_in_fan_out\": true"},
          {"\"lora_bias\": false", "\"lora_bias\": true"},
          {"\"rank_pattern\": {}", "\"rank_pattern\": {\"q_proj\": 4}"},
          {"\"layers_to_transform\": null", "\"layers_to_transform\": [0]"},
          {"\"init_lora_weights\": true", "\"init_lora_weights\": \"pissa\""},
          {"\"peft_type\": \"LORA\"", "\"peft_type\": \"IA3\""},
          {"\"use_dora\": false", "\"kasa_config\": {}"},
          {"\"r\": 2", "\"r\": 0"},
          {"\"lora_alpha\": 2", "\"lora_alpha\": \"two\""},
          {"\"lora_alpha\": 2", "\"lora_alpha\": Infinity"},
          {"\"lora_alpha\": 2", "\"lora_alpha\": NaN"},
          {"\"lora_alpha\": 2", "\"lora_alpha\": 1e999"},
          {"\"target_modules\": [\n    \"q_proj\",", "\"target_modules\": [\n    3,"}
        }) {
      copyOf(change[0], change[1]);
      refused(change[1].substring(1, change[1].indexOf('"', 1)));
    }
    copyOf("\"use_dora\": false", "\"use_dora\": true, \"later_idea\": 1");
    refused("use_dora", "later_idea");
  }

  /** peft saves float16 where the base is: 0x3C00 is 1, 0xB800 is -0.5. */
  @Test
  void valuesInFloat16AreRead() throws IOException {
    copyOf("", "");
    TensorFile floats = new TensorFile(MODEL.resolve("adapter/adapter_model.safetensors"));
    StringBuilder header = new StringBuilder("{");
    int at = 0;
    for (String name : floats.names()) {
      int end = at + 2 * floats.floats(name).length;
      header.append(
          "%s\"%s\":{\"dtype\":\"F16\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(at == 0 ? "" : ",", name, floats.shape(name), at, end));
      at = end;
    }
    byte[] json = header.append("}").toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = ByteBuffer.allocate(8 + json.length + at).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json);
    for (int i = 0; file.hasRemaining(); i++) {
      file.putShort((short) (i % 2 == 0 ? 0x3C00 : 0xB800));
    }
    Files.write(folder.resolve("adapter_model.safetensors"), file.array());
    Adapter read = Adapter.read(folder.toString(), model, HADOOP);
    for (Adapter.Pair pair : read.pairs().values()) {
      assertEquals(1f, pair.a()[0]);
      assertEquals(-0.5f, pair.b()[1]);
    }
  }

  @Test
  void aMissingOrBrokenFileIsSaid() throws IOException {
    copyOf("", "");
    Files.delete(folder.resolve("adapter_model.safetensors"));
    refused("no adapter_model.safetensors");
    copyOf("", "");
    Files.writeString(folder.resolve("adapter_config.json"), "{");
    refused("no JSON");
    Files.delete(folder.resolve("adapter_config.json"));
    refused("no adapter_config.json");
  }

  private static Set<String> layers(Modules targets) {
    return new LoraConfig(2, 4, false, targets, new Modules.Named(List.of()))
        .layers(model)
        .keySet();
  }

  /** The reference's adapter with a text of its settings replaced. */
  private void copyOf(String right, String wrong) throws IOException {
    Path from = MODEL.resolve("adapter");
    String settings = Files.readString(from.resolve("adapter_config.json"));
    assertTrue(settings.contains(right), right);
    Files.writeString(folder.resolve("adapter_config.json"), settings.replace(right, wrong));
    Files.write(
        folder.resolve("adapter_model.safetensors"),
        Files.readAllBytes(from.resolve("adapter_model.safetensors")));
  }

  private void refused(String... words) {
    RelookException error =
        assertThrows(RelookException.class, () -> Adapter.read(folder.toString(), model, HADOOP));
    assertEquals(RelookException.Category.MODEL, error.category());
    for (String word : words) {
      assertTrue(error.getMessage().contains(word), error.getMessage());
    }
  }
}
