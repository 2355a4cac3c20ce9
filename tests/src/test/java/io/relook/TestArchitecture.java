package io.relook;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.Test;

/** Dependencies go one way: schemas ← model ← jobs ← training. */
class TestArchitecture {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.relook");

  @Test
  void modulesDependDownwards() {
    none("io.relook.lakehouse..", "io.relook.model..", "io.relook.jobs..", "io.relook.training..");
    none("io.relook.model..", "io.relook.jobs..", "io.relook.scenes..", "io.relook.training..");
    none("io.relook.jobs..", "io.relook.training..", "io.relook.cli..");
    none("io.relook.rewards..", "io.relook.jobs..", "io.relook.training..");
  }

  @Test
  void librariesStayWhereTheyBelong() {
    none("io.relook.lakehouse..", "ai.djl..");
    none("io.relook.jobs..", "picocli..");
    none("io.relook.model..", "picocli..");
  }

  private static void none(String from, String... to) {
    ArchRuleDefinition.noClasses()
        .that()
        .resideInAPackage(from)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(to)
        .check(CLASSES);
  }
}
