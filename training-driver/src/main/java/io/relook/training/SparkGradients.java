package io.relook.training;

import io.relook.model.engine.Objective;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;

/**
 * Synchronous data parallel: a step's packs in so many shards, a task each; the shards' gradients
 * are added in their order, so the sum depends on the number of shards, not on executors, retries
 * or who is first. Only what learns travels: its values to the executors, its gradient back.
 */
final class SparkGradients implements Gradients {
  private final JavaSparkContext spark;
  private final ReplicaSetup setup;
  private final int shards;
  private long steps;

  SparkGradients(JavaSparkContext spark, ReplicaSetup setup, int shards) {
    this.spark = spark;
    this.setup = setup;
    this.shards = shards;
  }

  /** Packs that run in one task, with their numbers. */
  private record Shard(int number, List<Integer> packs, List<List<TrainingRow>> rows)
      implements Serializable {}

  /**
   * @param received seconds until the executor had the step's values, and its model where that was
   *     not loaded yet
   * @param seconds of the shard's gradient
   */
  private record ShardDone(
      int number,
      List<TrainableModel.Outcome> outcomes,
      String executor,
      double received,
      double seconds)
      implements Serializable {}

  private record Task(
      ReplicaSetup setup, long step, Broadcast<byte[][]> values, Objective objective)
      implements FlatMapFunction<Iterator<byte[][]>, byte[][]> {
    @Override
    public Iterator<byte[][]> call(Iterator<byte[][]> given) {
      List<byte[][]> done = new ArrayList<>();
      while (given.hasNext()) {
        Shard shard = Parcel.<Shard>open(given.next()).value();
        long asked = System.nanoTime();
        done.add(
            Replica.with(
                setup,
                step,
                () -> Parcel.open(values.value()).tensors(),
                model -> MemoryCheck.requirePass(model, shard.rows),
                model -> run(shard, model, asked)));
      }
      return done.iterator();
    }

    private byte[][] run(Shard shard, TrainableModel model, long asked) {
      long began = System.nanoTime();
      List<TrainableModel.Outcome> outcomes = model.forwardBackwardAll(shard.rows, objective);
      float[][] gradients = model.gradients();
      return Parcel.pack(
          new ShardDone(
              shard.number,
              outcomes,
              SparkEnv.get().executorId(),
              (began - asked) / 1e9,
              seconds(began)),
          gradients);
    }
  }

  @Override
  public Done add(TrainableModel model, List<List<TrainingRow>> packs, Objective objective) {
    if (packs.isEmpty()) {
      return new Done(List.of(), Map.of());
    }
    List<Shard> parts = new ArrayList<>();
    for (int i = 0; i < Math.min(shards, packs.size()); i++) {
      parts.add(new Shard(i, new ArrayList<>(), new ArrayList<>()));
    }
    for (int i = 0; i < packs.size(); i++) {
      Shard part = parts.get(i % parts.size());
      part.packs.add(i);
      part.rows.add(packs.get(i));
    }
    TrainableModel.Outcome[] outcomes = new TrainableModel.Outcome[packs.size()];
    Map<String, Double> seconds = new TreeMap<>();
    long began = System.nanoTime();
    Broadcast<byte[][]> values = spark.broadcast(Parcel.pack(null, model.learntValues()));
    seconds.put("send_weights", seconds(began));
    try {
      JavaRDD<byte[][]> results =
          spark
              .parallelize(parts.stream().map(SparkGradients::packed).toList(), parts.size())
              .mapPartitions(new Task(setup, steps++, values, objective));
      began = System.nanoTime();
      List<byte[][]> all = results.collect();
      seconds.put("wait_for_shards", seconds(began));
      began = System.nanoTime();
      for (byte[][] parcel : all) {
        Parcel<ShardDone> opened = Parcel.open(parcel);
        ShardDone done = opened.value();
        model.addGradients(opened.tensors());
        List<Integer> numbers = parts.get(done.number).packs;
        for (int i = 0; i < numbers.size(); i++) {
          outcomes[numbers.get(i)] = done.outcomes.get(i);
        }
        String shard = "shard %d on executor %s".formatted(done.number, done.executor);
        seconds.put(shard, done.seconds);
        seconds.put("values of " + shard, done.received);
      }
      seconds.put("add_gradients", seconds(began));
    } finally {
      values.destroy();
    }
    return new Done(List.of(outcomes), seconds);
  }

  private static byte[][] packed(Shard shard) {
    return Parcel.pack(shard, new float[0][]);
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }
}
