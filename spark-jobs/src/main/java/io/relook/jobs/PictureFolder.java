package io.relook.jobs;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumFileSystem;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The data folder, on this machine or any Hadoop file system. What it is asked for lies inside it:
 * neither {@code ..} nor an absolute path nor a link leads out.
 */
final class PictureFolder implements Serializable {
  private static final long serialVersionUID = 1;

  /** Bytes of a picture's file; what is larger is no picture that anyone asks about. */
  private static final long MOST_BYTES = 256L << 20;

  private final String uri;
  private final SerializableConfiguration hadoop;

  /**
   * @param uri null where there is no folder: then every path is refused
   */
  PictureFolder(String uri, SerializableConfiguration hadoop) {
    this.uri = uri;
    this.hadoop = hadoop;
  }

  /** The last part of the folder's path. */
  String name() {
    return uri == null ? "" : new org.apache.hadoop.fs.Path(uri).getName();
  }

  /** Where a file of the folder lies, which is there. */
  String file(String relative) {
    try {
      org.apache.hadoop.fs.Path path = inside(relative);
      if (!path.getFileSystem(hadoop.value()).getFileStatus(path).isFile()) {
        throw JobErrors.source(relative + " is no file; name a folder of Parquet as a table");
      }
      return path.toString();
    } catch (IOException e) {
      throw JobErrors.source("there is no file %s in %s".formatted(relative, uri));
    }
  }

  /** A picture's bytes. */
  byte[] read(String relative) {
    try {
      org.apache.hadoop.fs.Path path = inside(relative);
      FileSystem files = files(path, hadoop.value());
      FileStatus status;
      try {
        status = files.getFileStatus(path);
      } catch (IOException e) {
        throw JobErrors.row("there is no picture " + relative);
      }
      if (!status.isFile()) {
        throw JobErrors.row("the picture %s is no file".formatted(relative));
      }
      if (status.getLen() > MOST_BYTES) {
        throw JobErrors.row("the picture %s has %d bytes".formatted(relative, status.getLen()));
      }
      try (InputStream in = files.open(path)) {
        return in.readAllBytes();
      }
    } catch (IOException | IllegalArgumentException e) {
      throw JobErrors.row("the picture %s cannot be read (%s)".formatted(relative, e.getMessage()));
    }
  }

  /**
   * A path's file system, on this machine without checksums: Hadoop cannot name the file of those
   * beside one whose name has a colon.
   */
  static FileSystem files(org.apache.hadoop.fs.Path path, Configuration hadoop) throws IOException {
    FileSystem files = path.getFileSystem(hadoop);
    return files instanceof ChecksumFileSystem checked ? checked.getRawFileSystem() : files;
  }

  private org.apache.hadoop.fs.Path inside(String relative) throws IOException {
    if (uri == null) {
      throw JobErrors.row(
          "%s is a path, but there is no data folder: name it with --data".formatted(relative));
    }
    Path path;
    try {
      path = Path.of(relative).normalize();
    } catch (InvalidPathException e) {
      throw JobErrors.row("%s is no path".formatted(relative));
    }
    if (relative.isBlank() || path.isAbsolute() || path.startsWith("..")) {
      throw outside(relative);
    }
    org.apache.hadoop.fs.Path root = new org.apache.hadoop.fs.Path(uri);
    FileSystem files = root.getFileSystem(hadoop.value());
    org.apache.hadoop.fs.Path full = files.makeQualified(root);
    if (files.getScheme().equals("file")) {
      Path local = Path.of(full.toUri().getPath()).toRealPath();
      Path file = local.resolve(path);
      // Hadoop's other file systems have no links.
      if (Files.exists(file) && !file.toRealPath().startsWith(local)) {
        throw outside(relative);
      }
    }
    return new org.apache.hadoop.fs.Path(
        full.toUri().getScheme(), full.toUri().getAuthority(), full.toUri().getPath() + "/" + path);
  }

  private static RuntimeException outside(String relative) {
    return JobErrors.row("%s lies outside the data folder".formatted(relative));
  }
}
