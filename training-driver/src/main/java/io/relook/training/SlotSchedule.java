package io.relook.training;

import io.relook.model.engine.Generator;
import java.util.PriorityQueue;

/**
 * How many decode steps a generator's slots make until all samples of so many prompts have ended: a
 * prompt takes the first bank that is free, and gives it back with its longest sample.
 */
final class SlotSchedule {
  /** So many are played through, more are in proportion. Our choice. */
  private static final long MOST_PROMPTS = 2000;

  private SlotSchedule() {}

  /**
   * @param lengths of completions; they come again and again
   */
  static long steps(Generator.Options options, long prompts, int samples, int[] lengths) {
    long played = Math.min(prompts, MOST_PROMPTS);
    int next = 0;
    long last = 0;
    PriorityQueue<Long> banks = free(options.slots() / options.bankRows());
    for (long prompt = 0; prompt < played; prompt++) {
      long begins = banks.remove();
      PriorityQueue<Long> slots = free(options.bankRows());
      long ends = 0;
      for (int k = 0; k < samples; k++) {
        int chunks = (lengths[next++ % lengths.length] + options.chunk() - 1) / options.chunk();
        long end = slots.remove() + (long) chunks * options.chunk();
        slots.add(end);
        ends = Math.max(ends, end);
      }
      banks.add(begins + ends);
      last = Math.max(last, begins + ends);
    }
    return played == 0 ? 0 : Math.round(last * ((double) prompts / played));
  }

  private static PriorityQueue<Long> free(int count) {
    PriorityQueue<Long> free = new PriorityQueue<>();
    for (int i = 0; i < count; i++) {
      free.add(0L);
    }
    return free;
  }
}
