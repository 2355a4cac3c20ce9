package io.relook.model.text;

import java.util.Arrays;

/**
 * Text as its tokens arrive. A character whose bytes lie in several tokens is given when it is
 * whole; what is still open at the end comes from {@link #finish}.
 */
public final class StreamingDecoder {
  /** How the tokenizer shows bytes that are no character yet. */
  private static final String OPEN = "\uFFFD";

  private final TextProcessor text;
  private int[] ids = new int[16];
  private int count;
  private int given;

  public StreamingDecoder(TextProcessor text) {
    this.text = text;
  }

  /** The text that this token completes, often empty. */
  public String next(int id) {
    if (count == ids.length) {
      ids = Arrays.copyOf(ids, 2 * count);
    }
    ids[count++] = id;
    String all = text.decode(Arrays.copyOf(ids, count), false);
    return all.endsWith(OPEN) ? "" : from(all);
  }

  /** The rest. */
  public String finish() {
    return from(text.decode(Arrays.copyOf(ids, count), false));
  }

  private String from(String all) {
    String more = all.substring(Math.min(given, all.length()));
    given = all.length();
    return more;
  }
}
