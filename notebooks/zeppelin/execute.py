"""Runs a note on a Zeppelin server: execute.py API_URL IN.zpln OUT.zpln. Status 1: a paragraph failed; what it said is in OUT.zpln. 3: no start.

The Java kernel has races at its start (as in ../execute.py): a first paragraph that finds no kernel is tried again with a new one; an error is not.
"""
import json
import pathlib
import sys
import time
import urllib.error
import urllib.request

STARTS = 6
NOT_STARTED = "Fail to open JupyterKernelInterpreter"


class Server:
    def __init__(self, url: str):
        self.url = url

    def ask(self, method: str, path: str, body: bytes | None = None, seconds: int = 30):
        request = urllib.request.Request(self.url + path, body, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return json.loads(answer.read() or b"{}").get("body")

    def wait(self) -> bool:
        for _ in range(120):
            try:
                self.ask("GET", "/version")
                return True
            except (OSError, ValueError):
                time.sleep(0.5)
        return False

    def stop_interpreters(self):
        for setting in self.ask("GET", "/interpreter/setting"):
            self.ask("PUT", f"/interpreter/setting/restart/{setting['id']}", b"{}", 60)

    def run(self, note: str, paragraph: str) -> dict:
        try:
            self.ask("POST", f"/notebook/run/{note}/{paragraph}", b"{}", 600)
        except urllib.error.HTTPError:
            pass  # a paragraph that failed: it says so itself
        return self.ask("GET", f"/notebook/{note}/paragraph/{paragraph}")


def said(paragraph: dict) -> str:
    return "".join(message["data"] for message in (paragraph.get("results") or {}).get("msg", []))


def run(server: Server, source: str, target: str) -> int:
    if not server.wait():
        print("Zeppelin does not answer", file=sys.stderr)
        return 3
    note = server.ask("POST", "/notebook/import", pathlib.Path(source).read_bytes())
    try:
        for number, paragraph in enumerate(server.ask("GET", f"/notebook/{note}")["paragraphs"]):
            for start in range(1, STARTS + 1):
                began = time.monotonic()
                done = server.run(note, paragraph["id"])
                print(f"{done.get('status')} {time.monotonic() - began:.0f} s  {paragraph['title']}", flush=True)
                if done.get("status") == "FINISHED":
                    break
                if NOT_STARTED not in said(done) or number > 0:
                    print(said(done)[:2000], file=sys.stderr)
                    return 1
                print(f"kernel start {start} of {STARTS}: {' '.join(said(done).splitlines()[1:2])}", file=sys.stderr)
                server.stop_interpreters()
            else:
                print("the kernel did not start", file=sys.stderr)
                return 3
        return 0
    finally:
        pathlib.Path(target).write_text(json.dumps(server.ask("GET", f"/notebook/{note}"), indent=1, ensure_ascii=False))
        server.ask("DELETE", f"/notebook/{note}")
        server.stop_interpreters()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(run(Server(sys.argv[1]), *sys.argv[2:]))
