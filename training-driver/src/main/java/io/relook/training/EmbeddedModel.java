package io.relook.training;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.checkpoint.ExpectedTensors;
import io.relook.model.checkpoint.ModelConfig;
import io.relook.model.checkpoint.SideFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;

/** The small model of the real architecture that comes with Relook. */
public final class EmbeddedModel {
  private static final List<String> FILES =
      List.of(
          "config.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "chat_template.jinja",
          "preprocessor_config.json");

  private EmbeddedModel() {}

  /** Copies the settings, and with {@code weights} the pretrained weights, into a folder. */
  public static void unpack(Path folder, boolean weights) {
    try {
      Files.createDirectories(folder);
      for (String file : FILES) {
        copy(file, folder);
      }
      if (weights) {
        copy("model.safetensors", folder);
      }
    } catch (IOException e) {
      throw new RelookException(
          Category.STORAGE,
          "Cannot unpack the embedded model into %s: %s.".formatted(folder, e.getMessage()),
          e);
    }
  }

  /**
   * Writes random weights beside the settings: matrices normal with the variance 1 / inputs, norms
   * 1, biases 0. The architecture's own 0.02 is meant for widths of thousands: at 128 and 256 the
   * picture fades on its way, and its colours are never learnt (docs/log.md).
   */
  public static void randomise(Path folder, long seed) {
    ModelConfig config = Checkpoint.readConfig(folder);
    Map<String, List<Long>> shapes = ExpectedTensors.of(config);
    new CheckpointWriter(new Configuration())
        .write(
            folder.toString(),
            SideFiles.read(folder),
            config,
            DType.F32,
            (name, count) -> values(name, shapes.get(name), seed));
  }

  private static float[] values(String name, List<Long> shape, long seed) {
    int count = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
    float[] values = new float[count];
    if (shape.size() == 1) {
      Arrays.fill(values, name.endsWith("bias") ? 0 : 1);
      return values;
    }
    double deviation = Math.sqrt(shape.get(0) / (double) count);
    Random random = new Random(seed ^ name.hashCode());
    for (int i = 0; i < count; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return values;
  }

  private static void copy(String file, Path folder) throws IOException {
    try (InputStream in = EmbeddedModel.class.getResourceAsStream("/embedded/" + file)) {
      if (in == null) {
        throw new IOException("the resource embedded/" + file + " is missing");
      }
      // Whole or not at all: a run that was killed here must not leave half a file behind.
      Path part = folder.resolve(file + ".part");
      Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
      Files.move(part, folder.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
