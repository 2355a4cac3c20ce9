package io.relook.bench;

import ai.djl.Device;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.GenerationRequest;
import io.relook.model.engine.Generator;
import io.relook.model.engine.Sampling;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.torch.TorchProgram;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * K samples a prompt at temperature 1 without an end token, as the peers' bench_generate does. From
 * prepared pictures ({@code pixel_values}), with log-probabilities.
 */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    description =
        "Times sampling: every sample has exactly its length, prompts and pictures included.")
final class BenchGenerate implements Callable<Integer> {
  private static final long CACHE_BYTES = 8L << 30;

  @Mixin private BenchOptions options;

  @Option(
      names = "--batch",
      split = ",",
      defaultValue = "32",
      description = "slots; several, one measurement each (default ${DEFAULT-VALUE})")
  private List<Integer> batches;

  @Option(
      names = "--bank",
      split = ",",
      defaultValue = "8",
      description = "slots that share a prompt; several, one measurement each (default 8)")
  private List<Integer> banks;

  @Option(
      names = "--streams",
      split = ",",
      defaultValue = "0",
      description =
          "decode side by side, threads and slots shared among them; several, one measurement each; 0: what suits the model (default)")
  private List<Integer> streams;

  @Option(
      names = "--chunk",
      defaultValue = "8",
      description = "tokens a call (default ${DEFAULT-VALUE})")
  private int chunk;

  @Option(names = "--dtype", defaultValue = "float32", description = "float32 or bfloat16")
  private String dtype;

  @Option(
      names = "--text-only",
      description = "without pictures, prompts as long as before: what bench_llamacpp.py runs")
  private boolean textOnly;

  @Option(
      names = "--variants",
      split = ",",
      defaultValue = "same",
      description = "same: every sample has new_tokens; differ: each has its completion's length")
  private List<String> variants;

  @Override
  public Integer call() {
    options.require("--dtype", List.of(dtype), List.of("float32", "bfloat16"));
    options.require("--variants", variants, List.of("same", "differ"));
    Workload read = options.readWorkload();
    try (TorchProgram program = TorchProgram.load(Device.cpu(), options.threads());
        Checkpoint checkpoint = Checkpoint.open(options.model(), new Configuration())) {
      Machine machine = Machine.measure(program, options.peakSeconds());
      Workload work = textOnly ? read.textOnly(checkpoint.config().imageTokenId()) : read;
      VisionLanguageModel.Options load =
          VisionLanguageModel.Options.cpu(ComputeType.of(dtype), options.threads());
      try (VisionLanguageModel model = VisionLanguageModel.load(program, checkpoint, load)) {
        for (String variant : variants) {
          for (int batch : batches) {
            for (int bank : banks) {
              for (int side : streams) {
                Generator.Options slots =
                    side == 0
                        ? new Generator.Options(batch, bank, chunk, CACHE_BYTES)
                            .withStreamsFor(model)
                        : new Generator.Options(batch, bank, chunk, CACHE_BYTES, side);
                options.print(measure(model, work, variant, slots, machine));
              }
            }
          }
        }
      }
    }
    return 0;
  }

  /** One pass over the workload. */
  private record Pass(long tokens, double seconds, Generator.Times times) {}

  private Measurement measure(
      VisionLanguageModel model,
      Workload work,
      String variant,
      Generator.Options slots,
      Machine machine) {
    boolean differ = variant.equals("differ");
    List<GenerationRequest> requests = requests(work, differ);
    Generator generator = new Generator(model, ids -> "", slots);
    Pass warmUp = run(generator, requests);
    Machine.Others others = new Machine.Others();
    List<Pass> passes = new ArrayList<>();
    for (int i = 0; i < options.repeats(); i++) {
      passes.add(run(generator, requests));
    }
    double busy = others.cores();
    long tokens = warmUp.tokens;
    double least = new Operations(model.config()).sampling(work, differ);
    double peak = machine.peak(dtype) * 1e9;
    return options
        .line("generate_relook", "mode", variant, dtype, machine)
        .put("batch", slots.slots())
        .put("bank", slots.bankRows())
        .put("streams", slots.streams())
        .put("chunk", slots.chunk())
        .put("sequences", work.fixed().size())
        .put("tokens", tokens)
        .put("image", work.imageField())
        .put("repeats", options.repeats())
        .spread("tokens_per_s", passes, p -> tokens / p.seconds, 1)
        .spread("useful_tokens_per_s", passes, p -> tokens / p.seconds, 1)
        .spread("seconds", passes, p -> p.seconds, 3)
        .spread("prefill_s", passes, p -> p.times.prefillSeconds(), 3)
        .spread("decode_s", passes, p -> p.times.decodeSeconds(), 3)
        .spread("decode_tokens_per_s", passes, p -> tokens / p.times.decodeSeconds(), 1)
        .spread("decode_step_ms", passes, p -> 1000 * p.times.decodeSeconds() / p.times.steps(), 2)
        .put("necessary_tflop", least / 1e12, 3)
        .spread("share_of_matmul_peak", passes, p -> least / p.seconds / peak, 3)
        .put("warm_up_s", warmUp.seconds, 1)
        .put("others_busy_cores", busy, 2)
        .put("peak_rss_gb", Machine.peakMemory(), 2);
  }

  private static Pass run(Generator generator, List<GenerationRequest> requests) {
    long[] tokens = {0};
    long began = System.nanoTime();
    Generator.Times times =
        generator.generate(
            requests,
            completion -> {
              if (completion.error() != null) {
                throw new IllegalStateException(completion.error());
              }
              tokens[0] += completion.tokens().length;
            });
    return new Pass(tokens[0], (System.nanoTime() - began) / 1e9, times);
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
}
