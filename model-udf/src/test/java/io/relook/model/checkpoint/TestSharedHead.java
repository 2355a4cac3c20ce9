package io.relook.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A head beside an embedding that it is tied to: transformers 5.23.0 did the same with each. */
final class TestSharedHead {
  private static final Path MODEL =
      Path.of(System.getProperty("relook.root"), "tests/src/test/resources/goldens/model-b");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Logger LOG = Logger.getLogger(SharedHead.class.getName());

  @TempDir private Path folder;

  private final List<String> said = new ArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord entry) {
          said.add(new java.util.logging.SimpleFormatter().formatMessage(entry));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void copy() throws IOException {
    LOG.addHandler(handler);
    try (Stream<Path> files = Files.list(MODEL)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
  }

  @AfterEach
  void quiet() {
    LOG.removeHandler(handler);
  }

  @Test
  void aHeadOfOtherValuesIsUsedAndItIsSaid() throws IOException {
    head(0.25f);
    try (Checkpoint checkpoint = Checkpoint.open(folder.toString(), new Configuration())) {
      assertFalse(checkpoint.config().tieWordEmbeddings());
      assertTrue(ExpectedTensors.of(checkpoint.config()).containsKey("lm_head.weight"));
    }
    assertEquals(1, said.size());
    assertTrue(said.get(0).contains(folder.toString()), said.get(0));
    assertTrue(said.get(0).contains("lm_head.weight of other values"), said.get(0));
  }

  @Test
  void aHeadOfTheSameValuesIsTheEmbedding() throws IOException {
    head(0);
    try (Checkpoint checkpoint = Checkpoint.open(folder.toString(), new Configuration())) {
      assertTrue(checkpoint.config().tieWordEmbeddings());
    }
    assertEquals(List.of(), said);
  }

  /** Adds the embedding's values, the last one changed by so much, as a head. */
  private void head(float change) throws IOException {
    List<Long> shape;
    float[] values;
    try (Checkpoint checkpoint = Checkpoint.open(MODEL.toString(), new Configuration())) {
      TensorEntry embedding = checkpoint.tensors().get("model.embed_tokens.weight");
      shape = embedding.shape();
      values = new TensorFile(embedding.file()).floats(inFile(embedding));
    }
    values[values.length - 1] += change;
    new CheckpointWriter(new Configuration())
        .writeTensors(
            folder.resolve("head.safetensors").toString(),
            List.of(new CheckpointWriter.Target("lm_head.weight", shape)),
            DType.BF16,
            (name, count) -> values);
    Path index = folder.resolve("model.safetensors.index.json");
    ObjectNode json = (ObjectNode) JSON.readTree(index.toFile());
    ((ObjectNode) json.path("weight_map")).put("lm_head.weight", "head.safetensors");
    JSON.writeValue(index.toFile(), json);
  }

  private static String inFile(TensorEntry entry) {
    return new TensorFile(entry.file())
        .names().stream()
            .filter(name -> ExpectedTensors.published(name).equals(entry.name()))
            .findFirst()
            .orElseThrow();
  }
}
