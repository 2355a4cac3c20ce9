package io.relook.bench;

import ai.djl.Device;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.GenerationRequest;
import io.relook.model.engine.Generator;
import io.relook.model.engine.Sampling;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.torch.TorchProgram;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** K samples a prompt at temperature 1 without an end token, as the peers' bench_generate does. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    description =
        "Times sampling: every sample has exactly its length, prompts and pictures included.")
final class BenchGenerate implements Callable<Integer> {
  @Parameters(paramLabel = "WORKLOAD", description = "folder made by make_workload.py")
  private Path workload;

  @Option(names = "--model", required = true, description = "checkpoint folder")
  private String model;

  @Option(names = "--prompts", description = "only the first so many prompts of the workload")
  private int prompts;

  @Option(names = "--batch", defaultValue = "32", description = "slots (default ${DEFAULT-VALUE})")
  private int batch;

  @Option(
      names = "--bank",
      defaultValue = "8",
      description = "slots that share a prompt (default ${DEFAULT-VALUE})")
  private int bank;

  @Option(
      names = "--chunk",
      defaultValue = "8",
      description = "tokens a call (default ${DEFAULT-VALUE})")
  private int chunk;

  @Option(names = "--threads", defaultValue = "2")
  private int threads;

  @Option(names = "--repeats", defaultValue = "3", description = "after one warm-up")
  private int repeats;

  @Option(names = "--dtype", defaultValue = "float32", description = "float32 or bfloat16")
  private String dtype;

  @Option(
      names = "--variants",
      split = ",",
      defaultValue = "same",
      description = "same: every sample has new_tokens; differ: each has its completion's length")
  private List<String> variants;

  @Override
  public Integer call() {
    Workload work = Workload.read(workload, prompts);
    try (TorchProgram program = TorchProgram.load(Device.cpu(), threads);
        Checkpoint checkpoint = Checkpoint.open(model, new Configuration())) {
      VisionLanguageModel.Options options =
          VisionLanguageModel.Options.cpu(ComputeType.of(dtype), threads);
      try (VisionLanguageModel loaded = VisionLanguageModel.load(program, checkpoint, options)) {
        for (String variant : variants) {
          System.out.println(measure(loaded, work, variant));
        }
      }
    }
    return 0;
  }

  private ObjectNode measure(VisionLanguageModel loaded, Workload work, String variant) {
    List<GenerationRequest> requests = requests(work, variant.equals("differ"));
    Generator generator =
        new Generator(loaded, ids -> "", new Generator.Options(batch, bank, chunk, 8L << 30));
    double[] seconds = new double[repeats];
    long tokens = run(generator, requests);
    for (int i = 0; i < repeats; i++) {
      long began = System.nanoTime();
      run(generator, requests);
      seconds[i] = (System.nanoTime() - began) / 1e9;
    }
    ObjectNode line = new ObjectMapper().createObjectNode();
    line.put("name", "generate_relook").put("mode", variant).put("dtype", dtype);
    line.put("threads", threads).put("batch", batch).put("bank", bank).put("chunk", chunk);
    line.put("sequences", requests.stream().mapToInt(r -> r.rowKeys().size()).sum());
    line.put("tokens", tokens).put("image", work.image()).put("repeats", repeats);
    line.set("tokens_per_s", spread(Arrays.stream(seconds).map(s -> tokens / s).toArray(), 1));
    line.set("useful_tokens_per_s", line.get("tokens_per_s"));
    line.set("seconds", spread(seconds, 3));
    return line;
  }

  private static long run(Generator generator, List<GenerationRequest> requests) {
    AtomicLong tokens = new AtomicLong();
    generator.generate(
        requests,
        completion -> {
          if (completion.error() != null) {
            throw new IllegalStateException(completion.error());
          }
          tokens.addAndGet(completion.tokens().length);
        });
    return tokens.get();
  }

  private static List<GenerationRequest> requests(Workload work, boolean differ) {
    List<GenerationRequest> requests = new ArrayList<>();
    for (int p = 0; p < work.prompts().size(); p++) {
      List<Sampling> samplings = new ArrayList<>();
      List<String> keys = new ArrayList<>();
      for (Workload.Fixed fixed : work.fixed()) {
        if (fixed.prompt() == p) {
          int length = differ ? fixed.ids().length : work.newTokens();
          samplings.add(Sampling.ofPolicy(length, List.of()));
          keys.add(p + "/" + fixed.sample());
        }
      }
      requests.add(new GenerationRequest(work.prompts().get(p), samplings, keys));
    }
    return requests;
  }

  /** Least, median, most. */
  private static ArrayNode spread(double[] values, int digits) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    double scale = Math.pow(10, digits);
    ArrayNode spread = new ObjectMapper().createArrayNode();
    for (double value :
        new double[] {sorted[0], sorted[sorted.length / 2], sorted[sorted.length - 1]}) {
      spread.add(Math.round(value * scale) / scale);
    }
    return spread;
  }
}
