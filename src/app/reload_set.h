/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_RELOAD_SET_H
#define MONITOR_APP_RELOAD_SET_H

#include "app/config.h"
#include "app/exporters.h"
#include "app/limits.h"
#include "app/session.h"

/* What is loaded, and lives until the next of its kind is in force. */
struct reload_peer {
	struct ruleset *rules; /* owned */
	struct limits *limits; /* owned; NULL = none */
};
struct reload_set {
	struct config *config; /* owned; NULL = there is none */
	struct ruleset *rules; /* owned */
	struct reload_peer *peers; /* those of the session's peers, in their order; owned. NULL without peers */
	size_t npeers;
	struct limits *limits; /* owned; NULL = none */
	struct rules_input input; /* what the rules were read from */
};

/*
 * Puts a set in force between two events: outputs, web server, limits and rules. When it succeeds the set's
 * rules and limits are the former ones, to be freed, and the session borrows its configuration; when it fails
 * all is as before. wants: NULL = what the rules want.
 */
int reload_set_adopt(struct reload_set *set, struct session *s, struct exporters *e, const struct intercept_set *wants,
		     struct error *err);
void reload_set_free(struct reload_set *set); /* and empties it */
#define auto_reload_set __attribute__((cleanup(reload_set_free)))

#endif
