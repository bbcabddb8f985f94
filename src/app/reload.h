/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_RELOAD_H
#define MONITOR_APP_RELOAD_H

#include "app/file_watch.h"
#include "app/reload_set.h"

/*
 * Configuration and rules taken up anew while events are being watched: when their files change, and on
 * SIGHUP. A thread of its own reads and compiles them; what it has made is taken up between two events, all
 * of it or nothing. Why something was refused goes to the log, the metrics and, as an internal rule of
 * Falco's, to the outputs.
 */
struct reload;

struct reload_ops {
	/*
	 * The configuration and the texts of the rules into an empty set; then all else that is made of them.
	 * What they have made stays in the set when they fail. Both run on another thread: what else they
	 * look at must not change.
	 */
	int (*read)(void *context, struct reload_set *set, struct error *err);
	int (*compile)(void *context, struct reload_set *set, struct error *err);
	/*
	 * Makes whoever shares the session stop between two events: true when all have, false when it is to
	 * be asked again. release() lets them go on, also when they are not to stop any more. NULL = there is
	 * nobody.
	 */
	bool (*gather)(void *context);
	void (*release)(void *context);
	/* The set is about to be in force: what only the command knows of may refuse it. NULL = nobody does. */
	int (*check)(void *context, const struct reload_set *set, struct error *err);
	/*
	 * What the source is to be asked for, NULL for the rules' own wants; lives until the next call. NULL
	 * = always the latter.
	 */
	const struct intercept_set *(*wants)(void *context, const struct ruleset *rules);
	/* Why the source refused, for -EOPNOTSUPP: adds which rules it was about. NULL = there is nothing to add. */
	void (*explain)(void *context, const struct ruleset *rules, struct error *err);
	/* It is in force: the former configuration goes when this returns. NULL = nobody needs to know. */
	void (*adopted)(void *context, const struct config *config);
	/* The paths of rules that the command line names. NULL = none but the configuration's. */
	int (*watch)(void *context, struct file_watch *w);
};

/*
 * Borrows all. config is the first configuration, which stays the command's own. When files cannot be
 * watched, or are not to be, SIGHUP still works. What has changed since session's set was read, before it
 * could be watched, is seen here, by reading it once more. Call it when the session has been started, and
 * reload_free() before the session ends.
 */
int reload_new(const struct reload_ops *ops, void *context, struct session *session, struct exporters *exporters,
	       bool watch_files, struct reload **ret_reload, struct error *err);
/* Between events: begins, goes on, ends. Costs nothing to speak of when there is nothing to do. */
void reload_look(struct reload *r);
void reload_free(struct reload *r); /* accepts NULL */
DEFINE_AUTO(struct reload, reload, reload_free);
#define auto_reload AUTO(reload)

#endif
