package io.relook.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.relook.lakehouse.RelookException;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.DType;
import io.relook.model.checkpoint.TensorEntry;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.text.TextProcessor;
import io.relook.model.torch.TorchProgram;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What can be wrong with a checkpoint is said before native code computes with it. */
class TestCheckpointFaults {
  private static final Path MODEL =
      Path.of(System.getProperty("relook.root"), "tests/src/test/resources/goldens/model-b");

  @TempDir private Path folder;

  @BeforeEach
  void copy() throws IOException {
    try (Stream<Path> files = Files.list(MODEL)) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
  }

  @Test
  void weightsThatAreNoNumbersAreNamedWhereverAPolicyIsLoaded() throws IOException {
    try (TorchProgram program = TorchProgram.load(Device.cpu(), 1);
        Checkpoint checkpoint = open()) {
      overwrite(checkpoint, "model.norm.weight", 0x7FC0);
      overwrite(checkpoint, "visual.merger.mlp.0.bias", 0xFF80);
      Executable forGeneration =
          () ->
              VisionLanguageModel.load(
                      program, checkpoint, VisionLanguageModel.Options.cpu(ComputeType.FLOAT32, 1))
                  .close();
      Executable forTraining = () -> TrainableModel.load(program, checkpoint).close();
      refused(forGeneration, "model.norm.weight", "visual.merger.mlp.0.bias");
      refused(forTraining, "model.norm.weight", "visual.merger.mlp.0.bias");
    }
  }

  @Test
  void aFileThatIsCutOffIsRefused() throws IOException {
    Path shard = folder.resolve("model-00004-of-00007.safetensors");
    try (RandomAccessFile file = new RandomAccessFile(shard.toFile(), "rw")) {
      file.setLength(file.length() - 2);
    }
    refused(this::open, shard.getFileName().toString(), "cut off");
  }

  @Test
  void aMissingShardIsNamed() throws IOException {
    Files.delete(folder.resolve("model-00003-of-00007.safetensors"));
    refused(this::open, "has no model-00003-of-00007.safetensors");
  }

  /** transformers 5.23.0 and 4.57.6 look for one file first, and 5.23.0 puts an adapter onto it. */
  @Test
  void weightsBesideOtherWeightsAreReadAsTransformersReadsThem() throws IOException {
    Path one = folder.resolve("model.safetensors");
    Files.copy(folder.resolve("model-00001-of-00007.safetensors"), one);
    refused(this::open, "do not fit its config.json", "missing model.");
    Files.delete(one);
    open().close();
    Files.copy(MODEL.resolve("adapter/adapter_config.json"), folder.resolve("adapter_config.json"));
    refused(this::open, "adapter_config.json beside its weights");
  }

  @Test
  void weightsOfAnotherShapeAreAllNamedAtOnce() throws IOException {
    config("\"intermediate_size\": 100", "\"intermediate_size\": 102");
    config("\"depth\": 3", "\"depth\": 4");
    refused(
        this::open,
        "model.layers.1.mlp.down_proj.weight has shape [96, 100], not [96, 102]",
        "missing visual.blocks.3.norm1.weight");
  }

  @Test
  void aMissingTokenizerAndADamagedOneAreRefused() throws IOException {
    Path tokenizer = folder.resolve("tokenizer.json");
    byte[] whole = Files.readAllBytes(tokenizer);
    Files.write(tokenizer, java.util.Arrays.copyOf(whole, whole.length / 2));
    refused(() -> TextProcessor.load(folder).close(), "tokenizer.json", "cannot be read");
    Files.writeString(tokenizer, "[]");
    refused(() -> TextProcessor.load(folder).close(), "tokenizer.json", "cannot be read");
    Files.delete(tokenizer);
    refused(() -> TextProcessor.load(folder).close(), "has no tokenizer.json");
  }

  @Test
  void aTokenizerOfAnotherPictureTokenIsRefused() throws IOException {
    try (TextProcessor text = TextProcessor.load(folder)) {
      assertEquals(495, text.pictureTokenId());
    }
    config("\"image_token_id\": 495", "\"image_token_id\": 496");
    refused(() -> TextProcessor.load(folder).close(), "takes token 496", "'<|image_pad|>' is 495");
    Path tokenizer = folder.resolve("tokenizer_config.json");
    Files.writeString(
        tokenizer,
        Files.readString(tokenizer).replaceFirst("\\{", "{\"image_token\": \"<|video_pad|>\","));
    try (TextProcessor text = TextProcessor.load(folder)) {
      assertEquals(496, text.pictureTokenId());
    }
  }

  @Test
  void modelsThatTheEngineDoesNotKnowAreRefused() throws IOException {
    config("\"rope_type\": \"default\"", "\"rope_type\": \"yarn\"");
    config("\"video_token_id\"", "\"quantization_config\": {\"bits\": 4}, \"video_token_id\"");
    refused(this::open, "rope type is 'yarn'", "quantised");
    config("\"model_type\": \"qwen2_5_vl\",\n  \"text", "\"model_type\": \"llava\",\n  \"text");
    refused(this::open, "architecture is 'llava'");
  }

  private Checkpoint open() {
    return Checkpoint.open(folder.toString(), new Configuration());
  }

  private static void refused(Executable work, String... reasons) {
    RelookException error = assertThrows(RelookException.class, work);
    assertEquals(RelookException.Category.MODEL, error.category());
    for (String reason : reasons) {
      assertTrue(error.getMessage().contains(reason), error.getMessage());
    }
  }

  private void config(String from, String to) throws IOException {
    Path file = folder.resolve("config.json");
    String text = Files.readString(file);
    assertTrue(text.contains(from), from);
    Files.writeString(file, text.replace(from, to));
  }

  private static void overwrite(Checkpoint checkpoint, String tensor, int bits) throws IOException {
    TensorEntry entry = checkpoint.tensors().get(tensor);
    assertEquals(DType.BF16, entry.dtype());
    try (RandomAccessFile file = new RandomAccessFile(entry.file().toFile(), "rw")) {
      file.seek(entry.offset() + entry.bytes() - 2);
      file.write(new byte[] {(byte) bits, (byte) (bits >> 8)});
    }
  }
}
