/* SPDX-License-Identifier: Apache-2.0 */
/* `monitor doctor`: what works on this machine, and what would be lost. */
#include <errno.h>
#include <signal.h>

#include "app/command.h"
#include "app/help.h"
#include "app/listing.h"
#include "app/log.h"
#include "app/session.h"
#include "base/json.h"
#include "event/event.h"
#include "tracer/backend.h"
#include "tracer/place.h"
#include "tracer/probe.h"

enum kind { OPENS, EXECS, BIRTHS, OTHERS };

static const struct loss {
	enum tracer_backend backend;
	enum kind kind;
	const char *text;
	bool by_place;
} losses[] = {
#define LOSS(backend, kind, text) { TRACER_##backend, kind, text, false },
#define PLACE_LOSS(backend, kind, text) { TRACER_##backend, kind, text, true },
#include "app/doctor.def"
};

static const struct limit {
	enum tracer_backend backend; /* AUTO: all */
	const char *text;
} limits[] = {
#define LIMIT(backend, text) { TRACER_##backend, text },
#include "app/doctor.def"
};

static const struct remedy {
	enum tracer_backend backend; /* AUTO: any */
	enum probe_step step;
	int error; /* 0 = any */
	const char *text;
} remedies[] = {
#define REMEDY(backend, step, error, text) { TRACER_##backend, PROBE_##step, error, text },
#include "app/doctor.def"
};

enum place_state {
#define PLACE(state, name, works, text, change) PLACE_IS_##state,
#include "app/doctor.def"
};

static const struct place {
	const char *name;
	bool works;
	const char *text, *change;
} places[] = {
#define PLACE(state, name, works, text, change) { name, works, text, change },
#include "app/doctor.def"
};

#define PASSED_OVER \
	"not used beside another seccomp listener, which would answer calls before this filter can stop them (--backend ptrace uses it)"

struct finding {
	bool works;
	struct probe_result probed;
	int error; /* positive */
	struct error reason;
};

struct doctor {
	struct finding backends[TRACER_BACKENDS];
	enum tracer_backend best; /* AUTO = none works */
	enum place_state states[7];
	bool injects; /* the best one */
	bool apart; /* files cannot be opened in the workload's place */
	const struct ruleset *rules;
	struct strbuf out;
};

static enum kind kind_of(uint16_t type)
{
	static const struct {
		const char *name;
		enum kind kind;
	} names[] = {
		{ "open", OPENS }, { "openat", OPENS }, { "openat2", OPENS }, { "creat", OPENS }, { "execve", EXECS },
		{ "execveat", EXECS }, { "clone", BIRTHS }, { "clone3", BIRTHS }, { "fork", BIRTHS },
		{ "vfork", BIRTHS }, { "procexit", BIRTHS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(event_table[type].name, names[i].name))
			return names[i].kind;
	return OTHERS;
}

static const char *remedy_for(enum tracer_backend backend, const struct finding *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(remedies); i++) {
		const struct remedy *r = &remedies[i];

		if ((r->backend == backend || r->backend == TRACER_AUTO) && r->step == f->probed.step &&
		    (!r->error || r->error == f->error))
			return r->text;
	}
	return "";
}

static void examine_place(struct doctor *d)
{
	enum place_proc proc = place_proc();
	bool opens = place_opens(), mounts = proc != PLACE_PROC_OURS && place_can_mount_proc();
	static const enum place_state set_uid[] = {
		[PLACE_SET_UID_KEPT] = PLACE_IS_SET_UID,
		[PLACE_SET_UID_LOST] = PLACE_IS_NO_SET_UID,
		[PLACE_SET_UID_NONE] = PLACE_IS_SET_UID_NONE,
	};
	bool notifies = d->best == TRACER_NOTIFY || d->best == TRACER_NOTIFY_ONLY;

	if (proc == PLACE_PROC_OURS)
		d->states[0] = PLACE_IS_PROC_OURS;
	else if (proc == PLACE_PROC_NONE)
		d->states[0] = mounts ? PLACE_IS_PROC_NONE_MOUNTED : PLACE_IS_PROC_NONE;
	else
		d->states[0] = mounts ? PLACE_IS_PROC_FOREIGN_MOUNTED : PLACE_IS_PROC_FOREIGN;
	d->states[1] = opens ? PLACE_IS_OPENS : notifies ? PLACE_IS_NO_OPENS : PLACE_IS_NO_OPENS_NEEDED;
	d->states[2] = d->injects ? PLACE_IS_INJECTS : notifies ? PLACE_IS_NO_INJECTS : PLACE_IS_NO_INJECTS_NEEDED;
	d->states[3] = set_uid[place_set_uid(d->best)];
	d->states[4] = d->best != TRACER_NOTIFY ? PLACE_IS_NO_RECORDS_NEEDED :
		       place_records()          ? PLACE_IS_RECORDS :
						  PLACE_IS_NO_RECORDS;
	d->states[5] = !place_forks()            ? PLACE_IS_FEW_PROCESSES :
		       place_few_descriptors() ? PLACE_IS_FEW_DESCRIPTORS :
						 PLACE_IS_LIMITS;
	d->states[6] = place_keeps_masks() ? PLACE_IS_UNSHARE :
		       notifies            ? PLACE_IS_NO_UNSHARE :
					     PLACE_IS_NO_UNSHARE_NEEDED;
	d->apart = notifies && (!opens || !d->injects || mounts);
	if ((proc != PLACE_PROC_OURS && !mounts) || d->states[5] == PLACE_IS_FEW_PROCESSES)
		d->best = TRACER_AUTO;
}

