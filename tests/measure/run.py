#!/usr/bin/env python3
"""Repeat the speed proof on a control plane that is filled with pods.

    cluster up 3 && cluster fill 10000 && tests/measure/run.py [--runs 3] [--bench DIR] [--cluster SCRIPT] [-- COMMAND…]

Each run: curl of the list of pods as protobuf; the program's start, memory, idle CPU and keys; curl again; the same
while pods change. metrics-server runs all the while (`fill` stops it: it is started here). Prints one table, then each
budget with what was reached, and ends with code 1 when one is missed. COMMAND is `kubetui -A` of a release build unless
given. Python's standard library, curl, and what tui_probe.py needs: pyte and psutil from PyPI.
"""
import argparse, base64, json, os, pathlib, re, subprocess, sys, tempfile, time, urllib.parse

repo = pathlib.Path(__file__).resolve().parents[2]
ap = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
ap.add_argument("--runs", type=int, default=3)
ap.add_argument("--presses", type=int, default=300)
ap.add_argument("--rate", type=float, default=150, help="pod changes a second")
ap.add_argument("--bench", type=pathlib.Path, default=os.environ.get("KUBETUI_BENCH", repo / "../shared/bench"), help="the folder of tui_probe.py and churn.py")
ap.add_argument("--cluster", type=pathlib.Path, default=os.environ.get("KUBETUI_TEST_CLUSTER", repo / "../shared/control-plane/cluster"))
ap.add_argument("--first", default=r"Running|Pending|Completed", help="what is on the screen with the first rows")
ap.add_argument("--full", help="what is on the screen with all rows; else the number of pods after the word Pods")
ap.add_argument("command", nargs="*")
a = ap.parse_args()
bench, cluster = a.bench.resolve(), a.cluster.resolve()

def output(*command): return subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE, text=True).stdout

folder = pathlib.Path(tempfile.mkdtemp(prefix="kubetui-measure-"))
os.environ["KUBECONFIG"] = output(cluster, "kubeconfig").strip()
# What was looked at last on this machine is not what is measured.
os.environ["XDG_STATE_HOME"] = str(folder)
# churn.py looks for kubectl on PATH: the cluster's own.
(folder / "kubectl").write_text(f'#!/bin/sh\nexec "{cluster}" kubectl "$@"\n')
(folder / "kubectl").chmod(0o700)
os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"

config = json.loads(output(cluster, "kubectl", "config", "view", "--raw", "--flatten", "--minify", "-o", "json"))
server = config["clusters"][0]["cluster"]["server"]
if urllib.parse.urlparse(server).hostname not in ("127.0.0.1", "localhost", "::1"): sys.exit(f"{server} is not on loopback")
user = config["users"][0]["user"]
for name in ("client-certificate", "client-key"): (folder / name).write_bytes(base64.b64decode(user[f"{name}-data"]))
(folder / "ca").write_bytes(base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]))

def curl():
    """Seconds that the same list takes, complete, with nothing done to it."""
    return float(output("curl", "-sSf", "--cacert", folder / "ca", "--cert", folder / "client-certificate", "--key", folder / "client-key",
        "-H", "Accept: application/vnd.kubernetes.protobuf", "-o", "/dev/null", "-w", "%{time_total}", f"{server}/api/v1/pods"))

def probe():
    pods = len(output(cluster, "kubectl", "get", "pods", "-A", "-o", "name").split())
    # With or without a separator of thousands.
    number = re.sub(r"(?<=\d)(?=(\d{3})+$)", r"[,.' ]?", str(pods))
    command = [sys.executable, bench / "tui_probe.py", "--first", a.first, "--full", a.full or rf"Pods\s+{number}\b", "--moved", "cursor",
        "--back", "k", "--presses", str(a.presses), "--timeout", "60", "--", *program]
    found = json.loads(output(*command))
    if "error" in found or found["first_s"] is None: sys.exit(f"nothing to measure: {found}; pods: {pods}")
    if "key_ms" not in found: sys.exit(f"no key had an effect: {found}")
    return found, pods

program = a.command
if not program:
    subprocess.run(["cargo", "build", "--release", "--bin", "kubetui"], cwd=repo, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    program = [str(repo / target / "release/kubetui"), "-A"]
output(cluster, "start", "metrics-server")
deadline = time.monotonic() + 120
while subprocess.run([cluster, "kubectl", "get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes"], capture_output=True).returncode:
    if time.monotonic() > deadline: sys.exit("metrics-server does not answer")
    time.sleep(1)

runs = []
for run in range(a.runs):
    print(f"run {run + 1} of {a.runs}", file=sys.stderr)
    before = curl()
    calm, pods = probe()
    after = curl()
    # As long as a probe takes at most: start, 13 s at rest, and a moment for each key.
    churn = subprocess.Popen([sys.executable, str(bench / "churn.py"), "--rate", str(a.rate), "--seconds", str(30 + a.presses // 8)], stdout=subprocess.PIPE, text=True)
    try:
        time.sleep(2)
        busy, _ = probe()
        if churn.poll() is not None: sys.exit("the changes ended before the measurement")
        said = churn.communicate()[0]
        if churn.returncode: sys.exit(f"churn.py failed: {said}")
    finally:
        churn.kill()
    changes = int(re.search(r": (\d+)/s", said).group(1))
    runs.append({"curl": before, "first": calm["first_s"], "all": calm["full_s"], "curl'": after, "RSS MB": calm["rss_mb"], "peak MB": calm["rss_peak_mb"],
        "idle %": calm["idle_cpu"], "key p50": calm["key_ms"]["p50"], "key p99": calm["key_ms"]["p99"], "lost": calm["key_ms"]["lost"],
        "changes/s": changes, "busy %": busy["idle_cpu"], "busy p50": busy["key_ms"]["p50"], "busy p99": busy["key_ms"]["p99"], "busy lost": busy["key_ms"]["lost"]})

names = list(runs[0])
width = {n: max(len(n), 7) for n in names}
print(f"{pods} pods; seconds, milliseconds of keys, per cent of one core")
print("  ".join(n.rjust(width[n]) for n in names))
for run in runs:
    print("  ".join(("never" if run[n] is None else f"{run[n]:.3f}" if n in ("curl", "curl'", "first", "all") else str(run[n])).rjust(width[n]) for n in names))

def worst(value): return max(float("inf") if (v := value(run)) is None else v for run in runs)
budgets = [
    ("first rows, s", worst(lambda r: r["first"]), 0.15),
    ("all rows, times curl", worst(lambda r: r["all"] and r["all"] / ((r["curl"] + r["curl'"]) / 2)), 1.5),
    ("resident, MB", worst(lambda r: r["RSS MB"]), 60),
    ("idle, % of a core", worst(lambda r: r["idle %"]), 1),
    ("under changes, % of a core", worst(lambda r: r["busy %"]), 10),
    ("key p99, ms", worst(lambda r: r["key p99"]), 16),
    ("key p99 under changes, ms", worst(lambda r: r["busy p99"]), 16),
    ("keys lost", worst(lambda r: r["lost"] + r["busy lost"]), 0),
]
print("\nthe worst of the runs, and the budget")
for name, reached, budget in budgets: print(f"  {name:28} {reached:8.3f}  {budget:6}  {'kept' if reached <= budget else 'MISSED'}")
sys.exit(any(reached > budget for _, reached, budget in budgets))
