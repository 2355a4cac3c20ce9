package io.relook.model.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.relook.model.checkpoint.ModelConfig;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Pictures on the device, as the program {@code encode_pictures} takes them. */
record PictureBatch(
    NDArray patches,
    NDArray places,
    NDArray back,
    long[] fullBlocks,
    long[] windows,
    long[] pictures) {

  /** Gives the embeddings that {@code from} lists, counted over all pictures in reading order. */
  static PictureBatch of(
      NDManager scope, List<PictureGrid> pictures, long[] from, ModelConfig.Vision vision) {
    PictureLayout layout = PictureLayout.of(pictures, vision);
    long patches = layout.places().length / 2;
    ByteBuffer values = layout.arrange(pictures, vision.spatialMergeSize());
    Shape shape = new Shape(patches, values.capacity() / Float.BYTES / patches);
    return new PictureBatch(
        scope.create(values, shape, DataType.FLOAT32),
        scope.create(layout.places(), new Shape(patches, 2)),
        scope.create(Arrays.stream(from).map(i -> layout.back()[(int) i]).toArray()),
        Arrays.stream(vision.fullAttentionBlocks()).asLongStream().toArray(),
        layout.windows(),
        layout.pictures());
  }

  /** What the program {@code encode_pictures} is given. */
  Object[] encoding(Weights weights, ModelConfig.Vision vision) {
    return new Object[] {
      patches,
      places,
      back,
      weights.vision,
      weights.ends,
      vision.heads(),
      fullBlocks,
      windows,
      pictures
    };
  }

  /** No picture. */
  static PictureBatch none(NDManager scope) {
    return new PictureBatch(
        scope.create(new float[0], new Shape(0, 1)),
        scope.create(new long[0], new Shape(0, 2)),
        scope.create(new long[0]),
        new long[0],
        new long[0],
        new long[0]);
  }
}
