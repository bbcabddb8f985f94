#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Kubernetes audit events from a file: audit.jsonl has two events for each of our rules. The id of one that must fire it is
# "+RULE", of one that must not "-RULE".
. "$(dirname "$0")/../lib.sh"

cd "$dir" || exit 99
need_plugin k8saudit
cp "$here/audit.jsonl" .

cat >falco.yaml <<YAML
engine: {kind: nodriver}
log_stderr: true
rule_matching: all
json_output: true
plugins:
  - {name: k8saudit, library_path: $plugins/libk8saudit.so, init_config: {maxEventSize: 8192}, open_params: audit.jsonl}
  - {name: json, library_path: $plugins/libjson.so}
rules_files: [$top/rules/k8s_audit_rules.yaml]
stdout_output: {enabled: true}
YAML

ok "it ends with the file" in_foreground "$MONITOR" falco -c falco.yaml
sed -n 's/.*"ka.auditid":"\([^"]*\)".*"rule":"\([^"]*\)".*/\1	\2/p' out >alerts
sed -n 's/^- rule: //p' "$top/rules/k8s_audit_rules.yaml" >rules
ok "there are rules" [ "$(wc -l <rules)" -ge 15 ]
while read -r rule; do
	ok "$rule has an event and a near miss" [ "$(grep -c "\"auditID\":\"[-+]$rule\"" audit.jsonl)" -eq 2 ]
	ok "$rule fires" grep -qx "+$rule	$rule" alerts
	# shellcheck disable=SC2016 # the inner shell expands it
	ok "$rule does not fire on its near miss" sh -c '! grep -qx -- "-$1	$1" alerts' sh "$rule"
done <rules

ok "a burst is one of one address, told once" [ "$(grep -c 'Burst of failed authentication$' alerts)" -eq 1 ]

# paths that lead to the same by other words, and folders that hold what is sensitive
grep '"+Sensitive host path' audit.jsonl >event
# paths AUDIT-ID PATH...: an event for each
paths() {
	id=$1
	shift
	for path; do sed "s|/etc/kubernetes|$path|; s|+Sensitive host path in a pod|$id|" event; done
}
{
	paths in / /etc //etc /./etc /var /var/run /run /run/crio/crio.sock /var/run/containerd /root/.ssh /proc/1 /sys /dev/sda /var/lib/kubelet/pki
	paths out /data /variable /runner /srv/etc /var/log/pods
} >audit.jsonl
in_foreground "$MONITOR" falco -c falco.yaml
ok "each sensitive path" [ "$(grep -c '"ka.auditid":"in".*"rule":"Sensitive host path in a pod"' out)" -eq 14 ]
ok "and no other" [ "$(grep -c '"ka.auditid":"out".*"rule":"Sensitive host path in a pod"' out)" -eq 0 ]

# broken lines are told and left out, lists are taken apart
{
	printf 'no json\n\n[1,{"auditID":"one","verb":"get"}]\n{"auditID":"two","verb":'
	printf '\n{"auditID":"big","verb":"get","x":"%9000s"}\n' x
	printf '{"kind":"EventList","items":[{"auditID":"three","verb":"get","requestURI":"/?a=1&b=x%%20y"}]}'
} >audit.jsonl
rule all "ka.verb = get and json.value[/verb] = get" "id=%ka.auditid b=%ka.uri.param[b]" INFO "source: k8s_audit" >all.yaml
sed -i 's/json_output: true/json_output: false/' falco.yaml
ok "damaged lines end nothing" in_foreground "$MONITOR" falco -c falco.yaml -r all.yaml
ok "what is whole is seen" [ "$(sed -n 's/.*Informational //p' out | tr '\n' ';')" = "id=one b=<NA>;id=three b=x y;" ]
ok "what is left out is told" [ "$(grep -c 'plugin k8saudit: .* left out' err)" -eq 4 ]

# what is larger than an event can be is left out, whatever the configuration says; a line larger than any list is, too
{
	printf '{"auditID":"huge","verb":"get","x":"'
	head -c 17000000 /dev/zero | tr '\0' x
	printf '"}\n'
	head -c 68000000 /dev/zero | tr '\0' x
	printf '\n{"auditID":"last","verb":"get"}'
} >audit.jsonl
sed 's/maxEventSize: 8192/maxEventSize: 33554432/' falco.yaml >large.yaml
ok "oversized events end nothing" in_foreground "$MONITOR" falco -c large.yaml -r all.yaml
: >audit.jsonl
ok "what follows them is seen" grep -q 'id=last ' out
ok "each is told" [ "$(grep -c 'plugin k8saudit: .* \(larger than maxEventSize\|too long\) was left out' err)" -eq 2 ]

# an end is no error, an error no end
sed 's/open_params: audit.jsonl/open_params: ./' falco.yaml >folder.yaml
ok "what cannot be read ends with a failure" sh -c '! "$@" >out 2>err' sh "$MONITOR" falco -c folder.yaml -r all.yaml
ok "and says why" grep -q 'the events cannot be read: Is a directory' err

falco_rules=$MONITOR_SHARED/rules/k8s_audit_rules.yaml
if [ -f "$falco_rules" ]; then
	cp "$here/audit.jsonl" audit.jsonl
	ok "Falco's rules load and run" in_foreground "$MONITOR" falco -c falco.yaml -r "$falco_rules"
	for rule in "Create Privileged Pod" "Attach/Exec Pod" "K8s Serviceaccount Created" "Create NodePort Service" "Attach to cluster-admin Role"; do
		ok "Falco's $rule fires" grep -q "^   $rule: [1-9]" out
	done
fi
finish
