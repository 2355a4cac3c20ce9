package io.relook.model.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * Whether the head is the embedding, as transformers 5.23.0 decides it: the config's {@code
 * tie_word_embeddings}, unless the file holds a head of other values. That head is then used and it
 * is said; 4.57.6 drops it in silence.
 */
final class SharedHead {
  private static final System.Logger LOG = System.getLogger(SharedHead.class.getName());
  private static final String HEAD = "lm_head.weight";
  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final int CHUNK = 1 << 20;

  private SharedHead() {}

  /** The config of what the file holds; a head that stands for both is named for both. */
  static ModelConfig resolve(String uri, ModelConfig config, Map<String, TensorEntry> tensors) {
    TensorEntry head = tensors.get(HEAD);
    if (!config.tieWordEmbeddings() || head == null) {
      return config;
    }
    TensorEntry embedding = tensors.get(EMBEDDING);
    if (embedding == null) {
      tensors.put(
          EMBEDDING,
          new TensorEntry(
              EMBEDDING, head.dtype(), head.shape(), head.file(), head.offset(), head.bytes()));
      return config;
    }
    if (same(head, embedding)) {
      return config;
    }
    LOG.log(
        System.Logger.Level.WARNING,
        "The checkpoint {0} ties its head to the embedding (tie_word_embeddings), but its file"
            + " holds an lm_head.weight of other values: that head is used and nothing is tied.",
        uri);
    return config.untied();
  }

  private static boolean same(TensorEntry one, TensorEntry other) {
    if (one.dtype() != other.dtype() || !one.shape().equals(other.shape())) {
      return false;
    }
    try (FileChannel left = FileChannel.open(one.file(), StandardOpenOption.READ);
        FileChannel right = FileChannel.open(other.file(), StandardOpenOption.READ)) {
      for (long at = 0; at < one.bytes(); at += CHUNK) {
        long size = Math.min(CHUNK, one.bytes() - at);
        ByteBuffer a = left.map(FileChannel.MapMode.READ_ONLY, one.offset() + at, size);
        if (!a.equals(right.map(FileChannel.MapMode.READ_ONLY, other.offset() + at, size))) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(one.file().toString(), e);
    }
  }
}
