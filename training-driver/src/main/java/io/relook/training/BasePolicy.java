package io.relook.training;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.preset.Preset;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.hadoop.fs.FileSystem;

/**
 * Where the base policy's checkpoint lies on this machine; the embedded one is unpacked, and lies
 * beside the tables too ({@code uri}), where executors find it.
 */
record BasePolicy(String uri, Path folder) {
  static BasePolicy of(Lakehouse lakehouse, Preset preset) {
    if (!preset.model().equals("embedded")) {
      return new BasePolicy(preset.model(), Path.of(preset.model()));
    }
    Path folder = Policies.scratch("relook-base");
    EmbeddedModel.unpack(folder, true);
    String uri = lakehouse.folder("base");
    try {
      org.apache.hadoop.fs.Path there = new org.apache.hadoop.fs.Path(uri);
      FileSystem files = there.getFileSystem(lakehouse.spark().sessionState().newHadoopConf());
      files.mkdirs(there);
      for (java.io.File file : folder.toFile().listFiles()) {
        org.apache.hadoop.fs.Path copy = new org.apache.hadoop.fs.Path(there, file.getName());
        if (!files.exists(copy) || files.getFileStatus(copy).getLen() != file.length()) {
          files.copyFromLocalFile(new org.apache.hadoop.fs.Path(file.toURI()), copy);
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
