#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run conformance cases against a program that offers Falco's command line.

usage: compare.py --prog "CMD" [--cases DIR] [--captures DIR ...] [--rules DIR ...] [--known FILE] [--failing FILE]
                  [--group G ...] [--id PREFIX] [--sample N] [--jobs N] [--show N] [--write-failing FILE]
                  [--container-plugin PATH] [--no-container] [--timeout S] [--pos] [--order] [--lines]
CMD is split like a shell does; `-c CONFIG -V F...` or `-c CONFIG -r F ...` is appended.

--known FILE    intended differences, one `GROUP REGEX reason...` a line (the REGEX has no blanks and is searched in the
                case's rules and note). A failing case that one of them covers counts as known; a line that covers no
                failing case is itself a failure.
--failing FILE  cases that are not equal yet, one `ID cause...` a line. They do not fail the run, but one of them that
                passes does (take it out), and so does falling under 90 % of all cases or 75 % of a group.
--sample N      every Nth case of each group, for a quick look
--lines         one PASS/FAIL/SKIP line a group, for tests/run
Cases whose capture or rules file is absent are skipped and counted. Exit status: 0 when nothing fails.
"""
import argparse, collections, concurrent.futures, gzip, hashlib, json, lzma, os, re, shlex, subprocess, sys, tempfile

LEAST_OF_ALL = 0.90     # share of cases that must be equal, in all
LEAST_OF_GROUP = 0.75   # and in every group
KEEP_ALERTS = 120       # alerts stored in full; the rest is covered by a hash
BASE = {
    "config_files": [], "watch_config_files": False, "rules_files": [], "load_plugins": [], "plugins": [],
    "json_output": True, "time_format_iso_8601": True, "buffered_outputs": False,
    "stdout_output": {"enabled": True}, "syslog_output": {"enabled": False},
    "webserver": {"enabled": False}, "log_stderr": True, "log_syslog": False, "append_output": [],
}

def subst(v, env):
    if isinstance(v, str):
        for k, x in env.items():
            v = v.replace(k, x)
        return v
    if isinstance(v, list):
        return [subst(x, env) for x in v]
    if isinstance(v, dict):
        return {k: subst(x, env) for k, x in v.items()}
    return v

def find(directories, name):
    for d in directories:
        if os.path.exists(os.path.join(d, name)):
            return os.path.join(d, name)
    raise FileNotFoundError(name)

def rule_file(text):
    """-> name of the official rules file that this text stands for, or None"""
    return text[len("@RULEFILE:"):].rstrip("@") if text.startswith("@RULEFILE:") else None

def lacks(case, env):
    """-> name of a capture or rules file that the case needs and that is not here, or None"""
    try:
        find(env["capdirs"], case.get("capture") or "files.scap")
        for t in case["rules"]:
            if rule_file(t):
                find(env["ruledirs"], rule_file(t))
    except FileNotFoundError as e:
        return str(e)
    return None

def make_config(case, env):
    cfg = json.loads(json.dumps(BASE))
    path = find(env["capdirs"], case.get("capture") or "files.scap")   # validation reads none, but names one
    cfg["engine"] = {"kind": "replay", "replay": {"capture_file": os.path.abspath(path)}}
    cfg.update(subst(case.get("config") or {}, {"@CONTAINER_PLUGIN@": env["plugin"], "@DIR@": env.get("dir", "")}))
    return cfg

def rule_text(t, env):
    if rule_file(t):
        return open(find(env["ruledirs"], rule_file(t)), encoding="utf-8").read()
    return t

def canon(x):
    return json.dumps(x, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

def norm_alert(d):
    d.pop("hostname", None)
    of = d.get("output_fields")
    if isinstance(of, dict):
        of.pop("evt.hostname", None)
    if isinstance(d.get("tags"), list):
        d["tags"] = sorted(d["tags"])
    return d

def item_of(e):
    for l in reversed(e.get("context", {}).get("locations", [])):
        if l.get("item_name"):
            return [l.get("item_type"), l.get("item_name")]
    return ["", ""]

def pos_of(e):
    ls = e.get("context", {}).get("locations", [])
    if not ls:
        return None
    p = ls[-1].get("position", {})
    return [p.get("line"), p.get("column")]

def run(case, env):
    """-> dict in the shape of `expect` (plus 'stderr' for a human)"""
    with tempfile.TemporaryDirectory(prefix="cmp") as td:
        e2 = dict(env, dir=td)
        files = []
        for i, t in enumerate(case["rules"]):
            p = os.path.join(td, "r%d.yaml" % (i + 1))
            with open(p, "wb") as f:
                f.write(rule_text(t, env).encode("utf-8", "surrogateescape"))
            files.append(p)
        cp = os.path.join(td, "config.yaml")
        with open(cp, "w", encoding="utf-8") as f:
            json.dump(make_config(case, e2), f, ensure_ascii=False)
        args = list(env["prog"]) + ["-c", cp]
        flag = "-V" if case["kind"] == "validate" else "-r"
        for p in files:
            args += [flag, p]
        args += [subst(a, {"@DIR@": td}) for a in case.get("args", [])]
        try:
            pr = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=env["timeout"], cwd=td,
                                env=dict(os.environ, TZ="UTC"))
        except subprocess.TimeoutExpired:
            return {"timeout": True}
        out = pr.stdout.decode("utf-8", "replace")
        err = pr.stderr.decode("utf-8", "replace")
        crashed = pr.returncode < 0
        if case["kind"] == "validate":
            res = None
            desc = None
            for line in out.splitlines():
                if line.startswith("{"):
                    try:
                        d = json.loads(line)
                    except ValueError:
                        continue
                    if "falco_load_results" in d:
                        res = d
            r = {"ok": pr.returncode == 0}
            if crashed:
                r["crash"] = True
            if res is None:
                r["fatal"] = True
            else:
                r["files"] = []
                for f in res["falco_load_results"]:
                    r["files"].append({
                        "successful": f["successful"],
                        "errors": [{"code": e["code"], "item": item_of(e), "pos": pos_of(e)} for e in f["errors"]],
                        "warnings": [{"code": e["code"], "item": item_of(e)} for e in f["warnings"]]})
            r["stderr"] = err[-600:]
            return r
        alerts, texts = [], []
        for line in out.splitlines():
            if line.startswith("{"):
                try:
                    alerts.append(norm_alert(json.loads(line)))
                    continue
                except ValueError:
                    pass
            texts.append(line)
        r = {"ok": pr.returncode == 0}
        if crashed:
            r["crash"] = True
        if case.get("unordered"):   # order among alerts of one event is not defined (see README.md)
            alerts.sort(key=lambda a: (str(a.get("time")), str(a.get("rule")), canon(a)))
        if not case.get("config", {}).get("json_output", True):
            # plain text alerts: everything before the closing statistics
            t = []
            for x in texts:
                if x.startswith("Events detected: "):
                    break
                t.append(x)
            r["text"] = t[:KEEP_ALERTS]
            r["count"] = len(t)
            if len(t) > KEEP_ALERTS:
                r["sha256"] = hashlib.sha256("\n".join(t).encode("utf-8", "surrogatepass")).hexdigest()
        else:
            r["count"] = len(alerts)
            r["alerts"] = alerts[:KEEP_ALERTS]
            if len(alerts) > KEEP_ALERTS:
                h = hashlib.sha256()
                for a in alerts:
                    h.update(canon(a).encode("utf-8", "surrogatepass") + b"\n")
                r["sha256"] = h.hexdigest()
                by = collections.Counter(a.get("rule", "") for a in alerts)
                r["by_rule"] = dict(sorted(by.items()))
        r["stderr"] = err[-600:]
        return r

def diff(case, got, pos=False, order=False):
    """-> None when it matches, else a short text"""
    exp = case["expect"]
    if got.get("timeout"):
        return "timed out"
    if got.get("crash"):
        return "crashed: " + got.get("stderr", "")[-200:]
    if exp.get("ok") != got.get("ok"):
        return "exit status: expected %s, got %s; %s" % ("0" if exp["ok"] else "not 0", "0" if got["ok"] else "not 0", got.get("stderr", "")[-200:])
    if case["kind"] == "validate":
        if exp.get("fatal"):
            return None   # only the non-zero exit counts
        if "files" not in got:
            return "no falco_load_results JSON on stdout"
        if len(exp["files"]) != len(got["files"]):
            return "number of file results differs"
        for i, (e, g) in enumerate(zip(exp["files"], got["files"])):
            if e["successful"] != g["successful"]:
                return "file %d: successful %s, got %s (%s)" % (i + 1, e["successful"], g["successful"], g["errors"])
            ee = [(x["code"], tuple(x["item"])) + ((tuple(x["pos"] or ()),) if pos else ()) for x in e["errors"]]
            ge = [(x["code"], tuple(x["item"])) + ((tuple(x["pos"] or ()),) if pos else ()) for x in g["errors"]]
            if sorted(ee) != sorted(ge):
                return "file %d errors: expected %s, got %s" % (i + 1, ee, ge)
            ew = [(x["code"], tuple(x["item"])) for x in e["warnings"]]
            gw = [(x["code"], tuple(x["item"])) for x in g["warnings"]]
            if (ew != gw) if order else (sorted(ew) != sorted(gw)):
                return "file %d warnings: expected %s, got %s" % (i + 1, ew, gw)
        return None
    if "text" in exp:
        if exp["text"] != got.get("text") or exp["count"] != got.get("count"):
            for i, (a, b) in enumerate(zip(exp["text"], got.get("text", []))):
                if a != b:
                    return "line %d: expected %r, got %r" % (i + 1, a[:300], b[:300])
            return "expected %d lines, got %d" % (exp["count"], got.get("count", -1))
        if exp.get("sha256") and exp["sha256"] != got.get("sha256"):
            return "the first %d lines match, a later one differs (sha256)" % len(exp["text"])
        return None
    if not exp["ok"] and not exp.get("alerts"):
        return None
    if exp["count"] != got["count"]:
        def nums(al): return [str((a.get("output_fields") or {}).get("evt.num", "?")) for a in al]
        a, b = nums(exp["alerts"]), nums(got["alerts"])
        miss = [x for x in a if x not in b][:5]
        extra = [x for x in b if x not in a][:5]
        return "expected %d alerts, got %d (evt.num missing %s, extra %s)" % (exp["count"], got["count"], miss, extra)
    for i, (e, g) in enumerate(zip(exp["alerts"], got["alerts"])):
        if e != g:
            for k in sorted(set(e) | set(g)):
                if e.get(k) != g.get(k):
                    if k == "output_fields" and isinstance(e.get(k), dict) and isinstance(g.get(k), dict):
                        for f in sorted(set(e[k]) | set(g[k])):
                            if e[k].get(f, "<absent>") != g[k].get(f, "<absent>"):
                                return "alert %d (evt %s) field %s: expected %r, got %r" % (i + 1, e[k].get("evt.num"), f, e[k].get(f, "<absent>"), g[k].get(f, "<absent>"))
                    return "alert %d key %s: expected %s, got %s" % (i + 1, k, canon(e.get(k))[:300], canon(g.get(k))[:300])
    if exp.get("sha256") and exp["sha256"] != got.get("sha256"):
        return "the first %d alerts match, a later one differs (sha256); per rule expected %s, got %s" % (len(exp["alerts"]), exp.get("by_rule"), got.get("by_rule"))
    return None

def read_cases(directory):
    openers = {".jsonl": open, ".xz": lzma.open, ".gz": gzip.open}
    for name in sorted(os.listdir(directory)):
        if re.search(r"\.jsonl(\.xz|\.gz)?$", name):
            with openers[os.path.splitext(name)[1]](os.path.join(directory, name), "rt", encoding="utf-8",
                                                    errors="surrogateescape") as f:
                for line in f:
                    yield json.loads(line)

def read_known(path):
    known = []
    for line in open(path, encoding="utf-8"):
        if line.strip() and not line.startswith("#"):
            group, pattern, reason = line.strip().split(None, 2)
            known.append({"group": group, "re": re.compile(pattern), "line": line.strip(), "hits": 0})
    return known

def read_failing(path):
    pairs = (line.split(None, 1) for line in open(path, encoding="utf-8") if line.strip() and not line.startswith("#"))
    return {p[0]: (p[1].strip() if len(p) > 1 else "") for p in pairs}

def choose(a, env):
    """-> the cases to run, and {missing file: number of cases left out for it} by group"""
    cases, left = [], collections.defaultdict(collections.Counter)
    seen = collections.Counter()
    for c in read_cases(a.cases):
        if a.group and c["group"] not in a.group or not c["id"].startswith(a.id):
            continue
        if a.no_container and "container" in (c.get("config") or {}).get("load_plugins", []):
            continue
        seen[c["group"]] += 1
        if (seen[c["group"]] - 1) % a.sample:
            continue
        missing = lacks(c, env)
        if missing:
            left[c["group"]][missing] += 1
        else:
            cases.append(c)
    return cases, left

def options():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = os.path.dirname(os.path.abspath(__file__))
    ap.add_argument("--prog", required=True)
    ap.add_argument("--cases", default=os.path.join(here, "cases"))
    ap.add_argument("--captures", action="append", default=[])
    ap.add_argument("--rules", action="append", default=[])
    ap.add_argument("--known")
    ap.add_argument("--failing")
    ap.add_argument("--write-failing", help="write the failing cases to this file, with what differed as the cause")
    ap.add_argument("--group", action="append")
    ap.add_argument("--id", default="")
    ap.add_argument("--sample", type=int, default=1)
    ap.add_argument("--container-plugin", default="libcontainer.so")
    ap.add_argument("--no-container", action="store_true", help="leave out cases that load the container plugin")
    ap.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    ap.add_argument("--show", type=int, default=20)
    ap.add_argument("--timeout", type=float, default=120)
    ap.add_argument("--pos", action="store_true", help="also compare line and column of errors")
    ap.add_argument("--order", action="store_true", help="also compare the order of warnings")
    ap.add_argument("--lines", action="store_true")
    a = ap.parse_args()
    a.captures.append(os.path.join(here, "captures"))
    return a

def main():
    a = options()
    env = {"prog": shlex.split(a.prog), "plugin": os.path.abspath(a.container_plugin), "timeout": a.timeout,
           "capdirs": a.captures, "ruledirs": a.rules}
    known = read_known(a.known) if a.known else []
    failing = read_failing(a.failing) if a.failing else {}
    cases, left = choose(a, env)
    if not cases:
        raise SystemExit("no cases to run in " + a.cases)
    total, equal, accepted, listed = (collections.Counter() for _ in range(4))
    bad, unequal = [], []
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as ex:
        for c, got in zip(cases, ex.map(lambda c: run(c, env), cases)):
            group = c["group"]
            total[group] += 1
            m = diff(c, got, a.pos, a.order)
            text = c["note"] + "\n" + "\n".join(c["rules"])
            covers = next((k for k in known if k["group"] == group and k["re"].search(text)), None)
            if m is None:
                equal[group] += 1
                if c["id"] in failing:
                    bad.append((c, "passes now: take it out of " + a.failing))
            elif covers:
                covers["hits"] += 1
                accepted[group] += 1
            else:
                unequal.append((c, m))
                if c["id"] in failing:
                    listed[group] += 1
                else:
                    bad.append((c, m))
    whole = not (a.group or a.id or a.sample > 1 or left)
    if whole:
        for k in known:
            if not k["hits"]:
                bad.append(({"id": "--known", "group": k["group"], "note": k["line"]}, "covers no failing case"))
    if a.write_failing:
        with open(a.write_failing, "w", encoding="utf-8") as f:
            for c, m in unequal:
                f.write("%s %s\n" % (c["id"], " ".join(m.split())[:160]))
    for c, m in bad[:a.show]:
        print("MISMATCH %s [%s] %s\n    %s" % (c["id"], c["group"], c["note"], m))
    if len(bad) > a.show:
        print("... and %d more mismatches" % (len(bad) - a.show))
    worse = {c["group"] for c, _ in bad}
    for g in sorted(set(total) | set(left)):
        good = equal[g] + accepted[g]
        if failing and a.sample == 1 and good < LEAST_OF_GROUP * total[g]:
            worse.add(g)
        lacking = ", ".join("%d cases need %s" % (n, f) for f, n in sorted(left[g].items()))
        if a.lines:
            state = "FAIL" if g in worse else "PASS" if total[g] else "SKIP"
            print("%s: conformance %s (%d of %d%s)" % (state, g, equal[g], total[g], "; " + lacking if lacking else ""))
            if lacking and total[g]:
                print("SKIP: conformance %s, %s" % (g, lacking))
        else:
            print("%-18s %4d passed of %4d%s" % (g, equal[g], total[g], "; left out: " + lacking if lacking else ""))
    share = (sum(equal.values()) + sum(accepted.values())) / sum(total.values())
    print("%d of %d cases equal (%.1f %%), %d known differences, %d listed as failing, %d unexpected, %d left out" % (
        sum(equal.values()), sum(total.values()), 100 * share, sum(accepted.values()), sum(listed.values()), len(bad),
        sum(sum(x.values()) for x in left.values())))
    return 1 if bad or worse or (failing and share < LEAST_OF_ALL) else 0

if __name__ == "__main__":
    sys.exit(main())
