#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""alerts.py FILE --has RULE [--allow FIELD,...] | --lacks RULE | --none

Looks into alerts (JSON, one object a line). --has also wants every output field of that rule's alerts to have a value; what
Falco leaves without one is listed below, and --allow adds to that.
"""
import argparse, json, re, sys

# null in Falco as well: no runtime to ask, or a field that the event type does not have
NULL_IN_FALCO = re.compile(r"^(container\.(start_ts|image\..*|name|privileged|mount.*)|k8s\..*|proc\.aname\[[5-9]\]|proc\.aexepath\[[3-9]\]"
                           r"|user\.loginname|group\.name|fd\.(cip|sip|lip|rip)\.name)$")

def read(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as f:
        for n, line in enumerate(f, 1):
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except ValueError as e:
                sys.exit("line %d of the alerts is no JSON: %s: %r" % (n, e, line[:200]))

def incomplete(alert, allow):
    """-> names of the fields without a value"""
    fields = alert.get("output_fields")
    if not isinstance(fields, dict) or not fields:
        return ["output_fields"]
    missing = [k for k, v in fields.items() if v is None and not NULL_IN_FALCO.match(k) and k not in allow]
    if not missing and "<NA>" in alert.get("output", "") and not any(v in (None, "<NA>") for v in fields.values()):
        missing.append("output (holds <NA>)")
    for key in ("time", "priority", "rule", "source"):
        if not alert.get(key):
            missing.append(key)
    return missing

def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("file")
    ap.add_argument("--has")
    ap.add_argument("--lacks")
    ap.add_argument("--none", action="store_true")
    ap.add_argument("--allow", default="")
    a = ap.parse_args()
    alerts = list(read(a.file))
    seen = sorted({x.get("rule", "?") for x in alerts})
    if a.none:
        for x in alerts[:10]:
            print("    alert: %s" % x.get("output", x)[:300])
        return 1 if alerts else 0
    if a.lacks:
        hits = [x for x in alerts if x.get("rule") == a.lacks]
        for x in hits[:3]:
            print("    alert: %s" % x.get("output", x)[:300])
        return 1 if hits else 0
    hits = [x for x in alerts if x.get("rule") == a.has]
    if not hits:
        print("    no alert of it; rules seen: %s" % (", ".join(seen) or "none"))
        return 1
    allow = set(filter(None, a.allow.split(",")))
    # a rule may match several events of one action, and the first may be the most telling: one complete alert is wanted
    gaps = [incomplete(x, allow) for x in hits]
    if not any(g == [] for g in gaps):
        print("    without a value: %s" % ", ".join(gaps[0]))
        print("    alert: %s" % hits[0].get("output", "")[:400])
        return 1
    return 0

if __name__ == "__main__":
    sys.exit(main())
