package io.relook.model.engine;

import ai.djl.ndarray.NDManager;
import io.relook.lakehouse.RelookException;
import io.relook.model.torch.TorchProgram;

/** What the machine's native library can do, found out by doing it. */
final class Capabilities {
  private Capabilities() {}

  /** Whether matrices can be packed for products in this type (bf16 needs such instructions). */
  static boolean packs(TorchProgram program, ComputeType type) {
    try (NDManager scope = program.newScope()) {
      program.call(scope, "try_packing", type.torchNumber());
      return true;
    } catch (RelookException e) {
      return false;
    }
  }
}
