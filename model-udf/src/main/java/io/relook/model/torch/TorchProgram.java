package io.relook.model.torch;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.model.Offline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/**
 * The model's arithmetic: the TorchScript sources of {@code resources/torchscript}, loaded once
 * into libtorch and callable by name. Thread-safe; a call runs on the calling thread with the
 * engine's own thread pool beneath it.
 *
 * <p>Whoever calls closes what a call returns (or the manager that it is attached to).
 */
public final class TorchProgram implements AutoCloseable {
  private static final List<String> SOURCES =
      List.of(
          "layers.py",
          "weights.py",
          "vision.py",
          "text.py",
          "attention.py",
          "gradients.py",
          "objectives.py",
          "training.py",
          "sampling.py",
          "decode.py",
          "machine.py");

  static {
    Offline.enforce();
  }

  private final PtNDManager manager;
  private final PtSymbolBlock block;
  private final ThreadLocal<Integer> share = new ThreadLocal<>();
  private volatile int threads;

  private TorchProgram(PtNDManager manager, PtSymbolBlock block, int threads) {
    this.manager = manager;
    this.block = block;
    this.threads = threads;
  }

  /** Loads the programs; {@code threads} sizes libtorch's one pool of this JVM. */
  public static TorchProgram load(Device device, int threads) {
    return load(device, threads, SOURCES);
  }

  /** Sizes libtorch's pool for the calls to come. */
  public void useThreads(int threads) {
    this.threads = threads;
  }

  /** Threads of a call from a thread that does not {@link #share} them. */
  public int threads() {
    return threads;
  }

  /** Runs work whose calls use so many threads each: the rest is for work of other threads. */
  public void share(int threads, Runnable work) {
    share.set(threads);
    try {
      work.run();
    } finally {
      share.remove();
    }
  }

  /**
   * libtorch keeps both settings by thread, and results depend on both: a run that is resumed, and
   * so calls from other threads first, must compute what an unbroken one does.
   */
  private static void prepareThread(int threads) {
    if (JniUtils.getNumThreads() != threads) {
      JniUtils.setNumThreads(threads);
    }
    // Shapes change from call to call: specialising the graphs on them costs more than it saves.
    JniUtils.setGraphExecutorOptimize(false);
  }

  static TorchProgram load(Device device, int threads, List<String> sources) {
    Engine engine = Engine.getEngine("PyTorch");
    prepareThread(threads);
    PtNDManager manager = (PtNDManager) engine.newBaseManager(device);
    try {
      Path archive = Files.createTempFile("relook-program", ".pt");
      try {
        Files.write(archive, TorchArchive.pack("relook", sources));
        PtSymbolBlock block =
            JniUtils.loadModule(manager, archive, false, new String[0], new String[0], true);
        return new TorchProgram(manager, block, threads);
      } finally {
        Files.deleteIfExists(archive);
      }
    } catch (IOException e) {
      manager.close();
      throw new RelookException(
          Category.STORAGE,
          "Cannot write the engine's program to "
              + System.getProperty("java.io.tmpdir")
              + ": free space there, or set -Djava.io.tmpdir",
          e);
    } catch (EngineException e) {
      manager.close();
      throw new RelookException(
          Category.INTERNAL, "libtorch refused the engine's program: " + e.getMessage(), e);
    }
  }

  public Device device() {
    return manager.getDevice();
  }

  /** A manager for tensors on the program's device; closing it frees them. */
  public NDManager newScope() {
    return manager.newSubManager();
  }

  /**
   * Calls a program without gradients.
   *
   * @param scope owns the results
   * @param arguments {@link NDArray}, a collection of them, long, double, boolean, string, or an
   *     array of longs or doubles
   */
  public NDList call(NDManager scope, String name, Object... arguments) {
    return call(scope, false, name, arguments);
  }

  /** Calls a program that takes gradients inside. */
  public NDList callWithGradients(NDManager scope, String name, Object... arguments) {
    return call(scope, true, name, arguments);
  }

  private NDList call(NDManager scope, boolean gradients, String name, Object... arguments) {
    IValue[] values = new IValue[arguments.length];
    boolean before = JniUtils.isGradMode();
    LastCall.begin();
    try {
      for (int i = 0; i < arguments.length; i++) {
        values[i] = valueOf(arguments[i]);
      }
      Integer shared = share.get();
      prepareThread(shared == null ? threads : shared);
      JniUtils.setGradMode(gradients);
      try (IValue result = ModuleCall.run(block, name, values, gradients)) {
        return result.toNDList((PtNDManager) scope);
      }
    } catch (EngineException e) {
      throw new RelookException(Category.MODEL, explain(name, e.getMessage()), e);
    } finally {
      JniUtils.setGradMode(before);
      for (IValue value : values) {
        if (value != null) {
          value.close();
        }
      }
      LastCall.end();
    }
  }

  private static String explain(String name, String message) {
    String reason = message == null ? "no message" : message.strip();
    int last = reason.lastIndexOf("RuntimeError:");
    if (last >= 0) {
      reason = reason.substring(last);
    }
    return "The program " + name + " failed: " + reason;
  }

  private static IValue valueOf(Object argument) {
    if (argument instanceof NDArray) {
      return IValue.from((PtNDArray) argument);
    }
    if (argument instanceof Collection<?>) {
      return IValue.listFrom(
          ((Collection<?>) argument).stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new));
    }
    if (argument instanceof long[]) {
      return IValue.listFrom((long[]) argument);
    }
    if (argument instanceof double[]) {
      return IValue.listFrom((double[]) argument);
    }
    if (argument instanceof Number) {
      Number number = (Number) argument;
      boolean real = number instanceof Double || number instanceof Float;
      return real ? IValue.from(number.doubleValue()) : IValue.from(number.longValue());
    }
    if (argument instanceof Boolean) {
      return IValue.from((boolean) argument);
    }
    if (argument instanceof String) {
      return IValue.from((String) argument);
    }
    throw new IllegalArgumentException("no native value for " + argument);
  }

  @Override
  public void close() {
    block.close();
    manager.close();
  }
}
