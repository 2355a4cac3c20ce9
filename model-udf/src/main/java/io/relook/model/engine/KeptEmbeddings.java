package io.relook.model.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.relook.model.checkpoint.ModelConfig;
import io.relook.model.torch.TorchProgram;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Embeddings that a picture half which does not learn made of pictures: each is encoded once, the
 * latest used are kept.
 */
final class KeptEmbeddings implements AutoCloseable {
  /** Of patches and embeddings together. Our choice. */
  private static final long MOST_BYTES = 512L << 20;

  private final TorchProgram program;
  private final Weights weights;
  private final ModelConfig.Vision vision;
  private final Map<PictureGrid, Kept> all = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;

  private record Kept(NDManager owner, NDArray embeddings, long bytes) {}

  KeptEmbeddings(TorchProgram program, Weights weights, ModelConfig.Vision vision) {
    this.program = program;
    this.weights = weights;
    this.vision = vision;
  }

  /** Makes those that are not there; they stay until {@link #trim}. */
  void encode(List<PictureGrid> pictures) {
    pictures.forEach(picture -> all.computeIfAbsent(picture, this::encode));
  }

  /** The pictures' embeddings one below the other, each in reading order. Thread-safe. */
  NDArray of(NDManager scope, List<PictureGrid> pictures) {
    List<Object> parts = new ArrayList<>();
    synchronized (this) {
      pictures.forEach(picture -> parts.add(all.get(picture).embeddings));
    }
    return program.callWithGradients(scope, "stack_rows", parts).head();
  }

  /** Drops the longest unused where there are too many. */
  void trim() {
    var oldest = all.entrySet().iterator();
    while (bytes > MOST_BYTES && oldest.hasNext()) {
      Kept kept = oldest.next().getValue();
      oldest.remove();
      bytes -= kept.bytes;
      kept.owner.close();
    }
  }

  private Kept encode(PictureGrid picture) {
    NDManager owner = program.newScope();
    try (NDManager scope = program.newScope()) {
      int tokens = picture.tokens(vision.spatialMergeSize());
      PictureBatch batch =
          PictureBatch.of(scope, List.of(picture), LongStream.range(0, tokens).toArray(), vision);
      NDList embeddings =
          program.callWithGradients(owner, "encode_pictures", batch.encoding(weights, vision));
      long size = 4L * (picture.patches().length + embeddings.head().getShape().size());
      bytes += size;
      return new Kept(owner, embeddings.head(), size);
    } catch (RuntimeException e) {
      owner.close();
      throw e;
    }
  }

  @Override
  public void close() {
    all.values().forEach(kept -> kept.owner.close());
    all.clear();
    bytes = 0;
  }
}