static void examine(struct doctor *d)
{
	struct probe_result probed;
	struct error refused, err;

	for (enum tracer_backend b = TRACER_AUTO + 1; b < TRACER_BACKENDS; b++) {
		struct finding *f = &d->backends[b];
		int r = probe_backend(b, &f->probed, &f->reason);

		f->works = r == 0;
		f->error = -r;
	}
	if (backend_choose(TRACER_AUTO, &d->best, &probed, &refused, &err) < 0)
		d->best = TRACER_AUTO;
	d->injects = d->best != TRACER_AUTO && probed.injects;
	examine_place(d);
}

/* Works, and another one of less use is taken. */
static bool is_passed_over(const struct doctor *d, enum tracer_backend b)
{
	return b == TRACER_PTRACE && d->backends[b].works && d->best > b;
}

/* What is lost by the backend; with the best one also by the place. */
static bool is_lost(const struct doctor *d, const struct loss *loss, enum tracer_backend b)
{
	return loss->backend == b && (!loss->by_place || (b == d->best && d->apart));
}

/* Whether the rule looks at events of the kind. */
static bool looks_at(const struct ruleset *rules, uint32_t rule, enum kind kind)
{
	for (uint16_t type = 0; type < EV_COUNT; type++)
		if (kind_of(type) == kind && ruleset_rule_looks_at(rules, rule, type))
			return true;
	return false;
}

/* Names of the rules that lose, joined; the number of them. */
static size_t add_losers(struct doctor *d, const struct loss *loss, bool json)
{
	size_t n = 0;

	for (uint32_t i = 0; i < ruleset_count(d->rules); i++) {
		struct rule_view rule;

		ruleset_get(d->rules, i, &rule);
		if (!rule.enabled || !looks_at(d->rules, i, loss->kind))
			continue;
		if (json) {
			strbuf_adds(&d->out, n ? "," : "");
			json_add_string(&d->out, rule.name);
		} else {
			strbuf_addf(&d->out, "        " STR_FMT "\n", STR_ARG(rule.name));
		}
		n++;
	}
	return n;
}

static void report_limits(struct doctor *d)
{
	strbuf_adds(&d->out, "what cannot be seen, or not soundly:\n");
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (limits[i].backend == TRACER_AUTO || limits[i].backend == d->best)
			strbuf_addf(&d->out, "    %s\n", limits[i].text);
}

static void report_backends(struct doctor *d)
{
	for (enum tracer_backend b = TRACER_AUTO + 1; b < TRACER_BACKENDS; b++) {
		const struct finding *f = &d->backends[b];

		strbuf_addf(&d->out, "%-12s %s (%s)\n", backend_info(b)->name, f->works ? "works" : "does not work",
			    backend_info(b)->how);
		if (!f->works)
			strbuf_addf(&d->out, "    why: %s\n    change: %s\n", f->reason.text, remedy_for(b, f));
		else if (is_passed_over(d, b))
			strbuf_addf(&d->out, "    %s\n", PASSED_OVER);
	}
}

static void report_text(struct doctor *d)
{
	bool none = true;

	report_backends(d);
	for (size_t i = 0; i < ARRAY_SIZE(d->states); i++) {
		const struct place *p = &places[d->states[i]];

		strbuf_addf(&d->out, "%-12s %s\n", p->name, p->text);
		if (!p->works)
			strbuf_addf(&d->out, "    change: %s\n", p->change);
	}
	if (d->best == TRACER_AUTO) {
		strbuf_adds(&d->out, "monitor run cannot work here\n");
		return;
	}
	strbuf_addf(&d->out, "monitor run uses %s here\n", backend_info(d->best)->name);
	for (size_t i = 0; i < ARRAY_SIZE(losses); i++) {
		if (!is_lost(d, &losses[i], d->best))
			continue;
		strbuf_addf(&d->out, "%s    %s\n", none ? "rules that lose by it:\n" : "", losses[i].text);
		if (!add_losers(d, &losses[i], false))
			strbuf_adds(&d->out, "        (no loaded rule is affected)\n");
		none = false;
	}
	if (none)
		strbuf_adds(&d->out, "no rule loses anything by it\n");
	report_limits(d);
}

