package io.relook.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.checkpoint.SideFiles;
import io.relook.model.text.TaggedTokenizer;
import io.relook.model.text.TextProcessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;

/**
 * A policy that writes given texts: what follows a token depends on that token alone. Its layers
 * add nothing, so that the head sees the newest token's own embedding.
 */
final class ChainedPolicy {
  private static final float SCALE = 0.25f;

  private ChainedPolicy() {}

  /** Writes a checkpoint with a tokenizer of {@code goldens/tags}; each text ends its turn. */
  static void write(Path folder, String tokenizer, String... texts) throws IOException {
    EmbeddedModel.unpack(folder, false);
    TaggedTokenizer.write(tokenizer, folder);
    Path config = folder.resolve("config.json");
    ObjectMapper json = new ObjectMapper();
    ObjectNode untied = (ObjectNode) json.readTree(config.toFile());
    json.writeValue(config.toFile(), untied.put("tie_word_embeddings", false));
    Map<Integer, Set<Integer>> next = new TreeMap<>();
    try (TextProcessor text = TextProcessor.load(folder)) {
      for (String said : texts) {
        int[] ids = text.encodeAsText(said);
        for (int i = 0; i < ids.length; i++) {
          int follows = i + 1 < ids.length ? ids[i + 1] : text.control("<|im_end|>");
          next.computeIfAbsent(ids[i], id -> new TreeSet<>()).add(follows);
        }
      }
    }
    int width = untied.path("hidden_size").asInt();
    float[] embeddings = new float[untied.path("vocab_size").asInt() * width];
    Random random = new Random(7);
    for (int i = 0; i < embeddings.length; i++) {
      embeddings[i] = (float) random.nextGaussian();
    }
    float[] head = new float[embeddings.length];
    next.forEach(
        (id, followers) ->
            followers.forEach(
                follower -> {
                  for (int i = 0; i < width; i++) {
                    head[follower * width + i] += SCALE * embeddings[id * width + i];
                  }
                }));
    new CheckpointWriter(new Configuration())
        .write(
            folder.toString(),
            SideFiles.read(folder),
            Checkpoint.readConfig(folder),
            DType.F32,
            (name, count) -> values(name, count, embeddings, head));
  }

  private static float[] values(String name, int count, float[] embeddings, float[] head) {
    if (name.startsWith("model.embed_tokens")) {
      return embeddings;
    }
    if (name.startsWith("lm_head")) {
      return head;
    }
    float[] values = new float[count];
    Arrays.fill(values, name.contains("norm") ? 1 : 0);
    return values;
  }
}
