package io.relook.model.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.relook.lakehouse.RelookException;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.TensorEntry;
import io.relook.model.torch.TorchProgram;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A policy's weights in native memory, in one compute type, each value once (a small tied head
 * twice). Whoever loads closes.
 */
final class Weights implements AutoCloseable {
  final WeightLayout layout;
  final NDList ends;
  final NDList vision;
  final NDList top;
  final NDList text;

  /** The head: of the top, or the embedding where they are tied; packed where the text is. */
  final NDArray head;

  /**
   * Bytes up to which an embedding that is also the head is kept a second time, packed: rows are
   * looked up in one layout and multiplied in the other. Our choice.
   */
  static final long LARGEST_SECOND_HEAD = 64L << 20;

  private final NDManager owner;

  private Weights(
      NDManager owner,
      WeightLayout layout,
      NDList ends,
      NDList vision,
      NDList top,
      NDList text,
      NDArray head) {
    this.owner = owner;
    this.layout = layout;
    this.ends = ends;
    this.vision = vision;
    this.top = top;
    this.text = text;
    this.head = head;
  }

  /**
   * Loads a checkpoint tensor by tensor out of its mapped files.
   *
   * @param packed lay the text's matrices out for inference; such weights cannot be trained
   * @param rows how many rows products will mostly have, where packed
   */
  static Weights load(
      TorchProgram program, Checkpoint checkpoint, ComputeType type, boolean packed, int rows) {
    return load(program, checkpoint, type, packed, rows, false);
  }

  /** Weights that gradients can be taken of. */
  static Weights loadTrainable(TorchProgram program, Checkpoint checkpoint, ComputeType type) {
    return load(program, checkpoint, type, false, 0, true);
  }

  /** Some of a checkpoint's weights in float32, which gradients can be taken of. */
  static NDList loadMasters(
      TorchProgram program, Checkpoint checkpoint, NDManager owner, List<WeightLayout.Slot> slots) {
    return new Loader(program, checkpoint.tensors(), ComputeType.FLOAT32, true, owner).group(slots);
  }

  private static Weights load(
      TorchProgram program,
      Checkpoint checkpoint,
      ComputeType type,
      boolean packed,
      int rows,
      boolean trainable) {
    checkpoint.verifyFinite();
    WeightLayout layout = WeightLayout.of(checkpoint.config());
    NDManager owner = program.newScope();
    try {
      Loader loader = new Loader(program, checkpoint.tensors(), type, trainable, owner);
      NDList ends = loader.group(layout.ends());
      NDList vision = loader.group(layout.vision());
      NDList top = loader.group(layout.top());
      NDList text = new NDList();
      for (WeightLayout.Slot slot : layout.text()) {
        text.add(loader.slot(slot, packed && slot.shape().length == 2 ? rows : 0));
      }
      boolean tied = top.size() == 2;
      NDArray head = top.get(tied ? 0 : 2);
      if (packed && (!tied || values(head) * type.bytes() <= LARGEST_SECOND_HEAD)) {
        head = program.call(owner, "pack", head, rows).head();
        if (!tied) {
          top.remove(2).close();
        }
      }
      return new Weights(owner, layout, ends, vision, top, text, head);
    } catch (RuntimeException e) {
      owner.close();
      throw e;
    }
  }

  /** All weights in the order of {@link WeightLayout#slots()}. */
  NDList all() {
    NDList all = new NDList(ends);
    all.addAll(vision);
    all.addAll(top);
    all.addAll(text);
    return all;
  }

  @Override
  public void close() {
    owner.close();
  }

  private static long values(NDArray tensor) {
    return tensor.getShape().size();
  }

  /** Reads slots. */
  private static final class Loader {
    private final TorchProgram program;
    private final NDManager owner;
    private final Map<String, TensorEntry> tensors;
    private final ComputeType type;
    private final boolean trainable;

    Loader(
        TorchProgram program,
        Map<String, TensorEntry> tensors,
        ComputeType type,
        boolean trainable,
        NDManager owner) {
      this.trainable = trainable;
      this.program = program;
      this.owner = owner;
      this.tensors = tensors;
      this.type = type;
    }

    NDList group(List<WeightLayout.Slot> slots) {
      NDList weights = new NDList();
      for (WeightLayout.Slot slot : slots) {
        weights.add(slot(slot, 0));
      }
      return weights;
    }

    /** One weight; packed for so many rows where that is above 0. */
    NDArray slot(WeightLayout.Slot slot, int packedRows) {
      try (NDManager scope = program.newScope()) {
        List<NDArray> parts = new ArrayList<>();
        for (WeightLayout.Part part : slot.parts()) {
          TensorEntry entry = tensors.get(part.name());
          if (entry == null) {
            throw new RelookException(
                RelookException.Category.MODEL,
                "The checkpoint has no tensor " + part.name() + ".");
          }
          long[] shape = slot.parts().size() == 1 ? slot.shape() : part.shape();
          parts.add(map(scope, entry, shape));
        }
        NDArray whole = parts.size() == 1 ? parts.get(0) : call(scope, "stack_rows", parts);
        if (packedRows > 0) {
          whole = program.call(scope, "pack", whole, packedRows).head();
        }
        whole.attach(owner);
        return whole;
      }
    }

    /** A tensor's values in memory of their own, in the compute type. */
    private NDArray map(NDManager scope, TensorEntry entry, long[] shape) {
      int width = entry.dtype().bytes();
      if (entry.offset() % width != 0) {
        return mapAligned(scope, entry, shape);
      }
      return map(scope, entry.file(), entry.offset() / width, entry, shape);
    }

    private NDArray map(NDManager scope, Path file, long first, TensorEntry entry, long[] shape) {
      return call(
          scope,
          "map_file",
          file.toString(),
          first,
          entry.bytes() / entry.dtype().bytes(),
          ComputeType.torchNumber(entry.dtype()),
          type.torchNumber(),
          shape);
    }

    /** What inference mode makes can never enter a gradient. */
    private NDArray call(NDManager scope, String name, Object... arguments) {
      return trainable
          ? program.callWithGradients(scope, name, arguments).head()
          : program.call(scope, name, arguments).head();
    }

    /** The format allows tensors at any byte, a mapping of values does not: goes by a copy. */
    private NDArray mapAligned(NDManager scope, TensorEntry entry, long[] shape) {
      Path copy = null;
      try {
        copy = Files.createTempFile("relook-tensor", ".bin");
        try (FileChannel from = FileChannel.open(entry.file(), StandardOpenOption.READ);
            FileChannel to = FileChannel.open(copy, StandardOpenOption.WRITE)) {
          for (long done = 0; done < entry.bytes(); ) {
            done += from.transferTo(entry.offset() + done, entry.bytes() - done, to);
          }
        }
        return map(scope, copy, 0, entry, shape);
      } catch (IOException e) {
        throw EngineErrors.unreadable(entry.file(), e);
      } finally {
        if (copy != null) {
          copy.toFile().delete();
        }
      }
    }
  }
}