/* A backend's own, or with AUTO those of all. */
static void add_limits(struct doctor *d, enum tracer_backend b)
{
	bool first = true;

	strbuf_adds(&d->out, "\"limits\":[");
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		if (limits[i].backend != b)
			continue;
		strbuf_adds(&d->out, first ? "" : ",");
		json_add_string(&d->out, str_of(limits[i].text));
		first = false;
	}
	strbuf_adds(&d->out, "]");
}

/* Of a backend, with what the place adds to the one in use. */
static void add_losses(struct doctor *d, enum tracer_backend b)
{
	bool first = true;

	strbuf_adds(&d->out, "\"losses\":[");
	for (size_t i = 0; i < ARRAY_SIZE(losses); i++) {
		if (!is_lost(d, &losses[i], b))
			continue;
		strbuf_adds(&d->out, first ? "{\"what\":" : ",{\"what\":");
		json_add_string(&d->out, str_of(losses[i].text));
		strbuf_adds(&d->out, ",\"rules\":[");
		add_losers(d, &losses[i], true);
		strbuf_adds(&d->out, "]}");
		first = false;
	}
	strbuf_adds(&d->out, "]");
}

/* text NULL = null: members are there in any case */
static void add_member(struct doctor *d, const char *key, const char *text)
{
	strbuf_addf(&d->out, "\"%s\":", key);
	if (text)
		json_add_string(&d->out, str_of(text));
	else
		strbuf_adds(&d->out, "null");
}

static void report_backend(struct doctor *d, enum tracer_backend b)
{
	const struct finding *f = &d->backends[b];

	strbuf_adds(&d->out, "{");
	add_member(d, "name", backend_info(b)->name);
	strbuf_addf(&d->out, ",\"works\":%s,", f->works ? "true" : "false");
	add_member(d, "why", f->works ? NULL : f->reason.text);
	strbuf_adds(&d->out, ",");
	add_member(d, "change", f->works ? NULL : remedy_for(b, f));
	strbuf_adds(&d->out, ",");
	add_member(d, "passed_over", f->works && is_passed_over(d, b) ? PASSED_OVER : NULL);
	strbuf_adds(&d->out, ",");
	add_member(d, "how", backend_info(b)->how);
	strbuf_adds(&d->out, ",");
	add_losses(d, b);
	strbuf_adds(&d->out, ",");
	add_limits(d, b);
	strbuf_adds(&d->out, "}");
}

static void report_json(struct doctor *d)
{
	strbuf_adds(&d->out, "{");
	add_member(d, "backend", d->best == TRACER_AUTO ? NULL : backend_info(d->best)->name);
	strbuf_adds(&d->out, ",");
	add_member(d, "monitor", VERSION);
	strbuf_adds(&d->out, ",\"place\":[");
	for (size_t i = 0; i < ARRAY_SIZE(d->states); i++) {
		const struct place *p = &places[d->states[i]];

		strbuf_adds(&d->out, i ? ",{" : "{");
		add_member(d, "name", p->name);
		strbuf_addf(&d->out, ",\"works\":%s,", p->works ? "true" : "false");
		add_member(d, "what", p->text);
		strbuf_adds(&d->out, ",");
		add_member(d, "change", p->works ? NULL : p->change);
		strbuf_adds(&d->out, "}");
	}
	strbuf_adds(&d->out, "],");
	add_limits(d, TRACER_AUTO);
	strbuf_adds(&d->out, ",\"backends\":[");
	for (enum tracer_backend b = TRACER_AUTO + 1; b < TRACER_BACKENDS; b++) {
		strbuf_adds(&d->out, b > TRACER_AUTO + 1 ? "," : "");
		report_backend(d, b);
	}
	strbuf_adds(&d->out, "]}\n");
}

int cmd_doctor(const struct command *c, int argc, char **argv)
{
	const struct engine_options engine = {
		.min_priority = PRIORITY_DEBUG,
		.fields = { .container_plugin = true, .extensions = true },
		.ours = true,
	};
	auto_options struct options o = { 0 };
	auto_session struct session s = { 0 };
	struct doctor d = { 0 };
	struct error err = { 0 };
	int status;

	if (options_parse(c, argc, argv, &o, &err) < 0)
		return log_failure(&err, EXIT_USAGE);
	if (options_has(&o, OPT_doctor_help))
		return help_command(c);
	if (options_operands(c, &o, 0, &err) < 0)
		return log_failure(&err, EXIT_USAGE);
	if (session_load_rules(&s, &o, OPT_doctor_rules, &engine, NULL, false, &err) < 0)
		return log_failure(&err, EXIT_FAILED);
	d.rules = s.rules;
	signal(SIGCHLD, SIG_DFL); /* ignored, nobody would learn how the children that try things end */
	if (place_lets_live(&err) < 0)
		return log_failure(&err, EXIT_FAILED);
	examine(&d);
	if (options_has(&o, OPT_doctor_json))
		report_json(&d);
	else
		report_text(&d);
	status = listing_print(&d.out);
	strbuf_free(&d.out);
	return status == EXIT_OK && d.best == TRACER_AUTO ? EXIT_FAILED : status;
}
