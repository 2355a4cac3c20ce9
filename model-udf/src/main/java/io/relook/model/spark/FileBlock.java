package io.relook.model.spark;

import org.apache.spark.rdd.InputFileBlockHolder;

/**
 * The part of a file that {@code input_file_name()} and its kin name: to Spark that of the last row
 * that the task's scan read, so rows that wait have to take theirs with them.
 */
record FileBlock(String path, long start, long length) {
  /** The one that the task is in; an empty path where the rows are of no file. */
  static FileBlock entered() {
    return new FileBlock(
        InputFileBlockHolder.getInputFilePath().toString(),
        InputFileBlockHolder.getStartOffset(),
        InputFileBlockHolder.getLength());
  }

  void enter() {
    if (equals(entered())) {
      return;
    }
    if (path.isEmpty()) {
      InputFileBlockHolder.unset();
    } else {
      InputFileBlockHolder.set(path, start, length);
    }
  }
}
