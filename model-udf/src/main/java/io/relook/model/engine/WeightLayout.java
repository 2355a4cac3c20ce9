package io.relook.model.engine;

import io.relook.model.checkpoint.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which checkpoint tensors lie in which weight of the programs. Weights that multiply the same
 * input are one (q, k and v; gate and up), one below the other, so each value exists once and
 * gradients and checkpoints still name the tensors as Hugging Face does.
 *
 * @param ends patch embedding, merger norm, merger weight and bias twice
 * @param vision ten a block: norm, qkv, its bias, output, its bias, norm, gate and up, their bias,
 *     down, its bias
 * @param top token embedding, last norm, and the head unless it is the embedding
 * @param text seven a layer: norm, qkv, its bias, output, norm, gate and up, down
 */
public record WeightLayout(List<Slot> ends, List<Slot> vision, List<Slot> top, List<Slot> text) {

  /** A weight: checkpoint tensors one below the other, of that shape together. */
  public record Slot(List<Part> parts, long[] shape) {}

  /** A checkpoint tensor; {@code rows} of the slot's first dimension are its own. */
  public record Part(String name, long[] shape, long rows) {}

  public static WeightLayout of(ModelConfig config) {
    return new WeightLayout(
        ends(config), vision(config.vision()), top(config), text(config.text()));
  }

  /** All slots, in the order in which programs and optimizer see them. */
  public List<Slot> slots() {
    List<Slot> all = new ArrayList<>(ends);
    all.addAll(vision);
    all.addAll(top);
    all.addAll(text);
    return all;
  }

  private static List<Slot> ends(ModelConfig config) {
    ModelConfig.Vision v = config.vision();
    long width = v.hiddenSize();
    long merged = width * v.spatialMergeSize() * v.spatialMergeSize();
    long[] kernel = {width, v.inChannels(), v.temporalPatchSize(), v.patchSize(), v.patchSize()};
    long flat = Arrays.stream(kernel).skip(1).reduce(1, Math::multiplyExact);
    return List.of(
        new Slot(
            List.of(new Part("visual.patch_embed.proj.weight", kernel, width)),
            new long[] {width, flat}),
        slot("visual.merger.ln_q.weight", width),
        slot("visual.merger.mlp.0.weight", merged, merged),
        slot("visual.merger.mlp.0.bias", merged),
        slot("visual.merger.mlp.2.weight", v.outHiddenSize(), merged),
        slot("visual.merger.mlp.2.bias", v.outHiddenSize()));
  }

  private static List<Slot> vision(ModelConfig.Vision v) {
    List<Slot> slots = new ArrayList<>();
    long d = v.hiddenSize();
    long i = v.intermediateSize();
    for (int block = 0; block < v.depth(); block++) {
      String at = "visual.blocks." + block + ".";
      slots.add(slot(at + "norm1.weight", d));
      slots.add(slot(at + "attn.qkv.weight", 3 * d, d));
      slots.add(slot(at + "attn.qkv.bias", 3 * d));
      slots.add(slot(at + "attn.proj.weight", d, d));
      slots.add(slot(at + "attn.proj.bias", d));
      slots.add(slot(at + "norm2.weight", d));
      slots.add(
          joined(part(at + "mlp.gate_proj.weight", i, d), part(at + "mlp.up_proj.weight", i, d)));
      slots.add(joined(part(at + "mlp.gate_proj.bias", i), part(at + "mlp.up_proj.bias", i)));
      slots.add(slot(at + "mlp.down_proj.weight", d, i));
      slots.add(slot(at + "mlp.down_proj.bias", d));
    }
    return slots;
  }

  private static List<Slot> top(ModelConfig config) {
    ModelConfig.Text t = config.text();
    List<Slot> slots = new ArrayList<>();
    slots.add(slot("model.embed_tokens.weight", t.vocabSize(), t.hiddenSize()));
    slots.add(slot("model.norm.weight", t.hiddenSize()));
    if (!config.tieWordEmbeddings()) {
      slots.add(slot("lm_head.weight", t.vocabSize(), t.hiddenSize()));
    }
    return slots;
  }

  private static List<Slot> text(ModelConfig.Text t) {
    List<Slot> slots = new ArrayList<>();
    long d = t.hiddenSize();
    long q = (long) t.heads() * t.headDim();
    long kv = (long) t.kvHeads() * t.headDim();
    long i = t.intermediateSize();
    for (int layer = 0; layer < t.layers(); layer++) {
      String at = "model.layers." + layer + ".";
      String attention = at + "self_attn.";
      slots.add(slot(at + "input_layernorm.weight", d));
      slots.add(
          joined(
              part(attention + "q_proj.weight", q, d),
              part(attention + "k_proj.weight", kv, d),
              part(attention + "v_proj.weight", kv, d)));
      slots.add(
          joined(
              part(attention + "q_proj.bias", q),
              part(attention + "k_proj.bias", kv),
              part(attention + "v_proj.bias", kv)));
      slots.add(slot(attention + "o_proj.weight", d, q));
      slots.add(slot(at + "post_attention_layernorm.weight", d));
      slots.add(
          joined(part(at + "mlp.gate_proj.weight", i, d), part(at + "mlp.up_proj.weight", i, d)));
      slots.add(slot(at + "mlp.down_proj.weight", d, i));
    }
    return slots;
  }

  private static Part part(String name, long... shape) {
    return new Part(name, shape, shape[0]);
  }

  static Slot slot(String name, long... shape) {
    return new Slot(List.of(part(name, shape)), shape);
  }

  private static Slot joined(Part... parts) {
    long[] shape = parts[0].shape().clone();
    shape[0] = Arrays.stream(parts).mapToLong(Part::rows).sum();
    return new Slot(List.of(parts), shape);
  }
}
