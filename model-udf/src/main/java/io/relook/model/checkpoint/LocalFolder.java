package io.relook.model.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;

/**
 * The files of a folder on this machine: where they are, or copies in a temporary folder, which
 * {@link #close} deletes.
 */
record LocalFolder(Path path, boolean copied) implements AutoCloseable {

  /**
   * {@code uri} is any Hadoop path; of folders in the folder a copy has the further chat templates
   * alone.
   */
  static LocalFolder of(String uri, Configuration hadoop) {
    org.apache.hadoop.fs.Path from = new org.apache.hadoop.fs.Path(uri);
    try {
      FileSystem files = from.getFileSystem(hadoop);
      if (!files.exists(from)) {
        throw CheckpointErrors.missingFile(uri, "folder");
      }
      if (files.getScheme().equals("file")) {
        return new LocalFolder(Path.of(files.makeQualified(from).toUri().getPath()), false);
      }
      LocalFolder copy = new LocalFolder(Files.createTempDirectory("relook-checkpoint"), true);
      try {
        copy(files, from, copy.path);
        org.apache.hadoop.fs.Path further =
            new org.apache.hadoop.fs.Path(from, CheckpointFiles.MORE_TEMPLATES);
        if (files.exists(further)) {
          copy(files, further, Files.createDirectory(copy.path.resolve(further.getName())));
        }
        return copy;
      } catch (IOException | RuntimeException e) {
        copy.close();
        throw e;
      }
    } catch (IOException e) {
      throw CheckpointErrors.unreadable(uri, e);
    }
  }

  private static void copy(FileSystem files, org.apache.hadoop.fs.Path from, Path to)
      throws IOException {
    for (FileStatus status : files.listStatus(from)) {
      if (status.isFile()) {
        Path target = to.resolve(status.getPath().getName());
        try (var in = files.open(status.getPath())) {
          Files.copy(in, target);
        }
        if (Files.size(target) != status.getLen()) {
          throw new IOException(
              "%s has %d bytes, its copy %d"
                  .formatted(status.getPath(), status.getLen(), Files.size(target)));
        }
      }
    }
  }

  @Override
  public void close() {
    if (copied) {
      try (Stream<Path> paths = Files.walk(path)) {
        paths.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
