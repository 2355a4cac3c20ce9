package io.relook.model.spark;

import java.util.Iterator;
import java.util.NoSuchElementException;

/** Results of a partition's rows, in their order, computed a window of rows at a time. */
public interface Windows<S> extends Iterator<S> {
  /** How many windows went through the engine until now. */
  long windows();

  /** Those of a partition without rows. */
  static <S> Windows<S> none() {
    return new Windows<>() {
      @Override
      public long windows() {
        return 0;
      }

      @Override
      public boolean hasNext() {
        return false;
      }

      @Override
      public S next() {
        throw new NoSuchElementException();
      }
    };
  }
}
