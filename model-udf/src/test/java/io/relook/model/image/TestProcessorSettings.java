package io.relook.model.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.lakehouse.RelookException;
import io.relook.model.checkpoint.CheckpointFiles;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Qwen2VLImageProcessor of transformers 5.23.0 made of the same settings, or refused. */
final class TestProcessorSettings {
  /** Settings, and the fewest and most pixels that they mean. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{} | 3136 | 1003520",
        "{'size': null, 'crop_size': null, 'do_center_crop': null, 'do_pad': null} | 3136 |"
            + " 1003520",
        "{'min_pixels': 784} | 784 | 1003520",
        "{'max_pixels': 50176} | 3136 | 50176",
        "{'size': {'shortest_edge': 784, 'longest_edge': 50176}} | 784 | 50176",
        "{'size': {'shortest_edge': 784, 'longest_edge': 50176}, 'min_pixels': 900, 'max_pixels':"
            + " 3000} | 900 | 3000",
        "{'size': {'shortest_edge': 784}, 'max_pixels': 50176} | 784 | 50176",
        "{'size': {'min_pixels': 1, 'max_pixels': 2}, 'min_pixels': 784, 'max_pixels': 50176} | 784"
            + " | 50176",
        "{'size': {'shortest_edge': 784, 'longest_edge': 50176}, 'min_pixels': null} | 784 | 50176",
      })
  void theBudgetIsReadAsTransformersReadsIt(String json, long least, long most) throws IOException {
    assertEquals(new PixelBudget(least, most), read(json).budget());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'size': {'min_pixels': 784, 'max_pixels': 50176}}",
        "{'size': {'min_pixels': 784, 'max_pixels': 50176}, 'min_pixels': 784}",
        "{'size': {'shortest_edge': 784}}",
        "{'size': {'longest_edge': 50176}}",
        "{'size': {'shortest_edge': 784, 'longest_edge': 50176, 'height': 28}}",
        "{'size': 448}",
        "{'size': 448, 'min_pixels': 784, 'max_pixels': 50176}",
        "{'size': [448, 448]}",
        "{'min_pixels': 784.5}",
        "{'min_pixels': '784'}",
        "{'max_pixels': 0}",
        "{'do_resize': null}",
        "{'do_normalize': false}",
        "{'do_rescale': 'true'}",
        "{'do_convert_rgb': false}",
        "{'resample': null}",
        "{'resample': 3.5}",
        "{'rescale_factor': null}",
        "{'patch_size': null}",
        "{'patch_size': 14.0}",
        "{'merge_size': '2'}",
        "{'patch_size': 4294967310}",
        "{'image_mean': null}",
        "{'image_mean': [0.5, 0.5]}",
        "{'do_pad': true}",
        "{'image_processor_type': 'Qwen3VLImageProcessor'}",
        "{'feature_extractor_type': 'CLIPFeatureExtractor'}",
      })
  void whatIsNotOursIsRefusedByName(String json) {
    RelookException error = assertThrows(RelookException.class, () -> read(json));
    assertEquals(RelookException.Category.CONFIG, error.category());
    String key = json.split("'")[1];
    String named = key.startsWith("feature") ? "image_processor_type" : key;
    assertTrue(
        error.getMessage().contains(named)
            && (error.getMessage().startsWith("some.json") || named.equals("patch_size")),
        error.getMessage());
  }

  @Test
  void allProblemsAreSaidAtOnce() {
    RelookException error =
        assertThrows(
            RelookException.class, () -> read("{'size': 448, 'do_resize': false, 'resample': 2}"));
    for (String problem : List.of("size must be", "do_resize must be true", "resample must be 3")) {
      assertTrue(error.getMessage().contains(problem), error.getMessage());
    }
  }

  @Test
  void classesOfOneProcessorAndItsOldNamesAreTaken() throws IOException {
    for (String type : List.of("", "Fast", "Pil")) {
      read("{'image_processor_type': 'Qwen2VLImageProcessor%s'}".formatted(type));
    }
    read("{'image_processor_type': 'Qwen2_5_VLImageProcessor'}");
    read("{'feature_extractor_type': 'Qwen2VLFeatureExtractor'}");
  }

  @Test
  void oneNumberIsForAllChannelsAndUnknownKeysAreLeftAlone() throws IOException {
    ImageProcessor read =
        read("{'image_mean': 0.5, 'image_std': 0.25, 'device': 'cuda', 'a_key_of_nobody': 7}");
    assertEquals(List.of(0.5, 0.5, 0.5), read.mean());
    assertEquals(List.of(0.25, 0.25, 0.25), read.std());
  }

  private static ImageProcessor read(String json) throws IOException {
    return ProcessorSettings.read(
        new CheckpointFiles.Settings(
            "some.json", new ObjectMapper().readTree(json.replace('\'', '"'))));
  }
}
