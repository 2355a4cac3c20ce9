package io.relook.training;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.preset.Preset;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.apache.hadoop.fs.FileSystem;

/**
 * Where the base policy's checkpoint lies on this machine. The embedded one is unpacked, and copied
 * beside the tables too ({@code uri}), where executors find it: to a folder of its own, which is a
 * run's when its row is there.
 */
record BasePolicy(String uri, Path folder) {
  static BasePolicy of(Lakehouse lakehouse, Preset preset) {
    if (!preset.model().equals("embedded")) {
      return new BasePolicy(preset.model(), Path.of(preset.model()));
    }
    Path folder = Policies.scratch("relook-base");
    EmbeddedModel.unpack(folder, true);
    String unique = UUID.randomUUID().toString().substring(0, 8);
    String uri = lakehouse.folder("base") + "/" + unique;
    try {
      var there = new org.apache.hadoop.fs.Path(uri);
      FileSystem files = there.getFileSystem(lakehouse.spark().sessionState().newHadoopConf());
      for (File file : folder.toFile().listFiles()) {
        var copy = new org.apache.hadoop.fs.Path(there, file.getName());
        try (OutputStream out = files.create(copy)) {
          Files.copy(file.toPath(), out);
        }
      }
    } catch (IOException e) {
      throw new RelookException(
          RelookException.Category.STORAGE,
          "Cannot copy the embedded model to %s: %s.".formatted(uri, e.getMessage()),
          e);
    }
    return new BasePolicy(uri, folder);
  }
}
