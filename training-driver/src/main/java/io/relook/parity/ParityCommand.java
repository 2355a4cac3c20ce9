package io.relook.parity;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.image.ImageProcessor;
import io.relook.model.text.TextProcessor;
import io.relook.model.torch.TorchProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code relook parity FOLDER}: the engine against a reference's numbers, one line a check. */
@Command(
    name = "parity",
    mixinStandardHelpOptions = true,
    description =
        "Compares the engine with a folder of reference numbers: name, worst deviation, tolerance, pass or fail.")
public final class ParityCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FOLDER", description = "numbers in the goldens' format")
  private Path folder;

  @Option(names = "--threads", defaultValue = "2")
  private int threads;

  @Override
  public Integer call() throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new RelookException(
          Category.CONFIG,
          "There is no folder %s: name one in the goldens' format.".formatted(folder));
    }
    Report report = new Report(spec.commandLine().getOut());
    Path tokenizer = folder.resolve("tokenizer");
    if (Files.exists(folder.resolve("tokenizer.json"))) {
      try (TextProcessor text = TextProcessor.load(tokenizer)) {
        TextChecks.run(report, json(folder.resolve("tokenizer.json")), text);
      }
    }
    if (Files.exists(folder.resolve("images.json"))) {
      PictureChecks.run(
          report,
          folder,
          json(folder.resolve("images.json")),
          new TensorFile(folder.resolve("images.safetensors")),
          ImageProcessor.load(tokenizer));
    }
    try (TorchProgram program = TorchProgram.load(Device.cpu(), threads)) {
      if (Files.exists(folder.resolve("samplers.json"))) {
        SamplerChecks.run(
            report,
            json(folder.resolve("samplers.json")),
            new TensorFile(folder.resolve("samplers.safetensors")),
            program);
      }
      for (Path model : models()) {
        new ModelChecks(report, folder, model, program).run();
      }
    }
    return report.finish();
  }

  private List<Path> models() throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.filter(p -> Files.exists(p.resolve("goldens.json"))).sorted().toList();
    }
  }

  static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }
}
