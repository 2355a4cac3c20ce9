package io.relook.model.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;

/**
 * A Qwen2.5-VL checkpoint in Hugging Face layout, checked before native code sees it. Files on this
 * machine are read where they are; others are copied to a temporary folder, which {@link #close}
 * deletes. Tensors carry the published names, whichever naming the files use.
 */
public final class Checkpoint implements AutoCloseable {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private final String uri;
  private final LocalFolder folder;
  private final ModelConfig config;
  private final Map<String, TensorEntry> tensors;

  private Checkpoint(
      String uri, LocalFolder folder, ModelConfig config, Map<String, TensorEntry> tensors) {
    this.uri = uri;
    this.folder = folder;
    this.config = config;
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /** Opens and checks a checkpoint; {@code uri} is any Hadoop path. */
  public static Checkpoint open(String uri, Configuration hadoop) {
    LocalFolder local = LocalFolder.of(uri, hadoop);
    try {
      Path folder = local.path();
      CheckpointFiles files = new CheckpointFiles(folder, uri);
      ModelConfig config = config(files);
      Map<String, TensorEntry> tensors = tensors(files);
      ModelConfig model = SharedHead.resolve(uri, config, tensors);
      ExpectedTensors.check(uri, model, tensors);
      return new Checkpoint(uri, local, model, tensors);
    } catch (RuntimeException e) {
      local.close();
      throw e;
    }
  }

  /** A MODEL error where {@code uri}, any Hadoop path, holds no checkpoint; reads no weights. */
  public static void requireAt(String uri, Configuration hadoop) {
    try {
      org.apache.hadoop.fs.Path config = new org.apache.hadoop.fs.Path(uri, "config.json");
      if (!config.getFileSystem(hadoop).exists(config)) {
        throw CheckpointErrors.missingFile(uri, "config.json");
      }
    } catch (IOException | IllegalArgumentException e) {
      throw CheckpointErrors.unreadable(uri, e);
    }
  }

  /** Reads the shape of a model in a folder on this machine that may have no weights yet. */
  public static ModelConfig readConfig(Path folder) {
    return config(new CheckpointFiles(folder));
  }

  private static ModelConfig config(CheckpointFiles files) {
    return ConfigReader.read(files.name(), files.config(), files.generationConfig());
  }

  public ModelConfig config() {
    return config;
  }

  /** All tensors that the engine reads, by published name. */
  public Map<String, TensorEntry> tensors() {
    return tensors;
  }

  /** The checkpoint's files on this machine: tokenizer, templates, settings. */
  public Path folder() {
    return folder.path();
  }

  /** Where it was opened. */
  public String uri() {
    return uri;
  }

  /** Reads every weight; NaN or infinity is an error that names the tensors. */
  public void verifyFinite() {
    List<String> broken =
        tensors.values().parallelStream()
            .filter(tensor -> !isFinite(tensor))
            .map(TensorEntry::name)
            .toList();
    if (!broken.isEmpty()) {
      throw CheckpointErrors.notFinite(broken);
    }
  }

  @Override
  public void close() {
    folder.close();
  }

  /** One file goes before an index, as in transformers. */
  private static Map<String, TensorEntry> tensors(CheckpointFiles beside) {
    Path folder = beside.folder();
    String uri = beside.name();
    if (Files.isRegularFile(folder.resolve(Adapter.SETTINGS))) {
      throw CheckpointErrors.adapterBesideWeights(uri, Adapter.SETTINGS);
    }
    TreeSet<String> files = new TreeSet<>();
    if (!Files.isRegularFile(folder.resolve(SINGLE))) {
      beside
          .json(INDEX)
          .ifPresent(index -> index.path("weight_map").forEach(file -> files.add(file.asText())));
    }
    if (files.isEmpty()) {
      files.add(SINGLE);
    }
    Map<String, TensorEntry> tensors = new TreeMap<>();
    for (String file : files) {
      Path local = folder.resolve(file).normalize();
      if (!local.startsWith(folder) || !Files.isRegularFile(local)) {
        throw CheckpointErrors.missingFile(uri, file);
      }
      for (SafetensorsFile.Tensor entry : SafetensorsFile.read(local, uri + "/" + file)) {
        String name = ExpectedTensors.published(entry.name());
        TensorEntry renamed =
            new TensorEntry(
                name,
                weightType(entry, uri + "/" + file),
                entry.shape(),
                entry.file(),
                entry.offset(),
                entry.bytes());
        if (tensors.put(name, renamed) != null) {
          throw CheckpointErrors.badFile(uri + "/" + file, "tensor " + name + " is there twice");
        }
      }
    }
    return tensors;
  }

  private static DType weightType(SafetensorsFile.Tensor tensor, String file) {
    for (DType known : DType.values()) {
      if (known.name().equals(tensor.dtype())) {
        return known;
      }
    }
    throw CheckpointErrors.badFile(
        file,
        "tensor %s is of type %s, weights are F32, F16 or BF16 (a quantised checkpoint?)"
            .formatted(tensor.name(), tensor.dtype()));
  }

  private static boolean isFinite(TensorEntry tensor) {
    ByteBuffer chunk = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel = FileChannel.open(tensor.file(), StandardOpenOption.READ)) {
      long at = tensor.offset();
      long end = at + tensor.bytes();
      while (at < end) {
        chunk.clear().limit((int) Math.min(chunk.capacity(), end - at));
        while (chunk.hasRemaining() && channel.read(chunk, at + chunk.position()) >= 0) {}
        at += chunk.position();
        chunk.flip();
        if (!chunk.hasRemaining()) {
          throw new IOException("the file ended while it was read");
        }
        while (chunk.remaining() >= tensor.dtype().bytes()) {
          boolean finite =
              switch (tensor.dtype()) {
                case F32 -> Float.isFinite(chunk.getFloat());
                case F16 -> (chunk.getShort() & 0x7C00) != 0x7C00;
                case BF16 -> (chunk.getShort() & 0x7F80) != 0x7F80;
              };
          if (!finite) {
            return false;
          }
        }
      }
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(tensor.file().toString(), e);
    }
    return true;
  }
}
