/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_LISTING_H
#define MONITOR_APP_LISTING_H

#include <stdbool.h>

#include "app/plugins.h"
#include "base/error.h"
#include "base/str.h"
#include "event/event.h"
#include "rule/engine.h"

/*
 * Which names of a list are wanted: those that a pattern with * or ? matches, or that hold one without; all
 * when there is no pattern. Case does not matter. What was listed is counted.
 */
struct listing_names {
	char *const *patterns;
	size_t npatterns;
	size_t listed;
};
bool listing_wants(struct listing_names *names, struct str name);

/* The texts of `monitor list` and of Falco's --list and --list-events. */
void listing_events(struct strbuf *out, struct listing_names *names, bool verbose);
void listing_priorities(struct strbuf *out, struct listing_names *names);
void listing_operators(struct strbuf *out, struct listing_names *names);
void listing_transformers(struct strbuf *out, struct listing_names *names, bool verbose);

/* What Falco's options print, in its forms. */
enum listing_form { LISTING_TEXT, LISTING_MARKDOWN, LISTING_JSON };
bool listing_form_of(const char *word, enum listing_form *ret_form); /* text, markdown or json, in any case */

struct listing_request {
	enum listing_form form;
	bool verbose; /* types, too; text only */
	bool names_only;
	const struct field_options *which;
	const struct plugins *plugins; /* NULL = none */
	struct str source; /* only fields that its events have; empty = all. For listing_falco_fields() */
};
void listing_falco_fields(struct strbuf *out, const struct listing_request *request); /* --list */
void listing_falco_events(struct strbuf *out, enum listing_form form); /* --list-events */
void listing_falco_ignored(struct strbuf *out); /* -i */
/* -L; -l when rule is not NULL. -ENOENT when there is no such rule. */
int listing_falco_rules(struct strbuf *out, const struct ruleset *rules, const char *rule, struct error *err);

/* The version of the event tables that Falco calls its schema. */
#define LISTING_SCHEMA EVENT_SCHEMA

/* All fields, by class: type, argument, facts that they read, sources that give them; descriptions when verbose. */
void listing_fields(struct strbuf *out, struct listing_names *names, const struct listing_request *request);
/* The rules of a rule set, in order. */
void listing_rules(struct strbuf *out, const struct ruleset *rules, struct listing_names *names, bool verbose);

/* Writes it to standard output; returns the exit status. */
int listing_print(const struct strbuf *out);

#endif
