#!/usr/bin/env python3
"""Records how Kubernetes' protobuf is laid out, for src/demo/protobuf.rs: src/demo/recorded/messages.txt.gz.

    tests/record/messages.py [GO_MODULE_CACHE/k8s.io]     (of the release that the OpenAPI documents were recorded of)

A line for each message: its name, `=` when it is a list in JSON, and its fields as `number:JSON name:signs:type`.
Signs: `[` a list, `{` a map from text, `~` inlined in JSON, `?` told even when it is zero (a pointer in Go, or no omitempty).
"""
import glob, gzip, os, re, sys

MODULES = sys.argv[1] if len(sys.argv) > 1 else os.path.expanduser("~/go/pkg/mod/k8s.io")
RELEASE = "v0.36.3"
FOLDERS = [
    *sorted(glob.glob(f"{MODULES}/api@{RELEASE}/*/v[12]/")),
    f"{MODULES}/apimachinery@{RELEASE}/pkg/apis/meta/v1/",
]
SCALARS = {"string": "s", "int32": "i", "int64": "i", "bool": "b", "double": "d", "bytes": "y"}


def go_fields(folder):
    """(struct, protobuf number) -> (JSON name, inlined, told when zero), and the types that are lists."""
    fields, lists, struct = {}, set(), None
    for file in glob.glob(folder + "*.go"):
        if file.endswith("_test.go") or "generated" in file:
            continue
        for line in open(file):
            if opened := re.match(r"type (\w+) struct \{", line):
                struct = opened[1]
            elif listed := re.match(r"type (\w+) \[\]", line):
                lists.add(listed[1])
            elif line.startswith("}"):
                struct = None
            elif struct and (tagged := re.match(r"\s+(.*?)\s*`(.*)`", line)):
                json = re.search(r'json:"([^"]*)"', tagged[2])
                proto = re.search(r'protobuf:"\w+,(\d+)', tagged[2])
                if json and proto:
                    name, *options = json[1].split(",")
                    pointer = tagged[1].split()[-1].startswith("*")
                    told = pointer or not {"omitempty", "omitzero"} & set(options)
                    fields[struct, int(proto[1])] = (name, "inline" in options, told)
    return fields, lists


lines = []
for folder in FOLDERS:
    if not os.path.exists(folder + "generated.proto"):
        continue
    fields, lists = go_fields(folder)
    text = re.sub(r"//.*", "", open(folder + "generated.proto").read())
    package = re.search(r"^package (\S+);", text, re.M)[1]
    for message, body in re.findall(r"^message (\w+) \{(.*?)^\}", text, re.M | re.S):
        row = []
        for label, kind, name, number in re.findall(r"(optional |repeated |)(map<[^>]*>|\S+) (\w+) = (\d+)(?: \[.*?\])?;", body):
            signs = "[" if label == "repeated " else ""
            if mapped := re.match(r"map<string, *(.*)>", kind):
                kind, signs = mapped[1], "{"
            json, inlined, told = fields.get((message, int(number)), (name, False, False))
            signs += "~" * inlined + "?" * told
            if kind not in SCALARS:
                kind = kind.lstrip(".") if kind.startswith((".", "k8s.io.")) else f"{package}.{kind}"
            row.append(f"{number}:{json or name}:{signs}:{SCALARS.get(kind, kind)}")
        lines.append(" ".join([f"{package}.{message}{'=' * (message in lists)}", *row]))

out = os.path.join(os.path.dirname(__file__), "../../src/demo/recorded/messages.txt.gz")
with open(out, "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as packed:
    packed.write("".join(line + "\n" for line in sorted(set(lines))).encode())
