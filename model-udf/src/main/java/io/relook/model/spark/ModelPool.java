package io.relook.model.spark;

import ai.djl.Device;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.image.ImageProcessor;
import io.relook.model.text.TextProcessor;
import io.relook.model.torch.TorchProgram;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.util.TaskCompletionListener;

/**
 * One model an executor JVM and device: loaded once, shared by all tasks, replaced when another
 * policy version is asked for. What a running task still holds is not replaced: two versions lie
 * side by side only while one task, or two at a time, use both.
 */
public final class ModelPool {
  private static final Map<Device, TorchProgram> PROGRAMS = new HashMap<>();
  private static final Map<Device, ModelPool> POOLS = new ConcurrentHashMap<>();

  /** Held by whoever computes on the device or changes what is loaded. */
  private final ReentrantLock turn = new ReentrantLock(true);

  private final Map<String, Loaded> loaded = new HashMap<>();

  private ModelPool() {}

  private static final class Loaded {
    final LoadedPolicy policy;
    int leases;

    Loaded(LoadedPolicy policy) {
      this.policy = policy;
    }
  }

  /** A task's hold on a policy, until it closes it or ends. */
  static final class Lease implements AutoCloseable {
    private final ModelPool pool;
    private final Loaded loaded;
    private final TorchProgram program;
    private final int threads;
    private boolean closed;

    private Lease(ModelPool pool, Loaded loaded, TorchProgram program, int threads) {
      this.pool = pool;
      this.loaded = loaded;
      this.program = program;
      this.threads = threads;
    }

    LoadedPolicy policy() {
      return loaded.policy;
    }

    /** Computes while no other task uses the device. */
    <T> T alone(Supplier<T> work) {
      pool.turn.lock();
      try {
        program.useThreads(threads);
        return work.get();
      } finally {
        pool.turn.unlock();
      }
    }

    /** The policy stays loaded until another one is asked for. */
    @Override
    public void close() {
      pool.turn.lock();
      try {
        loaded.leases -= closed ? 0 : 1;
        closed = true;
      } finally {
        pool.turn.unlock();
      }
    }
  }

  /** Holds the policy in {@code uri}, on the device that Spark gave to this task. */
  static Lease lease(EngineSettings settings, String uri) {
    Device device = device();
    ModelPool pool = POOLS.computeIfAbsent(device, d -> new ModelPool());
    int threads = settings.threadsHere();
    pool.turn.lock();
    try {
      TorchProgram program = program(device, threads);
      String version = uri + "@" + settings.type() + settings.templateVariables();
      Loaded loaded = pool.loaded.get(version);
      if (loaded == null) {
        pool.forgetUnused();
        loaded = new Loaded(load(program, settings, uri, device));
        pool.loaded.put(version, loaded);
      }
      loaded.leases++;
      Lease lease = new Lease(pool, loaded, program, threads);
      TaskContext task = TaskContext.get();
      if (task != null) {
        task.addTaskCompletionListener((TaskCompletionListener) done -> lease.close());
      }
      return lease;
    } finally {
      pool.turn.unlock();
    }
  }

  /** The programs of a device. */
  public static synchronized TorchProgram program(Device device, int threads) {
    TorchProgram program = PROGRAMS.computeIfAbsent(device, d -> TorchProgram.load(d, threads));
    program.useThreads(threads);
    return program;
  }

  private void forgetUnused() {
    for (Iterator<Loaded> all = loaded.values().iterator(); all.hasNext(); ) {
      Loaded one = all.next();
      if (one.leases == 0) {
        all.remove();
        one.policy.close();
      }
    }
  }

  private static LoadedPolicy load(
      TorchProgram program, EngineSettings settings, String uri, Device device) {
    Checkpoint checkpoint = Checkpoint.open(uri, hadoop());
    try {
      VisionLanguageModel.Options options =
          new VisionLanguageModel.Options(device, settings.type(), settings.threadsHere());
      TextProcessor text = TextProcessor.load(checkpoint.folder(), settings.templateVariables());
      ImageProcessor images = ImageProcessor.load(checkpoint.folder());
      return new LoadedPolicy(
          checkpoint, VisionLanguageModel.load(program, checkpoint, options), text, images);
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  /** With the {@code spark.hadoop.*} of the application: credentials of object stores. */
  private static Configuration hadoop() {
    SparkEnv env = SparkEnv.get();
    return env == null ? new Configuration() : SparkHadoopUtil.get().newConfiguration(env.conf());
  }

  /** The device that Spark gave to this task. */
  public static Device device() {
    TaskContext task = TaskContext.get();
    ResourceInformation gpu = task == null ? null : task.resourcesJMap().get("gpu");
    return gpu == null ? Device.cpu() : Device.gpu(Integer.parseInt(gpu.addresses()[0]));
  }
}
