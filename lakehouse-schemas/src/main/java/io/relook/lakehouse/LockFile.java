package io.relook.lakehouse;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;

/** A small file that is there whole or not at all. */
sealed interface LockFile {
  /** Its bytes and when they were written; empty where there is none. */
  Optional<Content> read() throws IOException;

  /** Makes it; false where there is one already. */
  boolean create(byte[] bytes) throws IOException;

  /** Makes it, or takes the place of the one that is there. */
  void replace(byte[] bytes) throws IOException;

  void delete() throws IOException;

  /** What a lock file holds. */
  record Content(byte[] bytes, Instant written) {}

  static LockFile of(Path path, Configuration hadoop) throws IOException {
    FileSystem files = path.getFileSystem(hadoop);
    return files instanceof LocalFileSystem local
        ? new Local(local.pathToFile(path).toPath())
        : new Store(files, files.makeQualified(path), hadoop);
  }

  /** On this machine's disk: written beside, then linked or moved. */
  record Local(java.nio.file.Path file) implements LockFile {
    @Override
    public Optional<Content> read() throws IOException {
      try {
        return Optional.of(
            new Content(Files.readAllBytes(file), Files.getLastModifiedTime(file).toInstant()));
      } catch (NoSuchFileException e) {
        return Optional.empty();
      }
    }

    @Override
    public boolean create(byte[] bytes) throws IOException {
      java.nio.file.Path beside = beside(bytes);
      try {
        Files.createLink(file, beside);
        return true;
      } catch (FileAlreadyExistsException e) {
        return false;
      } catch (UnsupportedOperationException | FileSystemException e) { // A disk without links.
        return createAtOnce(bytes);
      } finally {
        Files.deleteIfExists(beside);
      }
    }

    private boolean createAtOnce(byte[] bytes) throws IOException {
      try {
        Files.write(file, bytes, StandardOpenOption.CREATE_NEW);
        return true;
      } catch (FileAlreadyExistsException e) {
        return false;
      }
    }

    @Override
    public void replace(byte[] bytes) throws IOException {
      java.nio.file.Path beside = beside(bytes);
      try {
        Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(beside);
      }
    }

    @Override
    public void delete() throws IOException {
      Files.deleteIfExists(file);
    }

    private java.nio.file.Path beside(byte[] bytes) throws IOException {
      Files.createDirectories(file.getParent());
      java.nio.file.Path beside =
          file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID());
      try {
        return Files.write(beside, bytes);
      } catch (IOException e) {
        Files.deleteIfExists(beside);
        throw e;
      }
    }

    @Override
    public String toString() {
      return file.toString();
    }
  }

  /**
   * On any Hadoop file system. Where a write can be asked for only if there is no object (S3A), the
   * object appears whole when it is closed; elsewhere it is written beside and renamed.
   */
  record Store(FileSystem files, Path file, Configuration hadoop) implements LockFile {
    private static final String CONDITIONAL =
        Options.CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE;

    @Override
    public Optional<Content> read() throws IOException {
      try (InputStream in = files.open(file)) {
        return Optional.of(
            new Content(
                in.readAllBytes(),
                Instant.ofEpochMilli(files.getFileStatus(file).getModificationTime())));
      } catch (FileNotFoundException e) {
        return Optional.empty();
      }
    }

    @Override
    public boolean create(byte[] bytes) throws IOException {
      if (files.exists(file)) { // A store may not know the condition.
        return false;
      }
      try {
        if (appearsWhole()) {
          FSDataOutputStreamBuilder<?, ?> making = files.createFile(file);
          boolean conditional = files.hasPathCapability(file, CONDITIONAL);
          write(bytes, making.recursive().overwrite(false).opt(CONDITIONAL, conditional).build());
        } else {
          rename(bytes, Options.Rename.NONE);
        }
        return true;
      } catch (IOException e) { // Which one says that there is a file differs by store.
        if (files.exists(file)) {
          return false;
        }
        throw e;
      }
    }

    @Override
    public void replace(byte[] bytes) throws IOException {
      if (appearsWhole()) {
        write(bytes, files.create(file, true));
      } else {
        rename(bytes, Options.Rename.OVERWRITE);
      }
    }

    @Override
    public void delete() throws IOException {
      files.delete(file, false);
    }

    private boolean appearsWhole() {
      return file.toUri().getScheme().startsWith("s3");
    }

    private void rename(byte[] bytes, Options.Rename how) throws IOException {
      Path beside = new Path(file.getParent(), "." + file.getName() + "." + UUID.randomUUID());
      try {
        write(bytes, files.create(beside, true));
        FileContext.getFileContext(file.toUri(), hadoop).rename(beside, file, how);
      } finally {
        files.delete(beside, false);
      }
    }

    private static void write(byte[] bytes, OutputStream to) throws IOException {
      try (to) {
        to.write(bytes);
      }
    }

    @Override
    public String toString() {
      return file.toString();
    }
  }
}
