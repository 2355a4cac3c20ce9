package io.relook.report;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.report.RunReport.Attention;
import io.relook.report.RunReport.Group;
import io.relook.report.RunReport.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What sampled tokens look at, computed with the policy that sampled them, in float32: of each
 * token's query, to each picture token, mean over layers and heads (our choice).
 */
final class AttentionMaps {
  private final RunPolicies policies;
  private final int threads;

  AttentionMaps(RunPolicies policies, int threads) {
    this.policies = policies;
    this.threads = threads;
  }

  /** As the table {@code attention} has it: without a map. */
  static Attention shares(double[] shares) {
    return new Attention(rounded(shares), List.of(), 0, null, null);
  }

  /** The groups with the attention of each sample; one without it says why. */
  List<Group> of(ShownGroups shown) {
    Map<String, List<Rows.Trajectory>> byPolicy = new TreeMap<>();
    shown
        .rows()
        .values()
        .forEach(t -> byPolicy.computeIfAbsent(t.policyVersion(), p -> new ArrayList<>()).add(t));
    Map<String, Attention> found = new HashMap<>();
    byPolicy.forEach((policy, rows) -> found.putAll(of(policy, rows, shown.images())));
    List<Group> groups = new ArrayList<>();
    for (Group group : shown.groups()) {
      List<Sample> samples =
          group.samples().stream()
              .map(sample -> sample.with(found.get(sample.trajectoryId())))
              .toList();
      groups.add(group.with(samples));
    }
    return groups;
  }

  private Map<String, Attention> of(
      String policy, List<Rows.Trajectory> rows, Map<String, Rows.Image> images) {
    Map<String, Attention> found = new HashMap<>();
    try (Checkpoint checkpoint = policies.open(policy);
        PolicyProbe probe = new PolicyProbe(checkpoint, threads)) {
      for (Rows.Trajectory t : rows) {
        found.put(t.trajectoryId(), told(() -> of(probe, t, images)));
      }
    } catch (RelookException e) {
      rows.forEach(t -> found.put(t.trajectoryId(), Attention.none(e.getMessage())));
    }
    return found;
  }

  private interface Look {
    Attention attention();
  }

  private static Attention told(Look look) {
    try {
      return look.attention();
    } catch (RelookException e) {
      return Attention.none(e.getMessage());
    }
  }

  private static Attention of(
      PolicyProbe probe, Rows.Trajectory t, Map<String, Rows.Image> images) {
    int[] completion =
        t.completionIds().stream()
            .limit(ShownGroups.MOST_TOKENS)
            .mapToInt(Integer::intValue)
            .toArray();
    if (completion.length == 0 || t.imageIds().isEmpty()) {
      return Attention.none("It has no tokens or no picture.");
    }
    PolicyProbe.Seen seen = probe.seen(t, images);
    return quantised(probe.map(seen, completion), seen.grids());
  }

  private static Attention quantised(float[][] map, List<List<Integer>> grids) {
    double[] shares = new double[map.length];
    double most = 0;
    for (int s = 0; s < map.length; s++) {
      for (float value : map[s]) {
        shares[s] += value;
        most = Math.max(most, value);
      }
    }
    byte[] bytes = new byte[map.length * map[0].length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) Math.round(255 * map[i / map[0].length][i % map[0].length] / most);
    }
    return new Attention(
        rounded(shares), grids, most, Base64.getEncoder().encodeToString(bytes), null);
  }

  private static List<Double> rounded(double[] values) {
    return Arrays.stream(values).mapToObj(value -> Math.round(1e4 * value) / 1e4).toList();
  }
}
