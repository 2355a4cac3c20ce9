package io.relook.model.engine;

import io.relook.model.checkpoint.LoraConfig;
import io.relook.model.checkpoint.ModelConfig;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * What a policy takes, known from its shape alone: no weights are read.
 *
 * @param parts of the policy that learn
 * @param lora of an adapter that learns over it, or null
 * @param type what is computed in
 */
public record PolicySize(
    ModelConfig config, TrainedParts parts, LoraConfig lora, ComputeType type) {

  /** Values of the policy itself. */
  public long values() {
    return sum(WeightLayout.of(config).slots());
  }

  /** Values that learn. */
  public long learnt() {
    List<WeightLayout.Slot> trained =
        WeightLayout.of(config).slots().stream()
            .filter(slot -> parts.holds(slot.parts().get(0).name()))
            .toList();
    return sum(trained) + adapterValues();
  }

  /** Values of the adapter. */
  public long adapterValues() {
    return lora == null
        ? 0
        : lora.layers(config).values().stream()
            .mapToLong(shape -> lora.rank() * (shape.get(0) + shape.get(1)))
            .sum();
  }

  /** Bytes of a policy that trains: what is multiplied, and float32 beside it where that learns. */
  public long trainingWeightBytes() {
    long masters = type == ComputeType.FLOAT32 ? 0 : 4 * (learnt() - adapterValues());
    return values() * type.bytes() + masters + 4 * adapterValues();
  }

  /** Bytes of a policy that generates; a small embedding that is also the head lies there twice. */
  public long generationWeightBytes() {
    long head = (long) config.text().vocabSize() * config.text().hiddenSize() * type.bytes();
    boolean twice = config.tieWordEmbeddings() && head <= Weights.LARGEST_SECOND_HEAD;
    return values() * type.bytes() + (twice ? head : 0);
  }

  /** Bytes of the keys and values of all slots. */
  public long cacheBytes(Generator.Options options, int promptTokens, int newTokens) {
    return KeyValueCache.bytes(config, type, options, promptTokens - 1, newTokens);
  }

  /**
   * What a pass over the rows, and the first step after it, take beside the weights, on a processor
   * with so many threads.
   */
  public MemoryEstimate training(List<TrainingRow> rows, boolean recompute, int threads) {
    int lanes = recompute ? 1 : Lanes.most(threads, learnt());
    return MemoryEstimate.of(
        this,
        rows,
        recompute,
        TrainableModel.LOGITS_AT_ONCE,
        lanes,
        TrainableModel.LONGEST_BY_HAND);
  }

  /** Whether the picture half keeps anything for a gradient. */
  boolean picturesLearn() {
    return parts.vision()
        || parts.merger()
        || lora != null
            && lora.layers(config).keySet().stream().anyMatch(n -> n.startsWith("visual."));
  }

  private static long sum(Collection<WeightLayout.Slot> slots) {
    return slots.stream()
        .mapToLong(slot -> Arrays.stream(slot.shape()).reduce(1, Math::multiplyExact))
        .sum();
  }
}
