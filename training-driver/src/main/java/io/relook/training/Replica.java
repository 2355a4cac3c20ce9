package io.relook.training;

import ai.djl.Device;
import io.relook.model.checkpoint.Adapter;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.TrainableModel;
import io.relook.model.spark.ModelPool;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.deploy.SparkHadoopUtil;

/**
 * On an executor: the policy that gradients are computed with, one in each JVM. It is loaded once a
 * stage; what learns arrives with each step.
 */
final class Replica {
  private static final ReentrantLock TURN = new ReentrantLock(true);
  private static Replica loaded;

  private final String stage;
  private final TrainableModel model;
  private long step = -1;

  private Replica(String stage, TrainableModel model) {
    this.stage = stage;
    this.model = model;
  }

  /**
   * Tasks of one JVM take turns: they share the engine's threads.
   *
   * @param first looks at a policy that was just loaded
   */
  static <T> T with(
      ReplicaSetup setup,
      long step,
      Supplier<float[][]> values,
      Consumer<TrainableModel> first,
      Function<TrainableModel, T> work) {
    TURN.lock();
    try {
      if (loaded != null && !loaded.stage.equals(setup.stage())) {
        loaded.model.close();
        loaded = null;
      }
      if (loaded == null) {
        loaded = new Replica(setup.stage(), load(setup));
        first.accept(loaded.model);
      }
      if (loaded.step != step) {
        loaded.model.setLearntValues(values.get());
        loaded.step = step;
      }
      loaded.model.clearGradient();
      return work.apply(loaded.model);
    } finally {
      TURN.unlock();
    }
  }

  private static TrainableModel load(ReplicaSetup setup) {
    Device device = ModelPool.device();
    try (Checkpoint checkpoint = Checkpoint.open(setup.uri(), hadoop())) {
      Adapter adapter =
          setup.train().lora() == null
              ? null
              : Policies.freshAdapter(setup.train().lora(), checkpoint.config(), 0);
      TrainableModel model =
          TrainableModel.load(
              ModelPool.program(device, setup.threads()),
              checkpoint,
              Policies.setup(setup.train(), adapter));
      model.setRecompute(setup.train().recompute());
      return model;
    }
  }

  private static Configuration hadoop() {
    SparkEnv env = SparkEnv.get();
    return env == null ? new Configuration() : SparkHadoopUtil.get().newConfiguration(env.conf());
  }
}
