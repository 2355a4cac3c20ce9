package io.relook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.internal.config.ConfigEntry;
import org.apache.spark.launcher.SparkLauncher;
import org.apache.spark.resource.ResourceID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code conf/spark}: Spark knows the keys, commented ones too, and can read the values; local and
 * standalone start a session, the latter with two devices that a discovery script makes up.
 */
final class TestSparkConf {
  private static final Path CONF = Path.of(System.getProperty("relook.root"), "conf/spark");

  private static final List<String> FILES = List.of("local", "standalone", "yarn", "kubernetes");

  /** These register their keys when they are loaded. */
  private static final List<String> REGISTRIES =
      List.of(
          "org.apache.spark.internal.config.package$",
          "org.apache.spark.internal.config.Network$",
          "org.apache.spark.sql.internal.SQLConf$",
          "org.apache.spark.sql.internal.StaticSQLConf$",
          "org.apache.spark.sql.delta.sources.DeltaSQLConf$",
          "org.apache.spark.deploy.k8s.Config$");

  /** Spark's module for YARN does not resolve in this version; these are from its documentation. */
  private static final Set<String> YARN = Set.of("spark.yarn.queue", "spark.yarn.maxAppAttempts");

  /** What DJL and we read from the environment. */
  private static final Set<String> ENVIRONMENT =
      Set.of(
          "DJL_OFFLINE",
          "MALLOC_MMAP_THRESHOLD_",
          "MALLOC_TRIM_THRESHOLD_",
          "OPT_OUT_TRACKING",
          "PYTORCH_LIBRARY_PATH",
          "PYTORCH_VERSION",
          "PYTORCH_FLAVOR");

  @TempDir Path folder;

  @BeforeAll
  static void register() throws ClassNotFoundException {
    for (String registry : REGISTRIES) {
      Class.forName(registry);
    }
  }

  @Test
  void sparkKnowsEveryKeyAndReadsEveryValue() {
    List<String> problems = new ArrayList<>();
    for (String name : FILES) {
      for (Map.Entry<Object, Object> one : read(name, true).entrySet()) {
        String problem = problem("" + one.getKey(), "" + one.getValue());
        if (!problem.isEmpty()) {
          problems.add("%s.conf, %s: %s".formatted(name, one.getKey(), problem));
        }
      }
    }
    assertEquals(List.of(), problems);
  }

  @Test
  void whatSparkDoesNotKnowOrCannotReadIsFound() {
    assertEquals("unknown key", problem("spark.executor.memoryOverheads", "1g"));
    assertEquals("unknown key", problem("spark.executor.resource.gpu.count", "1"));
    assertEquals("unknown key", problem("spark.kubernetes.image", "relook"));
    assertEquals("unknown key", problem("spark.executorEnv.PYTORCH_HOME", "/opt"));
    assertTrue(problem("spark.executor.memory", "much").contains("much"));
    assertTrue(problem("spark.task.cpus", "all").contains("all"));
  }

  @Test
  void anExecutorHasOneDeviceAndRunsOneTask() {
    for (String name : List.of("standalone", "yarn", "kubernetes")) {
      Properties conf = read(name, false);
      assertEquals("1", conf.get("spark.executor.resource.gpu.amount"), name);
      assertEquals("1", conf.get("spark.task.resource.gpu.amount"), name);
      assertEquals(conf.get("spark.executor.cores"), conf.get("spark.task.cpus"), name);
      assertTrue(conf.keySet().stream().noneMatch(key -> ("" + key).contains("py")), name);
    }
  }

  @Test
  void executorsGetTheAllocatorSettingsOfTheLauncher() throws Exception {
    String launcher = Files.readString(Path.of(System.getProperty("relook.root"), "relook"));
    for (String name : List.of("standalone", "yarn", "kubernetes")) {
      for (String key : List.of("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")) {
        String value = read(name, false).getProperty("spark.executorEnv." + key);
        assertTrue(launcher.contains("${%s:-%s}".formatted(key, value)), name + ": " + key);
      }
    }
  }

  @Test
  void whatWasNotRunSaysSo() {
    for (String name : List.of("yarn", "kubernetes")) {
      assertTrue(text(name).lines().findFirst().orElse("").contains("NOT RUN"), name);
    }
  }

  @Test
  void localStartsASession() throws Exception {
    assertEquals(
        List.of("rows: 3", "executor driver: cpu()", "executor driver: cpu()"),
        submit("local", Map.of(), ""));
  }

