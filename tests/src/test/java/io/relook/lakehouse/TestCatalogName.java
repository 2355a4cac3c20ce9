package io.relook.lakehouse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class TestCatalogName {
  @Test
  void partsGoWithBackticksOrWithout() {
    parts("relook", "relook");
    parts("ml-dev.relook", "ml-dev", "relook");
    parts("spark_catalog.2024-runs.queries", "spark_catalog", "2024-runs", "queries");
    parts("`ml-dev`.`relook`", "ml-dev", "relook");
    parts("`a.b`.c", "a.b", "c");
    parts("`a``b`.c", "a`b", "c");
    parts("delta.`/data/my table`", "delta", "/data/my table");
    parts("größe.prüfung", "größe", "prüfung");
  }

  private static void parts(String text, String... parts) {
    CatalogName name = CatalogName.parse(text).orElseThrow();
    assertEquals(List.of(parts), name.parts());
    assertEquals(name, CatalogName.parse(name.quoted()).orElseThrow(), "quoted");
  }

  @Test
  void whatIsAPathIsNoName() {
    for (String path :
        List.of(
            "",
            ".",
            "..",
            "./a.b",
            "a/b",
            "/a.b",
            "s3a://b/a.b",
            ".relook",
            "a..b",
            "a.b.",
            "a b",
            "`a",
            "a`b`",
            "``.a",
            "C:\\data",
            "a.b\n")) {
      assertTrue(CatalogName.parse(path).isEmpty(), path);
    }
  }

  @Test
  void sqlTakesWhatIsQuoted() {
    assertEquals(
        "`ml-dev`.`re``look`.`queries`",
        CatalogName.parse("ml-dev.`re``look`").orElseThrow().plus("queries").quoted());
  }
}
