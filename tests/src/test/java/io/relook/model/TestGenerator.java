package io.relook.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.Completion;
import io.relook.model.engine.Completion.Finish;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.GenerationRequest;
import io.relook.model.engine.Generator;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.Sampling;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.torch.TorchProgram;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A row's tokens depend on its prompt, its settings and its key alone. */
class TestGenerator {
  private static final Path MODEL =
      Path.of(System.getProperty("relook.root"), "tests/src/test/resources/goldens/model-b");
  private static TorchProgram program;

  @BeforeAll
  static void load() {
    program = TorchProgram.load(Device.cpu(), 1);
  }

  @AfterAll
  static void close() {
    program.close();
  }

  @Test
  void neighboursDoNotChangeARowInFloat32() {
    neighboursDoNotChangeARow(ComputeType.FLOAT32, 1);
  }

  @Test
  void neighboursDoNotChangeARowInBfloat16() {
    neighboursDoNotChangeARow(ComputeType.BFLOAT16, 1);
  }

  @Test
  void neighboursDoNotChangeARowInStreams() {
    neighboursDoNotChangeARow(ComputeType.FLOAT32, 2);
  }

  @Test
  void rowsThatEndAtTheCachesEndLeaveTheirNeighboursAlone() {
    try (Checkpoint checkpoint = Checkpoint.open(MODEL.toString(), new Configuration());
        VisionLanguageModel model = load(checkpoint, ComputeType.FLOAT32)) {
      List<GenerationRequest> requests = new ArrayList<>();
      for (int p = 0; p < 12; p++) {
        // Every other bank holds a row that ends in its last slot at the cache's end, while the
        // next bank, whose lanes follow, is between two of its rows.
        Sampling last = Sampling.ofPolicy(p % 2 == 0 ? 32 : 23, List.of());
        Sampling part = Sampling.ofPolicy(5 + p, List.of());
        List<String> keys = List.of(p + "/0", p + "/1", p + "/2", p + "/3");
        requests.add(new GenerationRequest(prompt(9, p), List.of(part, part, last, last), keys));
      }
      Map<String, Completion> expected = new HashMap<>();
      new Generator(model, ids -> "", new Generator.Options(8, 4, 8, 1L << 30))
          .generate(requests, c -> expected.put(c.rowKey(), c));
      for (int chunk : new int[] {1, 5, 7, 64}) {
        new Generator(model, ids -> "", new Generator.Options(8, 4, chunk, 1L << 30))
            .generate(
                requests,
                c -> assertArrayEquals(expected.get(c.rowKey()).tokens(), c.tokens(), c.rowKey()));
      }
    }
  }

  @Test
  void anErrorInOneStreamEndsAllAndLeavesTheModelUsable() {
    try (Checkpoint checkpoint = Checkpoint.open(MODEL.toString(), new Configuration());
        VisionLanguageModel model = load(checkpoint, ComputeType.FLOAT32)) {
      List<GenerationRequest> requests = new ArrayList<>();
      for (int p = 0; p < 40; p++) {
        Sampling sampling = Sampling.ofPolicy(12, List.of());
        requests.add(GenerationRequest.of(prompt(9, p), sampling, List.of(p + "/0", p + "/1")));
      }
      int[] ended = {0};
      IllegalStateException thrown =
          assertThrows(
              IllegalStateException.class,
              () ->
                  generator(model, 2)
                      .generate(
                          requests,
                          c -> {
                            ended[0] += c.finish() == Finish.LENGTH ? 1 : 0;
                            if (ended[0] == 5) {
                              throw new IllegalStateException("the table is gone");
                            }
                          }));
      assertEquals("the table is gone", thrown.getMessage());
      assertTrue(ended[0] < 40, "went on for " + ended[0]);
      List<Completion> done = new ArrayList<>();
      generator(model, 2).generate(requests, done::add);
      assertEquals(80, done.stream().map(Completion::rowKey).distinct().count());
      assertEquals(80, done.size());
    }
  }

  @Test
  void everyRowIsGivenOnceWhenStreamsAreCancelled() {
    try (Checkpoint checkpoint = Checkpoint.open(MODEL.toString(), new Configuration());
        VisionLanguageModel model = load(checkpoint, ComputeType.FLOAT32)) {
      List<GenerationRequest> requests = new ArrayList<>();
      for (int p = 0; p < 30; p++) {
        Sampling sampling = Sampling.ofPolicy(64, List.of());
        requests.add(GenerationRequest.of(prompt(9, p), sampling, List.of(p + "/0", p + "/1")));
      }
      AtomicInteger looks = new AtomicInteger();
      List<Completion> done = new ArrayList<>();
      generator(model, 2).generate(requests, done::add, () -> looks.incrementAndGet() > 6);
      assertEquals(60, done.stream().map(Completion::rowKey).distinct().count());
      assertEquals(60, done.size());
      assertTrue(done.stream().anyMatch(c -> c.finish() == Finish.CANCELLED));
    }
  }

