/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_LISTING_H
#define MONITOR_APP_LISTING_H

#include <stdbool.h>

#include "base/str.h"
#include "rule/engine.h"

/* The texts of `monitor list` and of Falco's --list and --list-events. */
void listing_events(struct strbuf *out, bool verbose);
void listing_priorities(struct strbuf *out);
void listing_operators(struct strbuf *out);

/* All fields, by class; with names alone when not verbose. which: those that exist only under an option. */
void listing_fields(struct strbuf *out, bool verbose, const struct field_options *which);
/* The rules of a rule set, in order. */
void listing_rules(struct strbuf *out, const struct ruleset *rules, bool verbose);

/* Writes it to standard output; returns the exit status. */
int listing_print(const struct strbuf *out);

#endif
