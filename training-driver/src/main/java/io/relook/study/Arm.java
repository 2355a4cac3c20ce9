package io.relook.study;

import io.relook.lakehouse.RelookException;
import java.util.List;

/**
 * A recipe that the study compares: a preset of {@code conf/presets}.
 *
 * @param name in tables and runs' names
 */
record Arm(String name, String preset, String what) {
  /** The base policy, not trained: what the others start from. */
  static final Arm BASE = new Arm("base", "study", "the base policy, not trained");

  static final Arm GRPO =
      new Arm("grpo", "ablation-grpo", "GRPO alone, format and accuracy rewarded");

  static final Arm VRE = new Arm("vre", "ablation-vre", "VRE, one iteration");

  /** What is trained, in the order in which it runs. */
  static final List<Arm> TRAINED =
      List.of(
          GRPO,
          VRE,
          new Arm("vre-no-sft", "ablation-no-sft", "VRE without the cold start"),
          new Arm("direct", "ablation-direct", "SFT on rejection-sampled direct traces"),
          new Arm("vre-sft", "ablation-sft", "VRE, SFT only"),
          new Arm("vre-no-gain", "ablation-no-gain", "VRE without the filter of information gain"),
          new Arm(
              "vre-no-partition",
              "ablation-no-partition",
              "VRE without the partition by difficulty"),
          new Arm("vre-2", "ablation-vre-2", "VRE, two iterations"));

  /** Those of these names; all where none is named. */
  static List<Arm> named(List<String> names) {
    List<String> known = TRAINED.stream().map(Arm::name).toList();
    if (!known.containsAll(names)) {
      throw new RelookException(
          RelookException.Category.CONFIG,
          "--arms are some of %s, not %s.".formatted(known, names));
    }
    return TRAINED.stream().filter(a -> names.isEmpty() || names.contains(a.name())).toList();
  }

  /** The run of a seed; its name decides what is sampled. */
  String run(int seed) {
    return "%s-s%d".formatted(name, seed);
  }
}
