package io.relook.model.engine;

import io.relook.model.checkpoint.DType;

/** What the engine computes in; softmax, norms and log-probabilities are float32 in both. */
public enum ComputeType {
  FLOAT32(6, 4),
  BFLOAT16(15, 2);

  private final int torchNumber;
  private final int bytes;

  ComputeType(int torchNumber, int bytes) {
    this.torchNumber = torchNumber;
    this.bytes = bytes;
  }

  /** {@code float32} or {@code bfloat16}. */
  public static ComputeType of(String name) {
    for (ComputeType type : values()) {
      if (type.name().equalsIgnoreCase(name)) {
        return type;
      }
    }
    throw EngineErrors.type(name);
  }

  /** libtorch's number of the type. */
  int torchNumber() {
    return torchNumber;
  }

  int bytes() {
    return bytes;
  }

  static int torchNumber(DType stored) {
    if (stored == DType.F32) {
      return 6;
    }
    return stored == DType.F16 ? 5 : 15;
  }
}