  @Test
  void whatCannotFitIsAFailedRowAndTheOthersGoOn() {
    try (Checkpoint checkpoint = Checkpoint.open(MODEL.toString(), new Configuration());
        VisionLanguageModel model = load(checkpoint, ComputeType.FLOAT32)) {
      Prompt good = prompt(5, 1);
      Prompt beyond = prompt(4090, 2);
      Prompt unknown = new Prompt(new int[] {1, 999_999}, List.of());
      List<GenerationRequest> requests =
          List.of(
              GenerationRequest.of(beyond, Sampling.ofPolicy(64, List.of()), List.of("beyond")),
              GenerationRequest.of(unknown, Sampling.ofPolicy(4, List.of()), List.of("unknown")),
              GenerationRequest.of(good, Sampling.ofPolicy(4, List.of()), List.of("good")));
      Map<String, Completion> done = new HashMap<>();
      generator(model).generate(requests, c -> done.put(c.rowKey(), c));
      assertTrue(done.get("beyond").error().contains("context"), done.get("beyond").error());
      assertTrue(done.get("unknown").error().contains("999999"), done.get("unknown").error());
      assertEquals(Finish.LENGTH, done.get("good").finish());
      assertEquals(4, done.get("good").tokens().length);
    }
  }

  @Test
  void cancellingKeepsWhatIsThere() {
    try (Checkpoint checkpoint = Checkpoint.open(MODEL.toString(), new Configuration());
        VisionLanguageModel model = load(checkpoint, ComputeType.FLOAT32)) {
      List<Completion> done = new ArrayList<>();
      int[] looks = {0};
      generator(model)
          .generate(
              List.of(
                  GenerationRequest.of(
                      prompt(9, 3), Sampling.ofPolicy(64, List.of()), List.of("a", "b"))),
              done::add,
              () -> looks[0]++ >= 2);
      assertEquals(2, done.size());
      for (Completion completion : done) {
        assertEquals(Finish.CANCELLED, completion.finish());
        assertEquals(16, completion.tokens().length);
      }
    }
  }

  private static void neighboursDoNotChangeARow(ComputeType type, int streams) {
    List<GenerationRequest> requests = new ArrayList<>();
    Random random = new Random(4);
    for (int p = 0; p < 65; p++) {
      List<Sampling> samplings = new ArrayList<>();
      List<String> keys = new ArrayList<>();
      for (int k = 0; k < 8; k++) {
        samplings.add(Sampling.ofPolicy(1 + random.nextInt(90), List.of(7)));
        keys.add(p + "/" + k);
      }
      requests.add(new GenerationRequest(prompt(2 + random.nextInt(150), p), samplings, keys));
    }
    try (Checkpoint checkpoint = Checkpoint.open(MODEL.toString(), new Configuration());
        VisionLanguageModel model = load(checkpoint, type)) {
      Map<String, Completion> first = new HashMap<>();
      generator(model, streams).generate(requests, c -> first.put(c.rowKey(), c));
      Collections.shuffle(requests, new Random(5));
      Map<String, Completion> second = new HashMap<>();
      for (int at = 0; at < requests.size(); at += 13) {
        generator(model, streams)
            .generate(requests.subList(at, at + 13), c -> second.put(c.rowKey(), c));
      }
      assertEquals(520, first.size());
      first.forEach(
          (key, completion) ->
              assertArrayEquals(completion.tokens(), second.get(key).tokens(), key));
      long tokens = first.values().stream().mapToLong(c -> c.tokens().length).sum();
      assertTrue(tokens > 10_000, "too little was compared: " + tokens);
    }
  }

  private static Generator generator(VisionLanguageModel model) {
    return generator(model, 1);
  }

  private static Generator generator(VisionLanguageModel model, int streams) {
    return new Generator(model, ids -> "", new Generator.Options(32, 4, 8, 1L << 30, streams));
  }

  private static VisionLanguageModel load(Checkpoint checkpoint, ComputeType type) {
    return VisionLanguageModel.load(program, checkpoint, VisionLanguageModel.Options.cpu(type, 1));
  }

  /** Text only: ids below the control tokens. */
  private static Prompt prompt(int length, int seed) {
    Random random = new Random(seed);
    return new Prompt(random.ints(length, 10, 400).toArray(), List.of());
  }
}
