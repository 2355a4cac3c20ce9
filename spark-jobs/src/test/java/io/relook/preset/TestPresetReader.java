package io.relook.preset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.model.image.Transparency;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TestPresetReader {
  private static final Path PRESETS =
      Path.of(System.getProperty("relook.root", "..")).resolve("conf/presets");

  private static String demo() throws IOException {
    return Files.readString(PRESETS.resolve("demo.yaml"));
  }

  /** The demo's preset with one text replaced, which must be there. */
  private static String changed(String from, String to) throws IOException {
    String yaml = demo();
    assertTrue(yaml.contains(from), from);
    return yaml.replace(from, to);
  }

  private static String refusal(String yaml) {
    RelookException error =
        assertThrows(RelookException.class, () -> PresetReader.parse("p.yaml", yaml));
    assertEquals(Category.CONFIG, error.category());
    assertTrue(error.getMessage().contains("p.yaml"), error.getMessage());
    return error.getMessage();
  }

  @Test
  void everyPresetInConfLoads() throws IOException {
    List<Path> files;
    try (Stream<Path> listed = Files.list(PRESETS)) {
      files = listed.filter(f -> f.toString().endsWith(".yaml")).collect(Collectors.toList());
    }
    assertFalse(files.isEmpty());
    for (Path file : files) {
      String name = file.getFileName().toString().replace(".yaml", "");
      assertEquals(PresetReader.read(PRESETS, name), PresetReader.read(PRESETS, file.toString()));
    }
  }

  @Test
  void valuesArriveWhereTheyBelong() throws IOException {
    Preset preset = PresetReader.parse("demo", demo());
    assertNull(preset.data().ingest());
    assertEquals(0.05, preset.failureBudget());
    Preset.Ingest ingest = PresetReader.read(PRESETS, "easy-vqa").data().ingest();
    assertEquals("0", ingest.mapping().question(), "a position");
    assertEquals("train/questions.json", ingest.files().get(0).path());
  }

  @Test
  void aPresetThatExtendsAnotherHasItsValuesUnderItsOwn() {
    Preset study = PresetReader.read(PRESETS, "study");
    Preset grpo = PresetReader.read(PRESETS, "ablation-grpo");
    assertEquals(0, grpo.sft().epochs());
    assertEquals(study.sft().rate(), grpo.sft().rate());
    assertEquals(study.rollout(), grpo.rollout());
    assertNull(PresetReader.read(PRESETS, "ablation-no-gain").reconstruct().minAnswerGain());
    assertNotNull(study.reconstruct().minAnswerGain());
  }

  @Test
  void presetsThatExtendEachOtherAreRefused(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("a.yaml"), "extends: b");
    Files.writeString(folder.resolve("b.yaml"), "extends: a");
    RelookException error =
        assertThrows(RelookException.class, () -> PresetReader.read(folder, "a"));
    assertTrue(error.getMessage().contains("circle"), error.getMessage());
  }

  @Test
  void recipesThatTrainNothingOrOnNothingAreRefused() throws IOException {
    assertTrue(
        refusal(changed("trainQuestions: 400", "trainQuestions: 0")).contains("no questions"));
    String untrained =
        changed("steps: 8", "steps: 0").replace("grpo: {steps: 20", "grpo: {steps: 0");
    assertTrue(
        assertThrows(RelookException.class, () -> PresetReader.parse("p.yaml", untrained))
            .getMessage()
            .contains("nothing is trained"));
    assertEquals(0, PresetReader.parse("p.yaml", untrained, "iterations=0").iterations());
  }

  @Test
  void allProblemsAreToldAtOnceWithTheNearestKey() throws IOException {
    String yaml =
        changed("failureBudget: 0.05", "failureBuget: 0.05")
            .replace("epochs: 0", "epochs: none")
            .replace("queries: 8", "querys: 8");
    String message = refusal(yaml);
    assertTrue(message.contains("5 problems"), message);
    assertTrue(message.contains("unknown key failureBuget (nearest: failureBudget)"), message);
    assertTrue(message.contains("missing key failureBudget"), message);
    assertTrue(message.contains("sft.epochs must be a whole number"), message);
    assertTrue(message.contains("unknown key grpo.querys (nearest: queries)"), message);
    assertTrue(message.contains("missing key grpo.queries"), message);
  }

  private static ObjectiveValues objective(String... overrides) throws IOException {
    return PresetReader.parse("p.yaml", demo(), overrides).grpo().objective();
  }

  @Test
  void everyNamedObjectiveStatesEveryValueAndLoads() throws IOException {
    List<String> keys =
        Arrays.stream(ObjectiveValues.class.getRecordComponents())
            .map(RecordComponent::getName)
            .toList();
    for (String name : List.of("vre", "trl", "verl", "dapo", "dr_grpo", "gspo")) {
      String text;
      try (InputStream in =
          TestPresetReader.class.getResourceAsStream("/objectives/" + name + ".yaml")) {
        text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
      for (String key : keys) {
        assertTrue(text.contains("\n" + key + ": "), name + " does not state " + key);
      }
      assertEquals(1, objective("grpo.objective=" + name).policy(1).temperature());
    }
    assertEquals(0.28, objective("grpo.objective=dapo").clipHigh());
    assertEquals(3, objective("grpo.objective=verl").dualClip());
    assertEquals(3e-4, objective("grpo.objective=gspo").clipLow());
  }

  @Test
  void valuesOfAnObjectiveLieOverThoseOfItsSet() throws IOException {
    ObjectiveValues ours =
        objective("grpo.objective={preset: dapo, entropyBonus: 0.1}", "grpo.objective.clipLow=0.1");
    assertEquals(0.28, ours.clipHigh());
    assertEquals(0.1, ours.clipLow());
    assertEquals(0.1, ours.entropyBonus());
    assertEquals(
        ObjectiveValues.Aggregate.SEQUENCE_MEAN,
        objective("grpo.objective={loss: cap}").aggregation());
    assertEquals(objective(), objective("grpo.objective=vre"));
    assertEquals(
        objective(),
        PresetReader.parse("p.yaml", changed(", objective: vre", "")).grpo().objective());
  }

  @Test
  void contradictionsOfAnObjectiveAreToldAtOnce() throws IOException {
    String message =
        refusal(
            changed(
                "objective: vre",
                "objective: {beta: 0.1, loss: cap, dualClip: 3.0, correction: token_mask,"
                    + " constantLength: 9, filterGroups: none, resample: 2}"));
    for (String problem :
        List.of(
            "beta weighs a divergence",
            "dualClip belongs to the loss clip",
            "a correction needs correctionLeast",
            "with old: sampler",
            "constantLength belongs to",
            "resample replaces groups")) {
      assertTrue(message.contains("grpo.objective: " + problem), message);
    }
    assertTrue(
        refusal(changed("objective: vre", "objective: grpoo"))
            .contains("must be one of [vre, trl"));
    String unknown =
        refusal(changed("objective: vre", "objective: {level: tokens, clipHih: 1, emptyRows: 3}"));
    assertTrue(unknown.contains("grpo.objective.level must be one of [token,"), unknown);
    assertTrue(unknown.contains("grpo.objective.clipHih (nearest: clipHigh)"), unknown);
    assertTrue(unknown.contains("grpo.objective.emptyRows must be true or false"), unknown);
  }

  private static Preset.Train train(String... overrides) throws IOException {
    return PresetReader.parse("p.yaml", demo(), overrides).train();
  }

  @Test
  void whatLearnsIsAllUnlessThePresetSaysMore() throws IOException {
    assertEquals(
        new Preset.Train(
            "float32", null, null, false, 1, 3, null, new Preset.AdamW(0.9, 0.999, 1e-8)),
        train());
    assertEquals(List.of("vision", "merger", "language"), train().parts());
    assertEquals(List.of("language"), train("train.parts=[language]").parts());
    Preset.Train adapted = train("train={dtype: bfloat16, lora: {rank: 8, alpha: 16}}");
    assertEquals(List.of(), adapted.parts());
    assertEquals(new Preset.Lora(8, 16, false, "all-linear", ".*visual.*"), adapted.lora());
  }

  @Test
  void contradictionsOfWhatLearnsAreToldAtOnce() throws IOException {
    String message =
        refusal(demo() + "train: {dtype: int8, parts: [head], lora: {rank: 8, alpha: 16}}\n");
    for (String problem : List.of("dtype is float32", "parts are some of", "parts and lora")) {
      assertTrue(message.contains("train: " + problem), message);
    }
    assertTrue(
        refusal(demo() + "train: {lora: {rank: 8, alpha: -1, targets: '('}}\n")
            .contains("train.lora: alpha must be above 0; train.lora: ( is no regular"));
  }

  @Test
  void numbersMustFitTheirType() throws IOException {
    assertTrue(refusal(changed("steps: 20", "steps: 2.5")).contains("grpo.steps"));
    assertTrue(refusal(changed("steps: 20", "steps: -1")).contains("grpo.steps"));
    assertTrue(refusal(changed("steps: 20", "steps: 30000000000")).contains("grpo.steps"));
    refusal(changed("failureBudget: 0.05", "failureBudget: .nan"));
    // A count of nothing would divide by zero or roll out nothing hours later.
    assertTrue(refusal(changed("queries: 8", "queries: 0")).contains("grpo.queries"));
    assertTrue(refusal(changed("batch: 32", "batch: 0")).contains("batch"));
  }

  @Test
  void onlyTheIngestMayBeNullOrLeftOut() throws IOException {
    assertNull(PresetReader.parse("p", changed("  ingest: null\n", "")).data().ingest());
    assertTrue(refusal(demo().replaceFirst("(?m)^sft: .*", "sft: null")).contains("sft must be"));
    assertTrue(refusal(demo().replaceFirst("(?m)^sft: .*", "")).contains("missing key sft"));
  }

  @Test
  void whatTheIngestLeavesOutIsAsTheRecordSays() throws IOException {
    Preset.Ingest ingest =
        PresetReader.parse(
                "p",
                changed(
                    "ingest: null",
                    "ingest: {files: [{path: a.csv, split: test}], mapping: {question: 0, picture:"
                        + " p, splits: {val: validation}}}"))
            .data()
            .ingest();
    assertEquals(
        new Preset.Ingest(
            List.of(new Preset.QuestionFile("a.csv", "test", "{}", 0, 0)),
            List.of(),
            new Preset.Mapping(
                "0", null, "p", null, null, null, null, null, Map.of("val", "validation"))),
        ingest);
  }

  @Test
  void problemsInsideListsAreToldWithTheirPlace() throws IOException {
    String message =
        refusal(
            changed(
                "ingest: null",
                "ingest: {files: [{path: a.csv}, {pth: b.csv, limit: -1}], tables: 3, mapping:"
                    + " {question: q, picture: p, splits: {a: 1}}}"));
    assertTrue(message.contains("unknown key data.ingest.files.1.pth (nearest: path)"), message);
    assertTrue(message.contains("missing key data.ingest.files.1.path"), message);
    assertTrue(message.contains("data.ingest.files.1.limit must be a whole number"), message);
    assertTrue(message.contains("data.ingest.tables must be a list, not 3"), message);
    assertTrue(message.contains("data.ingest.mapping.splits must be a mapping of texts"), message);
  }

  @Test
  void whatARecordRefusesIsTold() throws IOException {
    String mapping = "mapping: {question: q, picture: p}}";
    assertTrue(
        refusal(changed("ingest: null", "ingest: {" + mapping)).contains("no files and no tables"));
    assertTrue(
        refusal(changed("ingest: null", "ingest: {files: [{path: a.csv}], " + mapping))
            .contains("needs a split"));
    assertTrue(
        refusal(changed("ingest: null", "ingest: {files: [{path: a, split: dev}], " + mapping))
            .contains("the split dev is no [train, validation, test]"));
  }

  @Test
  void overridesReplaceWhatTheFileSays() throws IOException {
    Preset preset =
        PresetReader.read(
            PRESETS,
            "easy-vqa",
            "rollout.samples=4",
            "grpo.steps=3",
            "model=/models/a=b",
            "data.ingest.files.1.limit=7",
            "reconstruct.instruction='Look: again?'");
    assertEquals(4, preset.rollout().samples());
    assertEquals(3, preset.grpo().steps());
    assertEquals("/models/a=b", preset.model());
    assertEquals("Look: again?", preset.reconstruct().instruction());
    assertEquals(400, preset.data().ingest().files().get(0).limit());
    assertEquals(7, preset.data().ingest().files().get(1).limit());
    assertNull(
        PresetReader.read(PRESETS, "easy-vqa", "data.ingest=", "data.trainQuestions=1")
            .data()
            .ingest());
    assertEquals(
        "t",
        PresetReader.read(
                PRESETS,
                "demo",
                "data.ingest.tables=[{table: t, split: test}]",
                "data.ingest.mapping={question: q, picture: p}")
            .data()
            .ingest()
            .tables()
            .get(0)
            .table());
  }

  @Test
  void allProblemsOfOverridesAreToldWithThoseOfTheFile() throws IOException {
    RelookException error =
        assertThrows(
            RelookException.class,
            () ->
                PresetReader.parse(
                    "p.yaml",
                    changed("batch: 32", "batch: 0"),
                    "grpo.stepz=3",
                    "rollout.samples=many",
                    "steps",
                    "=3",
                    "model.name=x",
                    "data.ingest.files.3.limit=1"));
    String message = error.getMessage();
    assertTrue(message.contains("unknown key grpo.stepz (nearest: steps)"), message);
    assertTrue(
        message.contains("rollout.samples must be a whole number from 1, not \"many\""), message);
    assertTrue(message.contains("the override steps is not like"), message);
    assertTrue(message.contains("the override =3 is not like"), message);
    assertTrue(message.contains("model must be a text"), message);
    assertTrue(message.contains("data.ingest.files must be a list"), message);
    assertTrue(message.contains("sft.batch must be"), message);
  }

  @Test
  void ownRewardsMayBeLeftOutOrListed() throws IOException {
    assertEquals(List.of(), PresetReader.parse("p", demo()).rewards().custom());
    String weights = "reflection: 0.2}";
    String listed =
        "reflection: 0.2, custom: [{name: brevity, weight: 0.1, class: a.B},"
            + " {name: size, weight: -1, sql: length(text), version: '3'}]}";
    assertEquals(
        List.of(
            new Preset.OwnReward("brevity", 0.1, "a.B", null, null),
            new Preset.OwnReward("size", -1, null, "length(text)", "3")),
        PresetReader.parse("p", changed(weights, listed)).rewards().custom());

    String wrong =
        refusal(changed(weights, "reflection: 0.2, custom: [{nmae: a, weight: x, clas: B}, 3]}"));
    assertTrue(wrong.contains("5 problems"), wrong);
    assertTrue(wrong.contains("rewards.custom.0.nmae (nearest: name)"), wrong);
    assertTrue(wrong.contains("rewards.custom.0.clas (nearest: class)"), wrong);
    assertTrue(wrong.contains("rewards.custom.1 must be a mapping"), wrong);
    assertTrue(refusal(changed(weights, "reflection: 0.2, custom: 3}")).contains("must be a list"));
  }

  @Test
  void aKeyThatStandsTwiceIsRefused() throws IOException {
    refusal(demo() + "\nfailureBudget: 0.5\n");
  }

  @Test
  void whatIsNoMappingIsRefused() {
    refusal("");
    refusal("- a\n- b\n");
    refusal("model: [unclosed");
  }

  @Test
  void aMissingPresetNamesTheFileLookedFor() {
    RelookException error =
        assertThrows(RelookException.class, () -> PresetReader.read(PRESETS, "dmeo"));
    assertTrue(error.getMessage().contains("dmeo.yaml"), error.getMessage());
  }

  @Test
  void whatARunRecordsIsReadAsTheSamePreset() {
    for (String name : List.of("demo", "demo-short", "easy-vqa")) {
      Preset preset =
          PresetReader.read(
              PRESETS, name, "train.lora={rank: 4, alpha: 8}", "grpo.objective={preset: gspo}");
      assertEquals(preset, PresetReader.parse("recorded", PresetReader.yaml(preset)));
    }
  }

  @Test
  void theDistanceCountsEdits() {
    assertEquals(3, PresetReader.distance("kitten", "sitting"));
    assertEquals(0, PresetReader.distance("rate", "rate"));
    assertEquals(4, PresetReader.distance("", "rate"));
  }

  @Test
  void aWhiteGroundIsTheDefaultAndWhatOlderRunsDidIsKnown() throws IOException {
    Preset preset = PresetReader.parse("p.yaml", demo());
    assertEquals(Transparency.WHITE, preset.rollout().transparency());
    String yaml = PresetReader.yaml(preset);
    assertTrue(yaml.contains("transparency: \"white\""), yaml);
    assertEquals(preset, PresetReader.recorded("a run", yaml));
    assertEquals(
        Transparency.DROP,
        PresetReader.parse("p.yaml", demo(), "rollout.transparency=drop").rollout().transparency());
    String older = yaml.replaceAll("(?m)^.*transparency.*\\n", "");
    assertEquals(Transparency.DROP, PresetReader.recorded("a run", older).rollout().transparency());
    assertEquals(
        List.of("rollout.transparency: \"drop\", now \"white\""),
        PresetReader.changes(older, preset));
    String message = refusal(changed("partitions: 1}", "partitions: 1, transparency: black}"));
    assertTrue(
        message.contains("rollout.transparency must be one of [white, drop], not \"black\""),
        message);
  }

  @Test
  void samplesThatComeFirstAreSomeAndAtLeastTwo() throws IOException {
    assertEquals(0, PresetReader.parse("p.yaml", demo()).rollout().firstSamples());
    for (int fits : List.of(0, 2, 7)) {
      String override = "rollout.firstSamples=" + fits;
      assertEquals(fits, PresetReader.parse("p.yaml", demo(), override).rollout().firstSamples());
    }
    for (int wrong : List.of(1, 8, 9)) {
      String message =
          refusal(changed("partitions: 1}", "partitions: 1, firstSamples: %d}".formatted(wrong)));
      assertTrue(message.contains("rollout: firstSamples is 0, or from 2"), message);
    }
  }

  @Test
  void templateVariablesAreScalarsAndMayBeLeftOut() throws IOException {
    assertEquals(Map.of(), PresetReader.parse("p.yaml", demo()).engine().templateVariables());
    Preset preset =
        PresetReader.parse(
            "p.yaml",
            demo(),
            "engine.templateVariables.enable_thinking=false",
            "engine.templateVariables.effort=high",
            "engine.templateVariables.depth=3");
    assertEquals(
        Map.of("enable_thinking", false, "effort", "high", "depth", 3),
        preset.engine().templateVariables());
    assertEquals(preset, PresetReader.parse("recorded", PresetReader.yaml(preset)));
    for (String wrong : List.of("[1]", "{messages: a}", "{a: [1]}", "3")) {
      RelookException error =
          assertThrows(
              RelookException.class,
              () -> PresetReader.parse("p.yaml", demo(), "engine.templateVariables=" + wrong));
      assertTrue(error.getMessage().contains("templateVariables"), error.getMessage());
    }
  }
}
