package io.relook.rewards;

import io.relook.lakehouse.Rows;
import io.relook.preset.Preset;
import java.util.function.Function;

/** A user's class that implements {@link Reward}. */
public record ClassReward(String name, double weight, String version, String className)
    implements CustomReward {

  static ClassReward load(Preset.OwnReward setting) {
    Reward reward = instance(setting.class_());
    String version;
    try {
      version = reward.version();
    } catch (Exception | LinkageError e) {
      throw new IllegalArgumentException(
          "version() of %s ended with %s".formatted(setting.class_(), e), e);
    }
    if (version == null || version.isBlank()) {
      throw new IllegalArgumentException(setting.class_() + " has no version");
    }
    if (setting.version() != null && !setting.version().equals(version)) {
      throw new IllegalArgumentException(
          "the preset wants version %s, the class path has %s of %s"
              .formatted(setting.version(), version, setting.class_()));
    }
    return new ClassReward(setting.name(), setting.weight(), version, setting.class_());
  }

  @Override
  public String definition() {
    return className;
  }

  /**
   * Scores with one instance, for one thread. Whatever the user's code does, short of running out
   * of memory, becomes a reason.
   */
  public Function<Reward.Sample, Rows.CustomReward> scorer() {
    try {
      Reward reward = instance(className);
      return sample -> value(reward, sample);
    } catch (IllegalArgumentException e) {
      return sample -> nothing(FAILED + shortened(e.getMessage()));
    }
  }

  /** No value, and why. */
  public Rows.CustomReward nothing(String reason) {
    return new Rows.CustomReward(version, null, reason);
  }

  private static Reward instance(String className) {
    try {
      return Class.forName(className, true, Thread.currentThread().getContextClassLoader())
          .asSubclass(Reward.class)
          .getConstructor()
          .newInstance();
    } catch (ClassNotFoundException e) {
      throw new IllegalArgumentException("no class %s on the class path".formatted(className), e);
    } catch (ClassCastException e) {
      throw new IllegalArgumentException(
          "%s does not implement %s".formatted(className, Reward.class.getName()), e);
    } catch (ReflectiveOperationException | LinkageError e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IllegalArgumentException(
          "%s cannot be made by a public constructor without arguments: %s"
              .formatted(className, cause),
          e);
    }
  }

  private Rows.CustomReward value(Reward reward, Reward.Sample sample) {
    Double value;
    try {
      value = reward.score(sample);
    } catch (Exception | StackOverflowError | LinkageError | AssertionError e) {
      return nothing(FAILED + shortened(e.toString()));
    }
    if (value == null) {
      return nothing("no value for this completion");
    }
    return Double.isFinite(value)
        ? new Rows.CustomReward(version, value, null)
        : nothing(FAILED + "the value is " + value);
  }

  private static String shortened(String message) {
    return message.length() > 500 ? message.substring(0, 500) + "…" : message;
  }
}
