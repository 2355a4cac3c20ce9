package io.relook.lakehouse;

import static java.util.Objects.requireNonNull;

/**
 * The one unchecked exception of Relook. The message says what is wrong, where (file, table, row),
 * and what to do about it. Each module makes its own by named static factories.
 */
public final class RelookException extends RuntimeException {
  /** Who can mend it. */
  public enum Category {
    /** A setting: mend the preset or the command line. */
    CONFIG,
    /** A user's data: mend or drop the rows named. */
    DATA,
    /** A checkpoint: another file, or a model that this engine does not know. */
    MODEL,
    /** A disk, an object store, a table: look at the storage. */
    STORAGE,
    /** A bug of Relook. */
    INTERNAL
  }

  private final Category category;

  public RelookException(Category category, String message) {
    this(category, message, null);
  }

  public RelookException(Category category, String message, Throwable cause) {
    super(message, cause);
    this.category = requireNonNull(category, "category");
  }

  public Category category() {
    return category;
  }
}
