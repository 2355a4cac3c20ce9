"""Writes the spec of a Jupyter kernel that runs Java with Spark's options and Relook's class path.

    kernel.py KERNELS_FOLDER KERNEL_JAR CLASS_PATH OPTIONS

CLASS_PATH   jars and folders with ':' between, behind this folder (its logging.properties must come before the kernel's own: that one logs everything, and
             Spark's code generator fails in its own trace messages)
OPTIONS      of the JVM, with spaces between
"""
import json
import pathlib
import sys

if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    folder, jar, class_path, options = sys.argv[1:]
    here = pathlib.Path(__file__).resolve().parent
    # -cp and the main class, not -jar: cells see the jars by the application's class loader, as Spark does.
    argv = ["java", "-Xmx2g", *options.split(), "-cp", f"{here}:{jar}:{class_path}", "org.rapaio.jupyter.kernel.MainApp", "{connection_file}"]
    out = pathlib.Path(folder, "relook-java")
    out.mkdir(parents=True, exist_ok=True)
    spec = {"argv": argv, "display_name": "Java (Relook)", "language": "java", "interrupt_mode": "message", "env": {"RJK_TIMEOUT_MILLIS": "-1"}}
    (out / "kernel.json").write_text(json.dumps(spec, indent=1))
