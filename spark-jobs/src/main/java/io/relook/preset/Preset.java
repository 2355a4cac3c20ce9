package io.relook.preset;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.relook.model.image.Transparency;
import io.relook.model.spark.EngineSettings;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/**
 * A recipe: every value of a run. The files under {@code conf/presets} say where each comes from.
 *
 * @param iterations 0: the questions' difficulty alone, for other runs to begin with
 */
public record Preset(
    String model,
    Data data,
    EngineSettings engine,
    Rollout rollout,
    @Default("{}") Difficulty difficulty,
    RewardWeights rewards,
    Reconstruct reconstruct,
    Sft sft,
    Grpo grpo,
    @Default("{}") Train train,
    @Default("{}") Keep keep,
    @Default("{}") Evaluate evaluate,
    @Default("1") int iterations,
    double failureBudget) {
  public Preset {
    if (iterations > 0 && !sft.tunes() && !grpo.reinforces()) {
      throw PresetErrors.of(
          "the recipe", List.of("nothing is trained: sft.epochs, sft.steps and grpo.steps are 0"));
    }
    if (iterations > 1 && !(sft.tunes() && grpo.reinforces())) {
      throw PresetErrors.of(
          "the recipe",
          List.of("a second iteration fine-tunes on what GRPO's policy solved: it needs both"));
    }
  }

  /**
   * Whether an iteration samples its cold-start policy: GRPO asks what it is unsure of, or its hard
   * prompts are for the next iteration.
   */
  public boolean samplesColdStart(int iteration) {
    return sft.tunes() && grpo.reinforces() && (difficulty.rlUnstable() || iteration < iterations);
  }

  /** Generated scenes of a seed, and what {@code ingest} names. */
  public record Data(
      @Default("11") long scenesSeed,
      @Default("0") int trainQuestions,
      @Default("0") int testQuestions,
      @Default("0") int validationQuestions,
      @Default("null") Ingest ingest) {
    public Data {
      if (ingest == null && trainQuestions == 0) {
        throw PresetErrors.of("data", List.of("no questions: trainQuestions or ingest names some"));
      }
    }
  }

  /** Questions from files below the data folder, and from tables. */
  public record Ingest(
      @Default("[]") List<QuestionFile> files,
      @Default("[]") List<QuestionTable> tables,
      Mapping mapping) {
    public Ingest {
      files = List.copyOf(files);
      tables = List.copyOf(tables);
      if (files.isEmpty() && tables.isEmpty()) {
        throw PresetErrors.ingest("it names no files and no tables");
      }
      Stream.concat(
              files.stream().map(QuestionFile::split), tables.stream().map(QuestionTable::split))
          .forEach(
              split -> {
                if (split == null && mapping.split() == null) {
                  throw PresetErrors.ingest(
                      "each file and table needs a split, or mapping.split names its column");
                }
                if (split != null && !Mapping.SPLITS.contains(split)) {
                  throw PresetErrors.ingest(
                      "the split %s is no %s".formatted(split, Mapping.SPLITS));
                }
              });
    }
  }

  /**
   * A file of questions.
   *
   * @param path .json (an array), .jsonl, .csv with a header or .parquet, below the data folder
   * @param split of its rows; null where {@code mapping.split} names a field
   * @param pictures where a row's picture lies below the data folder; {@code {}} is what its field
   *     says
   * @param skip so many rows at the start are left out
   * @param limit so many rows behind these, 0 all
   */
  public record QuestionFile(
      String path,
      @Default("null") String split,
      @Default("'{}'") String pictures,
      @Default("0") int skip,
      @Default("0") int limit) {}

  /**
   * A table of questions; of a Delta table a run reads what was added since the run before.
   *
   * @param table a catalog's name for it, the folder or URI of a Delta or Parquet table, or {@code
   *     delta.`/path`}
   */
  public record QuestionTable(
      String table, @Default("null") String split, @Default("'{}'") String pictures) {}

  /**
   * The columns or fields that hold what a question needs; numbers are places, from 0, in rows that
   * are bare arrays.
   *
   * @param picture bytes, a path, a Hugging Face struct of both, or an array of these
   * @param id names a row in {@code rejects}; without it a table's row is named by its question
   * @param options of a multiple choice, shown below the question
   * @param splits what the source's words for splits mean, such as {@code testmini: test}
   */
  public record Mapping(
      String question,
      @Default("null") String answer,
      String picture,
      @Default("null") String id,
      @Default("null") String options,
      @Default("null") String split,
      @Default("null") String template,
      @Default("null") String difficulty,
      @Default("{}") Map<String, String> splits)
      implements Serializable {
    public static final List<String> SPLITS = List.of("train", "validation", "test");

    public Mapping {
      splits = Collections.unmodifiableMap(new TreeMap<>(splits));
      for (String meant : splits.values()) {
        if (!SPLITS.contains(meant)) {
          throw PresetErrors.ingest("the split %s is no %s".formatted(meant, SPLITS));
        }
      }
    }
  }

  /**
   * Sampling for difficulty, reconstruction and rejection.
   *
   * @param minPixels 0 is the checkpoint's
   * @param transparency under transparent parts of pictures lies white, or their alpha is dropped;
   *     training sees what rollouts see
   * @param firstSamples for difficulty, so many of each question come first, and the others only
   *     where the first are all right or all wrong (our choice); 0: all at once
   */
  public record Rollout(
      int samples,
      double temperature,
      int maxNewTokens,
      long minPixels,
      int chunk,
      int partitions,
      @Default("0") int firstSamples,
      @Default("white") Transparency transparency) {
    public Rollout {
      if (firstSamples != 0 && (firstSamples < 2 || firstSamples >= samples)) {
        throw PresetErrors.of(
            "rollout",
            List.of(
                "firstSamples is 0, or from 2 (one sample is never both right and wrong) to below samples"));
      }
    }
  }

  /** What a question's pass rate at the base policy makes of it. */
  public enum Classified {
    STABLE_CORRECT,
    UNSTABLE,
    STABLE_WRONG;

    /** As tables write it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** In which order GRPO asks its questions: by a shuffle alone, or by pass rate. */
  public enum Order {
    SHUFFLED,
    EASY_FIRST,
    HARD_FIRST
  }

  /**
   * What the pass rates decide. Published: 0 < pass rate ≤ 1 is kept (arXiv 2603.26348, figure 1);
   * the rest is our choice.
   *
   * @param keep classes whose traces are rebuilt
   * @param stableShare of the kept stable questions, those that stay, by hash: the proportions
   * @param rlUnstable GRPO asks only what its first policy answers sometimes, not always
   * @param order of GRPO's questions; by pass rate only with {@code rlUnstable}
   * @param from the run whose rates these are; null: the run's own. It sampled the same base
   *     policy, as this run's settings say
   */
  public record Difficulty(
      @Default("[unstable, stable_correct]") List<Classified> keep,
      @Default("1.0") double stableShare,
      @Default("true") boolean rlUnstable,
      @Default("shuffled") Order order,
      @Default("null") String from) {
    public Difficulty {
      List<String> problems = new ArrayList<>();
      keep = List.copyOf(keep);
      if (keep.isEmpty()) {
        problems.add("keep names no class: nothing could be rebuilt");
      }
      if (!(stableShare >= 0 && stableShare <= 1)) {
        problems.add("stableShare is from 0 to 1");
      }
      if (!rlUnstable && order != Order.SHUFFLED) {
        problems.add("order goes by pass rates, which rlUnstable=false does not look at");
      }
      if (!problems.isEmpty()) {
        throw PresetErrors.of("difficulty", problems);
      }
    }
  }

  /**
   * What the loop's evaluations ask, greedily.
   *
   * @param split test; validation where designs are compared; none where somebody else asks
   */
  public record Evaluate(@Default("test") String split) {
    private static final String NONE = "none";

    public Evaluate {
      if (!split.equals(NONE) && !Mapping.SPLITS.contains(split)) {
        throw PresetErrors.of(
            "evaluate",
            List.of("the split %s is no %s, nor none".formatted(split, Mapping.SPLITS)));
      }
    }

    /** Whether the loop evaluates. */
    public boolean asks() {
      return !split.equals(NONE);
    }
  }

  /** Weights of the three rewards in the total, and the user's own rewards. */
  public record RewardWeights(
      double format, double accuracy, double reflection, @Default("[]") List<OwnReward> custom) {
    public RewardWeights {
      custom = List.copyOf(custom);
    }
  }

  /**
   * A user's own reward: one of {@code class} and {@code sql}. The version of a class is its own;
   * where the preset names one too, they must agree. An expression's is 1 where none is named.
   */
  public record OwnReward(
      String name,
      double weight,
      @JsonProperty("class") @Default("null") String class_,
      @Default("null") String sql,
      @Default("null") String version) {}

  /**
   * How traces are rebuilt.
   *
   * @param sources pre-reasonings a question
   * @param candidates reflections a pre-reasoning
   * @param directShare of direct traces in the examples
   * @param instruction asks for the second look, behind the question; not in the examples, so that
   *     the model learns to look again unasked
   * @param minTokens of a reflection, and maxTokens
   * @param minAnswerGain nats a token of the right answer that the reflection is worth at least;
   *     null: not filtered
   * @param minVisualGain nats a token by which the reflection rests on the picture at least; null:
   *     not filtered
   * @param judge scores what the other filters leave; null: nobody is asked
   * @param cut where a pre-reasoning ends
   */
  public record Reconstruct(
      int sources,
      int candidates,
      double directShare,
      String instruction,
      @Default("4") int minTokens,
      @Default("256") int maxTokens,
      @Default("null") Double minAnswerGain,
      @Default("null") Double minVisualGain,
      @Default("null") Judge judge,
      @Default("end") Cut cut) {}

  /** Where reasoning is cut for a second look. The paper names no place: all are our choice. */
  public enum Cut {
    /** Before the answer's tag. */
    END,
    /** After a sentence, which the trajectory's hash chooses. */
    SENTENCE,
    /** After the sentence whose tokens have the greatest entropy on the mean. */
    UNCERTAIN,
    /** Before the sentence that looks at the picture least on the mean; without one, as end. */
    ATTENTION
  }

  /**
   * A model that judges reflections, behind an endpoint of OpenAI's form.
   *
   * @param url such as {@code https://host/v1}
   * @param keyVariable the environment variable that has the key; null where none is needed
   * @param retries after a failure that may pass
   * @param minScore from 0 to 1: a reflection that scores less is dropped
   */
  public record Judge(
      String url,
      String model,
      @Default("null") String keyVariable,
      @Default("60") int timeoutSeconds,
      @Default("4") int retries,
      @Default("60") int requestsPerMinute,
      @Default("0.5") double minScore) {
    public Judge {
      List<String> problems = new ArrayList<>();
      if (!url.matches("https?://\\S+")) {
        problems.add("url must begin with http:// or https://");
      }
      if (!(minScore >= 0 && minScore <= 1)) {
        problems.add("minScore is from 0 to 1");
      }
      if (!problems.isEmpty()) {
        throw PresetErrors.of("reconstruct.judge", problems);
      }
    }
  }

  /**
   * What learns in SFT and GRPO, and how its gradient is computed.
   *
   * @param dtype of the products: float32, or bfloat16 beside float32 weights
   * @param parts of the policy that learn, of vision (the tower), merger and language; null: all,
   *     or none where an adapter learns
   * @param lora an adapter that learns over the policy as the stage found it, or null
   * @param recompute keep each block's input alone for the gradient and run the block again
   * @param shards a step's rows are spread over so many Spark tasks; the result depends on this
   *     number, not on the executors. 1: the driver's own process
   * @param skippedSteps so many steps of a stage may be skipped (a loss that is not finite, a gate)
   *     before it stops
   * @param maxSamplerGap a GRPO step is skipped where the trainer's log-probability of a token
   *     differs by more from the sampler's; null: never
   * @param adamw moments of both stages; rates and weight decay are the stages' own
   */
  public record Train(
      @Default("float32") String dtype,
      @Default("null") List<String> parts,
      @Default("null") Lora lora,
      @Default("false") boolean recompute,
      @Default("1") int shards,
      @Default("3") int skippedSteps,
      @Default("null") Double maxSamplerGap,
      @Default("{}") AdamW adamw)
      implements Serializable {
    private static final List<String> PARTS = List.of("vision", "merger", "language");

    public Train {
      List<String> problems = new ArrayList<>();
      if (!List.of("float32", "bfloat16").contains(dtype)) {
        problems.add("dtype is float32 or bfloat16, not " + dtype);
      }
      // An adapter's parts are none, and a record that was sent to an executor says so.
      boolean adapted = lora != null && parts != null && parts.isEmpty();
      if (parts != null && !adapted && (parts.isEmpty() || !PARTS.containsAll(parts))) {
        problems.add("parts are some of %s, not %s".formatted(PARTS, parts));
      }
      if (parts != null && !adapted && lora != null) {
        problems.add("parts and lora contradict: with an adapter the policy itself stays");
      }
      if (!problems.isEmpty()) {
        throw PresetErrors.of("train", problems);
      }
      parts = parts != null ? List.copyOf(parts) : lora != null ? List.of() : PARTS;
    }
  }

  /** AdamW (arXiv 1711.05101); the values of PyTorch where none are given. */
  public record AdamW(
      @Default("0.9") double beta1,
      @Default("0.999") double beta2,
      @Default("1.0e-8") double epsilon)
      implements Serializable {
    public AdamW {
      List<String> problems = new ArrayList<>();
      if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) {
        problems.add("beta1 and beta2 are from 0 to below 1");
      }
      if (!(epsilon > 0)) {
        problems.add("epsilon must be above 0");
      }
      if (!problems.isEmpty()) {
        throw PresetErrors.of("train.adamw", problems);
      }
    }
  }

  /**
   * LoRA (arXiv 2106.09685) as peft means it.
   *
   * @param rankStabilised the scale is alpha / √rank instead of alpha / rank (rsLoRA)
   * @param targets all-linear, or a regular expression for whole module names
   * @param exclude a regular expression: modules that get no adapter
   */
  public record Lora(
      int rank,
      double alpha,
      @Default("false") boolean rankStabilised,
      @Default("all-linear") String targets,
      @Default("'.*visual.*'") String exclude)
      implements Serializable {
    public Lora {
      List<String> problems = new ArrayList<>();
      if (!(alpha > 0)) {
        problems.add("alpha must be above 0");
      }
      for (String pattern : List.of(targets, exclude)) {
        try {
          Pattern.compile(pattern);
        } catch (PatternSyntaxException e) {
          problems.add("%s is no regular expression: %s".formatted(pattern, e.getDescription()));
        }
      }
      if (!problems.isEmpty()) {
        throw PresetErrors.of("train.lora", problems);
      }
    }
  }

  /**
   * Which versions of a stage's weights stay; the last of each stage always does. Our choice.
   *
   * @param last so many of the newest keep their weights
   * @param every each version whose step this divides keeps its weights and its optimizer; 0: none
   * @param best the version with the best evaluation keeps its weights
   * @param replay clean-up leaves the table files that {@code replay} needs for the kept versions
   */
  public record Keep(
      @Default("2") int last,
      @Default("0") int every,
      @Default("true") boolean best,
      @Default("true") boolean replay) {
    public Keep {
      List<String> problems = new ArrayList<>();
      if (last < 1) {
        problems.add("last is at least 1: a run goes on from its newest version");
      }
      if (every < 0) {
        problems.add("every is a number of steps, or 0");
      }
      if (!problems.isEmpty()) {
        throw PresetErrors.of("keep", problems);
      }
    }
  }

  /** What follows a rate's warm-up: nothing, or decay to 0. */
  public enum Schedule {
    CONSTANT,
    LINEAR,
    COSINE
  }

  /**
   * Supervised fine-tuning; none where neither epochs nor steps are asked for.
   *
   * @param steps so many, going round the examples; 0: as many as {@code epochs} make
   * @param tokenBudget tokens a pass
   * @param saveEvery steps a checkpoint
   */
  public record Sft(
      int epochs,
      @Default("0") int steps,
      int batch,
      double rate,
      int warmupSteps,
      double maxGradientNorm,
      double weightDecay,
      int tokenBudget,
      int saveEvery,
      @Default("linear") Schedule schedule) {
    /** Whether a run fine-tunes. */
    public boolean tunes() {
      return epochs > 0 || steps > 0;
    }
  }

  /** GRPO; queries a step, samples a query; no steps: none. */
  public record Grpo(
      int steps,
      int queries,
      int samples,
      double temperature,
      double rate,
      int warmupSteps,
      double maxGradientNorm,
      int tokenBudget,
      ObjectiveValues objective,
      @Default("constant") Schedule schedule,
      @Default("0.0") double weightDecay) {
    /** Whether a run has this stage. */
    public boolean reinforces() {
      return steps > 0;
    }
  }
}
