package io.relook.lakehouse;

import io.relook.TestSession;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.CatalogPlugin;
import org.apache.spark.sql.delta.catalog.DeltaCatalog;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** The session's tables once more, under a catalog's name of its own, such as {@code ml-dev}. */
public final class DevCatalog extends DeltaCatalog {
  private String name;

  /** Configures it. */
  public static void register(String name) {
    TestSession.spark().conf().set("spark.sql.catalog." + name, DevCatalog.class.getName());
  }

  @Override
  public void initialize(String name, CaseInsensitiveStringMap options) {
    this.name = name;
    SparkSession spark = TestSession.spark();
    setDelegateCatalog((CatalogPlugin) spark.sessionState().catalogManager().v2SessionCatalog());
  }

  @Override
  public String name() {
    return name;
  }
}
