package io.relook.rewards;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A time of day with its half: {@code 3:45 PM}, {@code 5 p.m.}, or with a zero in front of its
 * minutes or hours, which no ratio has: {@code 12:03}. Beside a time without one it is as a number
 * with a unit beside one without: {@code 3:45} and {@code 15:45} are {@code 3:45 PM}. A zero in
 * front ({@code 03:45}) says the clock of 24 hours.
 */
final class Clock {
  private static final Pattern HALF =
      Pattern.compile("(\\d{1,2})(?:[:.](\\d{2}))?(?::(\\d{2}))? ?([AaPp])\\.? ?[Mm]\\.?");

  private static final Pattern BARE = Pattern.compile("(\\d{1,2}):(\\d{2})(?::(\\d{2}))?");

  /** A time that is no ratio: {@code 9:03}, {@code 12:00}. */
  private static final Pattern PADDED = Pattern.compile("(?:0\\d:|.*:0\\d).*");

  private Clock() {}

  /** Whether two times are one; empty where none of them is surely a time. */
  static Optional<Boolean> same(String ours, String theirs) {
    Matcher one = HALF.matcher(ours);
    Matcher other = HALF.matcher(theirs);
    if (one.matches()) {
      return Optional.of(other.matches() ? seconds(one) == seconds(other) : isBeside(one, theirs));
    }
    if (other.matches()) {
      return Optional.of(isBeside(other, ours));
    }
    Matcher bare = BARE.matcher(ours);
    Matcher right = BARE.matcher(theirs);
    boolean times = bare.matches() && right.matches();
    boolean padded =
        bare.matches() && PADDED.matcher(ours).matches()
            || right.matches() && PADDED.matcher(theirs).matches();
    return padded ? Optional.of(times && time(bare) == time(right)) : Optional.empty();
  }

  private static int time(Matcher bare) {
    return 3600 * number(bare, 1) + 60 * number(bare, 2) + number(bare, 3);
  }

  private static boolean isBeside(Matcher half, String text) {
    Matcher bare = BARE.matcher(text);
    if (!bare.matches()) {
      return false;
    }
    int hour = number(bare, 1);
    boolean twelve = hour > 0 && hour <= 12 && !bare.group(1).startsWith("0");
    int half12 = 12 * 3600;
    return time(bare) == seconds(half) || twelve && time(bare) % half12 == seconds(half) % half12;
  }

  private static int seconds(Matcher half) {
    int hour = number(half, 1) % 12 + ("pP".contains(half.group(4)) ? 12 : 0);
    return 3600 * hour + 60 * number(half, 2) + number(half, 3);
  }

  private static int number(Matcher time, int group) {
    return time.group(group) == null ? 0 : Integer.parseInt(time.group(group));
  }
}
