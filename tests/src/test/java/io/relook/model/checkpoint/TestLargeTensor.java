package io.relook.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.torch.TorchProgram;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tensor of more than 2 GiB: the embedding of 8.5 million tokens, in a file full of holes. */
class TestLargeTensor {
  private static final int VOCABULARY = 8_500_000;
  private static final int HIDDEN = 64;

  @TempDir private Path folder;

  /**
   * All weights are 0 but the last norm's, which are 1, and the embedding of the last token, whose
   * values are 1: its state is 1 everywhere, its own logit 64, any other's 0.
   */
  @Test
  void loadsAndItsLastRowIsRead() throws IOException {
    ObjectMapper json = new ObjectMapper();
    json.writeValue(folder.resolve("config.json").toFile(), config(json));
    write(json);
    Configuration hadoop = new Configuration();
    try (TorchProgram program = TorchProgram.load(Device.cpu(), 2);
        Checkpoint checkpoint = Checkpoint.open(folder.toString(), hadoop);
        VisionLanguageModel model =
            VisionLanguageModel.load(
                program, checkpoint, VisionLanguageModel.Options.cpu(ComputeType.BFLOAT16, 2))) {
      assertTrue(checkpoint.tensors().get("model.embed_tokens.weight").bytes() > 1L << 31);
      int last = VOCABULARY - 1;
      Prompt prompt = new Prompt(new int[] {last}, List.of());
      List<VisionLanguageModel.Scores> scores =
          model.logProbs(
              List.of(prompt, prompt), List.of(new int[] {last}, new int[] {17, last}), 1);
      assertEquals(0, scores.get(0).logProbs()[0], 1e-6);
      assertEquals(-64, scores.get(1).logProbs()[0], 1e-3);
    }
  }

  private static ObjectNode config(ObjectMapper json) throws IOException {
    ObjectNode config =
        (ObjectNode) json.readTree(TestLargeTensor.class.getResource("/embedded/config.json"));
    config.put("vocab_size", VOCABULARY).put("hidden_size", HIDDEN).put("intermediate_size", 32);
    config.put("num_hidden_layers", 1).put("num_attention_heads", 1).put("num_key_value_heads", 1);
    config.put("image_token_id", 7).put("tie_word_embeddings", true);
    ObjectNode vision = (ObjectNode) config.get("vision_config");
    vision.put("depth", 2).put("out_hidden_size", HIDDEN);
    vision.putArray("fullatt_block_indexes").add(1);
    return config;
  }

  /** The file's length is set, and only what is not 0 is written: the rest takes no space. */
  private void write(ObjectMapper json) throws IOException {
    Map<String, List<Long>> tensors = ExpectedTensors.of(Checkpoint.readConfig(folder));
    ObjectNode header = json.createObjectNode();
    long at = 0;
    for (Map.Entry<String, List<Long>> tensor : tensors.entrySet()) {
      ObjectNode entry = header.putObject(tensor.getKey()).put("dtype", "F32");
      tensor.getValue().forEach(entry.withArray("shape")::add);
      long end = at + 4 * tensor.getValue().stream().reduce(1L, Math::multiplyExact);
      entry.putArray("data_offsets").add(at).add(end);
      at = end;
    }
    byte[] text = json.writeValueAsString(header).getBytes(StandardCharsets.US_ASCII);
    byte[] padded = Arrays.copyOf(text, (text.length + 7) / 8 * 8);
    Arrays.fill(padded, text.length, padded.length, (byte) ' ');
    Path path = folder.resolve("model.safetensors");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(padded.length).array());
      file.write(padded);
      file.setLength(8 + padded.length + at);
      for (String name : List.of("model.norm.weight", "model.embed_tokens.weight")) {
        long end = header.get(name).get("data_offsets").get(1).asLong();
        file.seek(8 + padded.length + end - 4L * HIDDEN);
        ByteBuffer ones = ByteBuffer.allocate(4 * HIDDEN).order(ByteOrder.LITTLE_ENDIAN);
        while (ones.hasRemaining()) {
          ones.putFloat(1);
        }
        file.write(ones.array());
      }
    }
  }
}
