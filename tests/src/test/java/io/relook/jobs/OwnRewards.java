package io.relook.jobs;

import io.relook.rewards.Reward;

/** A user's rewards, as they would stand in a jar of theirs. */
public final class OwnRewards {
  private OwnRewards() {}

  /** Minus a hundredth a token; nothing to say of cut-off completions. */
  public static final class Brevity implements Reward {
    @Override
    public String version() {
      return "7";
    }

    @Override
    public Double score(Sample sample) {
      return sample.finish().equals("length") ? null : -0.01 * sample.tokens();
    }
  }

  /** Fails at each completion of one question in three ways. */
  public static final class Fragile implements Reward {
    @Override
    public String version() {
      return "1";
    }

    @Override
    public Double score(Sample sample) throws Exception {
      if (!sample.queryId().equals("q2")) {
        return sample.accuracy();
      }
      switch (sample.answer()) {
        case "0":
          throw new java.io.IOException("broken");
        case "1":
          return Double.NaN;
        default:
          return score(sample);
      }
    }
  }

  /** No constructor that Relook could call. */
  public static final class Closed implements Reward {
    public Closed(int weight) {}

    @Override
    public String version() {
      return "1";
    }

    @Override
    public Double score(Sample sample) {
      return 0.0;
    }
  }
}
