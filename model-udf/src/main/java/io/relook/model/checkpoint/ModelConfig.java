package io.relook.model.checkpoint;

import java.util.List;

/**
 * A Qwen2.5-VL model's shape, as its {@code config.json} gives it.
 *
 * @param eosTokenIds tokens that end a completion, of {@code generation_config.json} where it is
 * @param dtype the type that the checkpoint says it is stored in
 */
public record ModelConfig(
    Text text,
    Vision vision,
    int imageTokenId,
    int videoTokenId,
    int visionStartTokenId,
    int visionEndTokenId,
    boolean tieWordEmbeddings,
    List<Integer> eosTokenIds,
    int padTokenId,
    String dtype) {

  /** The language half. mropeSection: pairs of the head that turn with time, row and column. */
  public record Text(
      int vocabSize,
      int hiddenSize,
      int intermediateSize,
      int layers,
      int heads,
      int kvHeads,
      int headDim,
      double ropeTheta,
      double rmsNormEps,
      int maxPositionEmbeddings,
      int[] mropeSection) {}

  /** The picture half. windowSize in pixels; fullAttentionBlocks sorted. */
  public record Vision(
      int depth,
      int hiddenSize,
      int heads,
      int intermediateSize,
      int outHiddenSize,
      int patchSize,
      int temporalPatchSize,
      int spatialMergeSize,
      int windowSize,
      int[] fullAttentionBlocks,
      int inChannels) {}

  public ModelConfig {
    eosTokenIds = List.copyOf(eosTokenIds);
  }

  /** The same with a head of its own. */
  ModelConfig untied() {
    return new ModelConfig(
        text,
        vision,
        imageTokenId,
        videoTokenId,
        visionStartTokenId,
        visionEndTokenId,
        false,
        eosTokenIds,
        padTokenId,
        dtype);
  }
}