  /** The shipped script asks; only the program that it asks is not the real one. */
  @Test
  void twoExecutorsTakeTwoDevices() throws Exception {
    Path bin = Files.createDirectory(folder.resolve("bin"));
    Path query = bin.resolve("nvidia-smi");
    Files.writeString(
        query,
        """
        #!/bin/sh
        [ "$*" = "--query-gpu=index --format=csv,noheader" ] || exit 2
        printf '0\\n1\\n'
        """);
    Files.setPosixFilePermissions(query, PosixFilePermissions.fromString("rwxr-xr-x"));
    List<String> said =
        submit(
            "standalone",
            Map.of(
                "spark.master", "local-cluster[1,2,1024]",
                "spark.worker.resource.gpu.amount", "2",
                "spark.worker.resource.gpu.discoveryScript", CONF.resolve("gpus.sh").toString(),
                "spark.executor.cores", "1",
                "spark.task.cpus", "1",
                "spark.cores.max", "2",
                "spark.executor.memory", "512m",
                "spark.driver.memory", "1g"),
            bin + ":");
    assertEquals("rows: 3", said.get(0));
    Set<String> executors = new TreeSet<>();
    Set<String> devices = new TreeSet<>();
    for (String line : said.subList(1, said.size())) {
      Matcher parts = Pattern.compile("executor (\\d+): (.*)").matcher(line);
      assertTrue(parts.matches(), line);
      executors.add(parts.group(1));
      devices.add(parts.group(2));
    }
    assertEquals(2, executors.size(), said.toString());
    assertEquals(Set.of("gpu(0)", "gpu(1)"), devices, said.toString());
  }

  /** What the file makes Spark refuse, or nothing. */
  private static String problem(String key, String value) {
    ConfigEntry<?> entry = ConfigEntry.findEntry(key);
    if (entry != null) {
      try {
        assertNotNull(entry.valueConverter().apply(value));
        return "";
      } catch (IllegalArgumentException e) {
        return "cannot read %s: %s".formatted(value, e.getMessage());
      }
    }
    Set<String> named = new TreeSet<>(YARN);
    named.add(SparkLauncher.SPARK_MASTER);
    for (String component : List.of("spark.worker", "spark.executor", "spark.task")) {
      ResourceID gpu = new ResourceID(component, "gpu");
      named.addAll(Set.of(gpu.amountConf(), gpu.discoveryScriptConf(), gpu.vendorConf()));
    }
    ENVIRONMENT.forEach(name -> named.add("spark.executorEnv." + name));
    return named.contains(key) ? "" : "unknown key";
  }

  private static Properties read(String name, boolean commented) {
    Properties conf = new Properties();
    try {
      String text = text(name);
      conf.load(new StringReader(commented ? text.replaceAll("(?m)^#spark", "spark") : text));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return conf;
  }

  private static String text(String name) {
    try {
      return Files.readString(CONF.resolve(name + ".conf"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the probe says, submitted with a file; {@code overrides} fit it to this machine. */
  private List<String> submit(String name, Map<String, String> overrides, String path)
      throws Exception {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(a -> a.startsWith("--add-") || a.startsWith("-Djdk.") || a.startsWith("-Dio."))
        .forEach(command::add);
    command.addAll(List.of("-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(List.of("-cp", classPath, "org.apache.spark.deploy.SparkSubmit"));
    command.addAll(List.of("--properties-file", CONF.resolve(name + ".conf").toString()));
    Map<String, String> quick =
        Map.of(
            "spark.ui.enabled", "false",
            "spark.driver.host", "127.0.0.1",
            "spark.driver.bindAddress", "127.0.0.1");
    Stream.of(quick, overrides)
        .flatMap(map -> map.entrySet().stream())
        .forEach(e -> command.addAll(List.of("--conf", e.getKey() + "=" + e.getValue())));
    command.addAll(List.of("--class", SubmittedProbe.class.getName()));
    command.add(
        Path.of(SubmittedProbe.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .toString());
    Path errors = folder.resolve("errors.txt");
    Path said = folder.resolve("said.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(errors.toFile()).redirectOutput(said.toFile());
    Map<String, String> environment = builder.environment();
    environment.put("PATH", path + environment.get("PATH"));
    environment.put("SPARK_SCALA_VERSION", "2.13");
    environment.put("SPARK_DIST_CLASSPATH", classPath);
    Files.createDirectories(folder.resolve("home/jars"));
    environment.put("SPARK_HOME", folder.resolve("home").toString());
    Process process = builder.start();
    try {
      assertTrue(process.waitFor(2, TimeUnit.MINUTES), "the probe does not end");
      assertEquals(0, process.exitValue(), Files.readString(errors));
      return Files.readAllLines(said);
    } finally {
      process.destroyForcibly();
    }
  }
}
