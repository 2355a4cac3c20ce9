package io.relook.model.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Looks inside a model: what its parts compute, for comparisons and for studies of attention. */
public final class ModelProbe {
  private final VisionLanguageModel model;

  public ModelProbe(VisionLanguageModel model) {
    this.model = model;
  }

  /** The embeddings of a prompt's pictures (N, D) float32, in reading order. */
  public float[][] pictureEmbeddings(List<PictureGrid> pictures) {
    float[][][] result = new float[1][][];
    model.exclusively(
        () -> {
          try (NDManager scope = model.newScope()) {
            NDArray embeddings =
                model
                    .program()
                    .call(scope, "as_float", model.encode(scope, pictures, model.allOf(pictures)))
                    .head();
            result[0] = VisionLanguageModel.matrix(embeddings);
          }
        });
    return result[0];
  }

  /** After the embedding and after each layer (T, D) float32; the last one after the last norm. */
  public List<float[][]> hiddenStates(Prompt prompt) {
    model.requireRunnable(prompt);
    List<float[][]> states = new ArrayList<>();
    model.exclusively(
        () -> {
          try (NDManager scope = model.newScope()) {
            NDList all =
                model.call(
                    scope,
                    "hidden_states",
                    model.tokens(scope, prompt, prompt.length()),
                    model.weights().top.get(0),
                    model.weights().top.get(1));
            all.forEach(state -> states.add(VisionLanguageModel.matrix(state)));
          }
        });
    return states;
  }

  /**
   * How much attention each new token's query pays to all picture tokens together: (steps, layers,
   * H). Step s is the query that draws completion token s.
   */
  public float[][][] attentionOnPictures(Prompt prompt, int[] completion) {
    int layers = model.config().text().layers();
    int heads = model.config().text().heads();
    float[][] rows = attention("attention_on_image", prompt, completion, layers * heads);
    float[][][] cube = new float[rows.length][layers][];
    for (int s = 0; s < rows.length; s++) {
      for (int l = 0; l < layers; l++) {
        cube[s][l] = Arrays.copyOfRange(rows[s], l * heads, (l + 1) * heads);
      }
    }
    return cube;
  }

  /**
   * The same by picture token, mean over layers and heads: (steps, N), the pictures one after the
   * other, each in reading order.
   */
  public float[][] attentionMap(Prompt prompt, int[] completion) {
    int merge = model.config().vision().spatialMergeSize();
    int tokens = prompt.pictures().stream().mapToInt(picture -> picture.tokens(merge)).sum();
    return attention("attention_map", prompt, completion, tokens);
  }

  private float[][] attention(String name, Prompt prompt, int[] completion, int columns) {
    Prompt whole = prompt.plus(Arrays.copyOf(completion, Math.max(0, completion.length - 1)));
    model.requireRunnable(whole);
    float[][][] result = new float[1][][];
    model.exclusively(
        () -> {
          try (NDManager scope = model.newScope()) {
            List<Object> first = new ArrayList<>(model.tokens(scope, whole, whole.length()));
            first.add(prompt.length() - 1);
            float[] flat =
                model.call(scope, name, first, model.weights().top.get(0)).head().toFloatArray();
            float[][] rows = new float[whole.length() - prompt.length() + 1][];
            for (int s = 0; s < rows.length; s++) {
              rows[s] = Arrays.copyOfRange(flat, s * columns, (s + 1) * columns);
            }
            result[0] = rows;
          }
        });
    return result[0];
  }
}
