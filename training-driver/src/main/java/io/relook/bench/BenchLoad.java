package io.relook.bench;

import ai.djl.Device;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.torch.TorchProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What a loaded checkpoint takes: anonymous resident memory of this process, mapped pages not. */
@Command(
    name = "load",
    mixinStandardHelpOptions = true,
    description = "Loads a checkpoint, runs one prompt, and prints memory and seconds as JSON.")
final class BenchLoad implements Callable<Integer> {
  @Option(names = "--model", required = true, description = "checkpoint folder")
  private String model;

  @Option(names = "--threads", defaultValue = "2")
  private int threads;

  @Option(names = "--dtype", defaultValue = "float32", description = "float32 or bfloat16")
  private String dtype;

  @Override
  public Integer call() throws IOException {
    ComputeType type = ComputeType.of(dtype);
    long began = System.nanoTime();
    try (TorchProgram program = TorchProgram.load(Device.cpu(), threads);
        Checkpoint checkpoint = Checkpoint.open(model, new Configuration());
        VisionLanguageModel loaded =
            VisionLanguageModel.load(
                program, checkpoint, VisionLanguageModel.Options.cpu(type, threads))) {
      double seconds = (System.nanoTime() - began) / 1e9;
      loaded.lastLogits(List.of(new Prompt(new int[] {1, 2, 3}, List.of())));
      long parameters =
          checkpoint.tensors().values().stream()
              .mapToLong(t -> t.bytes() / t.dtype().bytes())
              .sum();
      double weights = parameters * (type == ComputeType.FLOAT32 ? 4 : 2) / 1e9;
      double now = gigabytes("RssAnon");
      ObjectNode line = new ObjectMapper().createObjectNode();
      line.put("name", "load_relook").put("dtype", dtype).put("parameters", parameters);
      line.put("seconds", Math.round(seconds * 100) / 100.0);
      line.put("weights_gb", weights)
          .put("anonymous_gb", now)
          .put("above_weights_gb", now - weights);
      line.put("peak_rss_gb", gigabytes("VmHWM"));
      System.out.println(line);
    }
    return 0;
  }

  /** A line of /proc/self/status, which counts in KiB. */
  private static double gigabytes(String field) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith(field + ":"))
        .mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024 / 1e9)
        .findFirst()
        .orElse(Double.NaN);
  }
}
