package io.relook.jobs;

import io.relook.lakehouse.BuiltFor;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.LocalSpark;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RunLock;
import org.apache.spark.sql.SparkSession;

/**
 * What the mains of the jobs share: arguments in, one line out, and the exit code: 0, 1 (failed), 2
 * (usage).
 */
final class JobMain {
  private JobMain() {}

  /** Runs a job and says what it did. */
  interface Body {
    String run(Lakehouse lakehouse, JobArguments arguments);
  }

  /** Ends the JVM where the job does not end well; else Spark ends it. */
  static void run(String job, String usage, String[] args, Body body) {
    int code = execute(job, usage, args, body);
    if (code != 0) {
      System.exit(code);
    }
  }

  /** A session that is there already is used and stays. */
  static int execute(String job, String usage, String[] args, Body body) {
    try {
      BuiltFor.require();
      JobArguments arguments = JobArguments.parse(usage, args);
      boolean ours = SparkSession.getDefaultSession().isEmpty();
      SparkSession spark = LocalSpark.session("relook " + job);
      try (Lakehouse lakehouse = Lakehouse.open(spark, arguments.option("lakehouse"));
          RunLock lock = lock(lakehouse, arguments.run(), job)) {
        lakehouse.claim();
        System.out.println(job + ": " + body.run(lakehouse, arguments));
        return 0;
      } finally {
        if (ours) {
          spark.stop();
        }
      }
    } catch (JobArguments.UsageException e) {
      System.err.printf(
          "%s: %s. Usage: %s [KEY=VALUE …], as in grpo.steps=3%n", job, e.getMessage(), usage);
      return 2;
    } catch (RelookException e) {
      System.err.println("relook: " + e.getMessage());
      return 1;
    } catch (Exception e) {
      // Spark throws checked exceptions that it does not declare.
      e.printStackTrace();
      return 1;
    }
  }

  /** Two jobs of a run at once would write each other's rows again. Null: the job has no run. */
  private static RunLock lock(Lakehouse lakehouse, String runId, String job) {
    return runId == null ? null : lakehouse.lockRun(runId, "relook " + job);
  }
}
