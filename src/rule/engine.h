/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_ENGINE_H
#define MONITOR_RULE_ENGINE_H

#include "base/cleanup.h"
#include "base/error.h"
#include "field/field.h"
#include "output/alert.h" /* enum priority only */
#include "rule/load_result.h"
#include "source/source.h"

/* ---- what to load -------------------------------------------------------------------------------------- */

/* One entry of the configuration's rules: list. */
struct rule_selection {
	bool enable;
	struct str rule; /* wildcard pattern; or */
	struct str tag; /* tag; the other is empty */
};

/* Facts that are read of the alerts of some rules beside their outputs. */
struct rule_reads {
	struct str rule; /* wildcard pattern */
	facts_t facts;
};

struct append_output {
	struct str match_source, match_rule; /* empty = any */
	const struct str *match_tags; /* all must be present */
	size_t nmatch_tags;
	struct str extra_output; /* empty = none */
	bool suggested_output;
	const struct extra_field {
		struct str name;
		struct str format; /* empty = the field of that name, value typed */
	} *extra_fields;
	size_t nextra_fields;
};

/* An event source beside "syscall", and a plugin: what rules may ask for. The texts live as long as the options. */
struct engine_source {
	struct str name;
	struct field_options fields; /* that its rules may use */
};

/* The engine whose rules are understood: Falco 0.44.1's. */
#define ENGINE_VERSION_MINOR "62"
#define ENGINE_VERSION	     "0." ENGINE_VERSION_MINOR ".0"

/*
 * The plugin whose work is built in, and the version that it has where Falco bundles it: there with
 * fields.container_plugin.
 */
#define CONTAINER_PLUGIN	 "container"
#define CONTAINER_PLUGIN_VERSION "0.7.1"

struct engine_plugin {
	struct str name, version, source; /* source: of events of its own, empty = none */
	const struct foreign_catalogue *fields; /* NULL = none */
	const struct str *async_events; /* names of what it sends beside the events */
	size_t nasync;
};

struct engine_options {
	struct str source; /* whose rules are evaluated; empty = "syscall". Those of the others are checked only */
	const struct engine_source *sources;
	size_t nsources;
	const struct engine_plugin *plugins;
	size_t nplugins;
	enum priority min_priority; /* rules below are left out */
	bool all_matching; /* rule_matching: all */
	const struct rule_selection *selections;
	size_t nselections;
	const struct append_output *appends;
	size_t nappends;
	const struct rule_reads *reads; /* not kept by rule sets */
	size_t nreads;
	struct field_options fields;
	const struct str *static_values; /* parallel to fields.static_names */
	bool json_output; /* time prefix of "output", see format.h */
	/* Members of the JSON alert; all zero is Falco's default. */
	bool json_omit_output, json_omit_output_fields, json_omit_tags, json_message;
	bool alert_fields; /* alerts have their fields apart from the JSON, too: some output wants them */
	bool iso_time;
	bool base64_buffers;
	bool ours; /* our command: reports exact columns, suggestions, all errors of a file at once */
};

/* The fields that rules of this source may use; NULL when nothing delivers events of it. */
const struct field_options *engine_source_fields(const struct engine_options *options, struct str source);

/* ---- the compiled rule set ----------------------------------------------------------------------------- */

/*
 * Immutable once compiled; shared between pipelines and swapped between events. Loading goes through a loader that
 * collects files and compiles once.
 */
struct ruleset;
struct rule_loader;

/* The texts that the options refer to must live as long as the loader. */
int rule_loader_new(const struct engine_options *options, struct rule_loader **ret_loader, struct error *err);
void rule_loader_free(struct rule_loader *l);

/*
 * Adds one file's text. Findings go to ret_result (owned by the loader, valid until it is freed), one for each file.
 * 0 even when the file is bad (ret_result->successful tells); negative only when we ourselves fail.
 */
int rule_loader_add(struct rule_loader *l, struct str name, struct str text, const struct load_result **ret_result,
		    struct error *err);
/* The same of one that could not be read. */
int rule_loader_add_unread(struct rule_loader *l, struct str name, const char *why,
			   const struct load_result **ret_result, struct error *err);

/*
 * Whether the plugins that the files require are there; -EINVAL with the reason. Falco gives up over one that
 * is missing right after the file that asks for it.
 */
