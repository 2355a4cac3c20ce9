package io.relook.rewards;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.preset.Preset;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.SparkSession;

/** A user's own reward, ready to score: a class or a SQL expression. */
public sealed interface CustomReward extends Serializable permits ClassReward, SqlReward {
  /** How the reason of a value begins that could not be computed. */
  String FAILED = "failed: ";

  /** The key in the column {@code custom}. */
  String name();

  /** In the total; 0 is only recorded. */
  double weight();

  /** Stored with each value. */
  String version();

  /** Everything else that decides its values. */
  String definition();

  /** Loads classes and analyses expressions; all problems in one error. */
  static List<CustomReward> resolve(SparkSession spark, List<Preset.OwnReward> settings) {
    List<CustomReward> rewards = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Preset.OwnReward setting : settings) {
      try {
        if (!setting.name().matches("[A-Za-z]\\w{0,63}")) {
          throw new IllegalArgumentException("the name must be letters, digits and _");
        }
        if (!names.add(setting.name())) {
          throw new IllegalArgumentException("the name stands twice");
        }
        if ((setting.class_() == null) == (setting.sql() == null)) {
          throw new IllegalArgumentException("give one of class and sql");
        }
        rewards.add(
            setting.sql() == null ? ClassReward.load(setting) : SqlReward.analyse(spark, setting));
      } catch (IllegalArgumentException e) {
        problems.add("%s: %s".formatted(setting.name(), e.getMessage()));
      }
    }
    if (!problems.isEmpty()) {
      throw new RelookException(
          Category.CONFIG,
          "rewards.custom has %d problems: %s."
              .formatted(problems.size(), String.join("; ", problems)));
    }
    return rewards;
  }
}
