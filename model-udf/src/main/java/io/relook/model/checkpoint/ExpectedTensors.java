package io.relook.model.checkpoint;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which tensors a model of a shape has, by published name. */
public final class ExpectedTensors {
  private static final String[][] NEWER_NAMES = {
    {"model.visual.", "visual."}, {"model.language_model.", "model."}
  };

  private ExpectedTensors() {}

  /** The published name of a tensor or module, whichever naming it is in. */
  public static String published(String name) {
    for (String[] naming : NEWER_NAMES) {
      if (name.startsWith(naming[0])) {
        return naming[1] + name.substring(naming[0].length());
      }
    }
    return name;
  }

  /** What newer writers call the tensor or module of a published name. */
  public static String newerName(String published) {
    for (String[] naming : NEWER_NAMES) {
      if (published.startsWith(naming[1])) {
        return naming[0] + published.substring(naming[1].length());
      }
    }
    return published;
  }

  /** Name to shape, in the order in which they are written. */
  public static Map<String, List<Long>> of(ModelConfig config) {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    ModelConfig.Text t = config.text();
    ModelConfig.Vision v = config.vision();
    long d = t.hiddenSize();
    long q = (long) t.heads() * t.headDim();
    long kv = (long) t.kvHeads() * t.headDim();
    long i = t.intermediateSize();
    put(shapes, "model.embed_tokens.weight", t.vocabSize(), d);
    for (int layer = 0; layer < t.layers(); layer++) {
      String at = "model.layers." + layer + ".";
      put(shapes, at + "input_layernorm.weight", d);
      put(shapes, at + "self_attn.q_proj.weight", q, d);
      put(shapes, at + "self_attn.q_proj.bias", q);
      put(shapes, at + "self_attn.k_proj.weight", kv, d);
      put(shapes, at + "self_attn.k_proj.bias", kv);
      put(shapes, at + "self_attn.v_proj.weight", kv, d);
      put(shapes, at + "self_attn.v_proj.bias", kv);
      put(shapes, at + "self_attn.o_proj.weight", d, q);
      put(shapes, at + "post_attention_layernorm.weight", d);
      put(shapes, at + "mlp.gate_proj.weight", i, d);
      put(shapes, at + "mlp.up_proj.weight", i, d);
      put(shapes, at + "mlp.down_proj.weight", d, i);
    }
    put(shapes, "model.norm.weight", d);
    if (!config.tieWordEmbeddings()) {
      put(shapes, "lm_head.weight", t.vocabSize(), d);
    }
    long width = v.hiddenSize();
    long inner = v.intermediateSize();
    long merged = width * v.spatialMergeSize() * v.spatialMergeSize();
    put(
        shapes,
        "visual.patch_embed.proj.weight",
        width,
        v.inChannels(),
        v.temporalPatchSize(),
        v.patchSize(),
        v.patchSize());
    for (int block = 0; block < v.depth(); block++) {
      String at = "visual.blocks." + block + ".";
      put(shapes, at + "norm1.weight", width);
      put(shapes, at + "norm2.weight", width);
      put(shapes, at + "attn.qkv.weight", 3 * width, width);
      put(shapes, at + "attn.qkv.bias", 3 * width);
      put(shapes, at + "attn.proj.weight", width, width);
      put(shapes, at + "attn.proj.bias", width);
      put(shapes, at + "mlp.gate_proj.weight", inner, width);
      put(shapes, at + "mlp.gate_proj.bias", inner);
      put(shapes, at + "mlp.up_proj.weight", inner, width);
      put(shapes, at + "mlp.up_proj.bias", inner);
      put(shapes, at + "mlp.down_proj.weight", width, inner);
      put(shapes, at + "mlp.down_proj.bias", width);
    }
    put(shapes, "visual.merger.ln_q.weight", width);
    put(shapes, "visual.merger.mlp.0.weight", merged, merged);
    put(shapes, "visual.merger.mlp.0.bias", merged);
    put(shapes, "visual.merger.mlp.2.weight", v.outHiddenSize(), merged);
    put(shapes, "visual.merger.mlp.2.bias", v.outHiddenSize());
    return shapes;
  }

  /** All missing, unexpected and misshapen tensors in one error. */
  static void check(String folder, ModelConfig config, Map<String, TensorEntry> tensors) {
    Map<String, List<Long>> expected = of(config);
    List<String> problems = new ArrayList<>();
    expected.forEach(
        (name, shape) -> {
          TensorEntry found = tensors.get(name);
          if (found == null) {
            problems.add("missing " + name);
          } else if (!found.shape().equals(shape)) {
            problems.add("%s has shape %s, not %s".formatted(name, found.shape(), shape));
          }
        });
    for (String name : tensors.keySet()) {
      boolean spare =
          name.endsWith("rotary_emb.inv_freq")
              || name.equals("lm_head.weight") && config.tieWordEmbeddings();
      if (!expected.containsKey(name) && !spare) {
        problems.add("unexpected " + name);
      }
    }
    if (!problems.isEmpty()) {
      throw CheckpointErrors.badTensors(folder, problems);
    }
  }

  private static void put(Map<String, List<Long>> shapes, String name, long... shape) {
    List<Long> list = new ArrayList<>();
    for (long dimension : shape) {
      list.add(dimension);
    }
    shapes.put(name, list);
  }
}
