package io.relook.model.checkpoint;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import java.util.List;

/** What can be wrong with a checkpoint. */
final class CheckpointErrors {
  private static final int SHOWN = 20;

  private CheckpointErrors() {}

  static RelookException unreadable(String path, Exception cause) {
    return new RelookException(
        Category.STORAGE,
        "Cannot read %s: %s. Check the path and its permissions."
            .formatted(path, cause.getMessage()),
        cause);
  }

  static RelookException unwritable(String path, Throwable cause) {
    return new RelookException(
        Category.STORAGE,
        "Cannot write the checkpoint %s: %s. Free space or choose another folder; nothing refers to what was written."
            .formatted(path, cause.getMessage()),
        cause);
  }

  static RelookException missingFile(String folder, String file) {
    return new RelookException(
        Category.MODEL,
        "The checkpoint %s has no %s: it is not a Hugging Face checkpoint, or its copy is incomplete."
            .formatted(folder, file));
  }

  static RelookException adapterBesideWeights(String folder, String file) {
    return new RelookException(
        Category.MODEL,
        "The checkpoint %s has an %s beside its weights, which transformers would put onto them: merge the adapter, or move it to a folder of its own."
            .formatted(folder, file));
  }

  static RelookException badFile(String file, String problem) {
    return new RelookException(
        Category.MODEL,
        "The file %s is no valid safetensors file: %s. Fetch it again.".formatted(file, problem));
  }

  static RelookException badSideFile(String folder, String file, String problem) {
    return new RelookException(
        Category.MODEL,
        "The %s of %s cannot be read: %s. Copy it again from the model's page."
            .formatted(file, folder, problem));
  }

  static RelookException noTokenizer(String folder) {
    return new RelookException(
        Category.MODEL,
        "The checkpoint %s has no tokenizer.json: copy it from the model's page."
            .formatted(folder));
  }

  static RelookException noImageProcessor(String folder) {
    return new RelookException(
        Category.MODEL,
        "The checkpoint %s says nowhere how pictures are prepared: it has neither an image_processor in processor_config.json nor a preprocessor_config.json. Copy them from the model's page."
            .formatted(folder));
  }

  static RelookException badConfig(String folder, List<String> problems) {
    return new RelookException(
        Category.MODEL,
        "The checkpoint %s cannot be used: %s.".formatted(folder, String.join("; ", problems)));
  }

  static RelookException badTensors(String folder, List<String> problems) {
    int shown = Math.min(SHOWN, problems.size());
    String rest = problems.size() > shown ? " and %d more".formatted(problems.size() - shown) : "";
    return new RelookException(
        Category.MODEL,
        "The weights of %s do not fit its config.json (%d problems): %s%s."
            .formatted(
                folder, problems.size(), String.join("; ", problems.subList(0, shown)), rest));
  }

  static RelookException badAdapter(String folder, List<String> problems) {
    int shown = Math.min(SHOWN, problems.size());
    String rest = problems.size() > shown ? " and %d more".formatted(problems.size() - shown) : "";
    return new RelookException(
        Category.MODEL,
        "The adapter %s does not fit (%d problems): %s%s."
            .formatted(
                folder, problems.size(), String.join("; ", problems.subList(0, shown)), rest));
  }

  static RelookException noTargets(Modules targets) {
    return new RelookException(
        Category.CONFIG,
        "The LoRA targets %s name no linear layer of the model: name some such as q_proj or attn.qkv."
            .formatted(targets));
  }

  static RelookException notFinite(List<String> names) {
    return new RelookException(
        Category.MODEL,
        "Weights hold NaN or infinity: %s. The run that wrote them diverged: use an earlier version."
            .formatted(String.join(", ", names.subList(0, Math.min(SHOWN, names.size())))));
  }
}
