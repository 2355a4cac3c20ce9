package io.relook.parity;

import com.fasterxml.jackson.databind.JsonNode;
import io.relook.lakehouse.RelookException;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.torch.TorchProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/**
 * {@code losses/}: losses, gradients, advantages, corrections and metrics of every objective,
 * against TRL and verl. A case's values and ours go through the same code as the trainer's.
 */
final class LossChecks {
  private static final String TRL = "trl_losses.json";
  private static final String VERL = "verl_losses.json";

  private LossChecks() {}

  /** The folder itself or its {@code losses}; null where neither holds losses. */
  static Path folder(Path folder) {
    for (Path candidate : new Path[] {folder, folder.resolve("losses")}) {
      if (Files.exists(candidate.resolve(TRL)) || Files.exists(candidate.resolve(VERL))) {
        return candidate;
      }
    }
    return null;
  }

  static void run(Report report, Path folder, TorchProgram program) throws IOException {
    TrlLosses trl = new TrlLosses(program);
    VerlLosses verl = new VerlLosses(program);
    for (Map.Entry<String, Consumer<GoldenCase>> source :
        Map.<String, Consumer<GoldenCase>>of(TRL, trl::check, VERL, verl::check).entrySet()) {
      Path file = folder.resolve(source.getKey());
      if (!Files.exists(file)) {
        report.notCompared("losses." + source.getKey(), "the folder does not hold it");
        continue;
      }
      JsonNode index = ParityCommand.json(file);
      TensorFile tensors = new TensorFile(folder.resolve(index.path("tensors").asText()));
      String library = index.path("source").asText().split(" ")[0];
      for (JsonNode one : index.path("cases")) {
        check(report, library, new GoldenCase(one, tensors), source.getValue());
      }
      int cases = index.path("cases").size();
      report.equal("losses." + library + ".count", cases - index.path("count").asInt());
    }
  }

  private static void check(
      Report report, String library, GoldenCase one, Consumer<GoldenCase> checks) {
    String name = "losses." + library + "." + one.name();
    try {
      checks.accept(one);
      report.within(
          name,
          one.worst(),
          Tolerance.TIMES_ALLOWED,
          one.worst() > 1 ? "worst: " + one.worstKey() : "");
      one.open().forEach(key -> report.broken(name, "not computed: " + key));
    } catch (RelookException | IllegalArgumentException e) {
      report.broken(name, e);
    }
  }
}
