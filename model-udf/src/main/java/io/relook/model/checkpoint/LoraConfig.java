package io.relook.model.checkpoint;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Low-rank adapters (LoRA, arXiv 2106.09685): y = W x + scale · B A x, W frozen. There is no
 * dropout (our choice: an adapter that was trained with some is trained on without).
 *
 * @param rank of each A (rank, in) and B (out, rank)
 * @param alpha the scale is alpha / rank
 * @param rankStabilised it is alpha / √rank (rsLoRA, arXiv 2312.03732)
 * @param targets the linear layers that get one
 * @param excluded those of them that get none
 */
public record LoraConfig(
    int rank, double alpha, boolean rankStabilised, Modules targets, Modules excluded) {
  public LoraConfig {
    if (rank < 1 || !(alpha > 0) || Double.isInfinite(alpha)) {
      throw new IllegalArgumentException("rank %d, alpha %s".formatted(rank, alpha));
    }
  }

  /** On the layers of these names, wherever they are. */
  public static LoraConfig of(int rank, double alpha, boolean rankStabilised, String... names) {
    return new LoraConfig(
        rank,
        alpha,
        rankStabilised,
        new Modules.Named(List.of(names)),
        new Modules.Named(List.of()));
  }

  public double scale() {
    return alpha / (rankStabilised ? Math.sqrt(rank) : rank);
  }

  /** The layers that get an adapter, by published name, with their shapes. */
  public Map<String, List<Long>> layers(ModelConfig config) {
    Map<String, List<Long>> layers = new TreeMap<>();
    Modules.linearLayers(config)
        .forEach(
            (module, shape) -> {
              if (either(targets, module) && !either(excluded, module)) {
                layers.put(module, shape);
              }
            });
    return layers;
  }

  private static boolean either(Modules modules, String module) {
    return modules.matches(module) || modules.matches(ExpectedTensors.newerName(module));
  }
}