int rule_loader_check_plugins(const struct rule_loader *l, struct error *err);

/*
 * Adds what falco -L prints as JSON of all that was added, falco -l of one rule. -EINVAL when a file had an
 * error, -ENOENT when there is no such rule.
 */
int rule_loader_describe(struct rule_loader *l, const char *rule, struct strbuf *out, struct error *err);

/* Compiles all that was added. -EINVAL when any file had an error. May be called again after further files. */
int rule_loader_compile(struct rule_loader *l, struct ruleset **ret_rules, struct error *err);
/* The same for the rules of another source than the options', whose numbers in the rule sets are equal. */
int rule_loader_compile_for(struct rule_loader *l, struct str source, struct ruleset **ret_rules, struct error *err);

void ruleset_free(struct ruleset *r); /* accepts NULL; no engine may use it any more */
DEFINE_AUTO(struct rule_loader, rule_loader, rule_loader_free);
DEFINE_AUTO(struct ruleset, ruleset, ruleset_free);
#define auto_rule_loader AUTO(rule_loader)
#define auto_ruleset	  AUTO(ruleset)

struct rule_view {
	struct str name, description, condition, output, source;
	enum priority priority;
	const struct str *tags;
	size_t ntags;
	bool enabled; /* evaluated */
};
/* What a rule says of a capture when it alerts; 0 = not said. */
struct rule_capture {
	bool on;
	uint32_t duration_ms, events, size_kib;
};

/* All rules by number, disabled ones, too. The view borrows from r. */
size_t ruleset_count(const struct ruleset *r);
/* How many of them are enabled. */
size_t ruleset_count_enabled(const struct ruleset *r);
/* Whether a selection is about any of them. */
bool ruleset_has_selected(const struct ruleset *r, const struct rule_selection *selection);
void ruleset_get(const struct ruleset *r, size_t i, struct rule_view *ret_view);

void ruleset_capture(const struct ruleset *r, uint32_t rule, struct rule_capture *ret_capture);

/* What a source must deliver for these rules. Borrowed from r. */
const struct intercept_set *ruleset_wants(const struct ruleset *r);
/* Whether the rule can match an event of this type. */
bool ruleset_rule_looks_at(const struct ruleset *r, uint32_t rule, uint16_t type);
/* Facts that a rule's output reads: what only a source can tell of them is to be asked before it is rendered. */
facts_t ruleset_output_reads(const struct ruleset *r, uint32_t rule);
/* Whether any rule or output looks at events of this type; others need no evaluation at all. */
bool ruleset_wants_type(const struct ruleset *r, uint16_t type);
/* The same by the event, which tells the system calls apart that share the generic type. */
bool ruleset_wants_event(const struct ruleset *r, const struct event *ev);

/* ---- evaluating ---------------------------------------------------------------------------------------- */

/*
 * One engine per pipeline: caches, scratch and the memory on threads. No allocation per event once warm. Its successor
 * may be made while it still runs; whichever looks at a thread takes over what is remembered there. The state outlives
 * both of them.
 */
struct engine;
int engine_new(const struct ruleset *r, struct state *state, struct engine **ret_engine, struct error *err);
void engine_free(struct engine *e);
DEFINE_AUTO(struct engine, engine, engine_free);
#define auto_engine AUTO(engine)

enum outcome {
	OUTCOME_NO, /* no rule matches, whatever the unknown turns out to be */
	OUTCOME_MAYBE, /* something that is unknown decides */
	OUTCOME_YES, /* hits are certain (and, with first matching, no earlier rule is still open) */
};

struct hits {
	const uint32_t *rules; /* indices into the ruleset, in the order in which alerts are due */
	uint32_t count;
};

/* Evaluates ctx->ev (complete or provisional). ret_hits borrows until the next call. Needs are added to ctx->needs. */
enum outcome engine_evaluate(struct engine *e, struct field_context *ctx, struct hits *ret_hits);

/*
 * Renders the alert of a hit: text and JSON in Falco's forms, by the options of the rule set. Borrowed until
 * the next call.
 */
int engine_render(struct engine *e, struct field_context *ctx, uint32_t rule, struct alert *ret_alert,
		  struct error *err);

#endif
