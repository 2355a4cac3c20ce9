package io.relook.parity;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.model.checkpoint.CheckpointFiles;
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
        "Compares the engine with a folder of reference numbers: name, worst deviation, tolerance,"
            + " pass or fail.")
public final class ParityCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FOLDER", description = "numbers in the goldens' format")
  private Path folder;

  @Option(
      names = "--threads",
      defaultValue = "1",
      description = "engine threads (${DEFAULT-VALUE}: such folders hold tiny models)")
  private int threads;

  @Override
  public Integer call() throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new RelookException(
          Category.CONFIG,
          "There is no folder %s: name one in the goldens' format.".formatted(folder));
    }
    Report report = new Report(spec.commandLine().getOut());
    Path tokenizer = tokenizer();
    part(report, "tokenizer", "tokenizer.json", () -> text(report, tokenizer));
    part(report, "images", "images.json", () -> pictures(report, tokenizer));
    try (TorchProgram program = TorchProgram.load(Device.cpu(), threads)) {
      part(report, "samplers", "samplers.json", () -> samplers(report, program));
      for (Path model : models()) {
        String name = model.getFileName().toString();
        part(
            report,
            name,
            name + "/goldens.json",
            () -> new ModelChecks(report, folder, model, program).run());
      }
      Path losses = LossChecks.folder(folder);
      if (losses != null) {
        LossChecks.run(report, losses, program);
      }
    }
    return report.finish();
  }

  /** One part of the folder, if it is there; a failure in it is a failed check, not the end. */
  private void part(Report report, String name, String file, Part part) throws IOException {
    if (!Files.exists(folder.resolve(file))) {
      return;
    }
    try {
      part.run();
    } catch (RelookException | IllegalArgumentException e) {
      report.broken(name, e);
    }
  }

  private interface Part {
    void run() throws IOException;
  }

  private void text(Report report, Path tokenizer) throws IOException {
    try (TextProcessor text = TextProcessor.load(tokenizer)) {
      TextChecks.run(report, json(folder.resolve("tokenizer.json")), text);
    }
  }

  private void pictures(Report report, Path tokenizer) throws IOException {
    PictureChecks.run(
        report,
        folder,
        json(folder.resolve("images.json")),
        new TensorFile(folder.resolve("images.safetensors")),
        ImageProcessor.load(processor(tokenizer)));
  }

  private void samplers(Report report, TorchProgram program) throws IOException {
    SamplerChecks.run(
        report,
        json(folder.resolve("samplers.json")),
        new TensorFile(folder.resolve("samplers.safetensors")),
        program);
  }

  /** The folder's own tokenizer, or else that of its first model. */
  private Path tokenizer() throws IOException {
    Path own = folder.resolve("tokenizer");
    List<Path> models = models();
    return Files.isDirectory(own) || models.isEmpty() ? own : models.get(0);
  }

  /**
   * The tokenizer's folder, or else that of the first model, where it has no settings of pictures.
   */
  private Path processor(Path tokenizer) throws IOException {
    List<Path> models = models();
    return new CheckpointFiles(tokenizer).hasImageProcessor() || models.isEmpty()
        ? tokenizer
        : models.get(0);
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
