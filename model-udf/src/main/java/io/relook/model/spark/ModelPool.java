package io.relook.model.spark;

import ai.djl.Device;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.image.ImageProcessor;
import io.relook.model.text.TextProcessor;
import io.relook.model.torch.TorchProgram;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/**
 * One model an executor JVM and device: loaded once, shared by all tasks, replaced when another
 * policy version is asked for.
 */
public final class ModelPool {
  private static final Map<Device, TorchProgram> PROGRAMS = new HashMap<>();
  private static final Map<Device, LoadedPolicy> LOADED = new HashMap<>();
  private static final Map<Device, String> VERSIONS = new HashMap<>();

  private ModelPool() {}

  /** What one does with a policy. */
  public interface Use<T> {
    T with(LoadedPolicy policy);
  }

  /** Uses the policy in {@code uri}; no other task uses the device meanwhile. */
  public static <T> T use(EngineSettings settings, String uri, Configuration hadoop, Use<T> use) {
    synchronized (ModelPool.class) {
      Device device = device();
      String version = uri + "@" + settings;
      if (!version.equals(VERSIONS.get(device))) {
        LoadedPolicy before = LOADED.remove(device);
        VERSIONS.remove(device);
        if (before != null) {
          before.close();
        }
        LOADED.put(device, load(settings, uri, hadoop, device));
        VERSIONS.put(device, version);
      }
      return use.with(LOADED.get(device));
    }
  }

  /** The programs of a device. */
  public static synchronized TorchProgram program(Device device, int threads) {
    return PROGRAMS.computeIfAbsent(device, d -> TorchProgram.load(d, threads));
  }

  private static LoadedPolicy load(
      EngineSettings settings, String uri, Configuration hadoop, Device device) {
    TorchProgram program = program(device, settings.threads());
    Checkpoint checkpoint = Checkpoint.open(uri, hadoop);
    try {
      VisionLanguageModel.Options options =
          new VisionLanguageModel.Options(device, settings.type(), settings.threads());
      TextProcessor text = TextProcessor.load(checkpoint.folder());
      ImageProcessor images = ImageProcessor.load(checkpoint.folder());
      return new LoadedPolicy(
          checkpoint, VisionLanguageModel.load(program, checkpoint, options), text, images);
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  private static Device device() {
    TaskContext task = TaskContext.get();
    ResourceInformation gpu = task == null ? null : task.resourcesJMap().get("gpu");
    return gpu == null ? Device.cpu() : Device.gpu(Integer.parseInt(gpu.addresses()[0]));
  }
}
