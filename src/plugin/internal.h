/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_PLUGIN_INTERNAL_H
#define MONITOR_PLUGIN_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/limits.h"
#include "plugin/host.h"
#include "plugin/plugin.h"
#include "plugin/tables.h"

/* What the files of this layer share. */

struct names {
	struct str *list;
	size_t n;
};

struct plugin {
	void *library; /* NULL: linked in */
	plugin_api api;
	uint32_t api_minor; /* of the interface that it was made for */
	bool started; /* init() was called */
	bool misses_table; /* it asked for one that nobody has provided yet */
	ss_plugin_t *state;
	struct arena *arena; /* copies of what it said of itself */
	struct str init_config;
	void (*log)(const char *plugin, int severity, const char *text);
	struct plugin_view view;
	struct names extract_sources, parse_sources, async_sources; /* none: its own, or all when it has none */
	struct names async_events;
	bool *extract_types, *parse_types; /* by event type */
	struct foreign_field *fields;
	size_t nfields;
	struct foreign_catalogue *catalogue;

	/* from plugin_host_add() on */
	struct plugin_host *host;
	struct table_user tables;
	struct arena *call; /* texts that it was given in the call at hand */
	char owner_error[PLUGIN_MAX_ERRLEN];
	bool listening; /* capture_open() was called */
	_Atomic bool takes_async; /* its events are accepted */
	_Atomic uint64_t async_dropped;
	struct routine *routines;
	uint64_t parse_failures;
	ss_instance_t *instance; /* of its event source, while that is open */
	_Atomic uint32_t calls; /* so many were begun by the pipeline's thread; wraps */
	_Atomic(const char *) inside; /* the function that it is in; NULL = none */
	uintptr_t begin, end; /* of its library in memory; 0 when it is linked in */
	struct plugin_metric *metrics; /* as last measured, in the host's arena */
	size_t nmetrics;
	bool told_metrics; /* that some are wrong */
};

struct async_queue {
	struct async_event *first, *last;
};

/* What the plugins of one pipeline have in common. */
struct plugin_host {
	struct state *state;
	char *source;
	uint32_t source_id; /* of the plugin that gives its events; 0: none */
	bool live;
	struct plugin **plugins;
	size_t count;
	struct provided_table *provided[PLUGIN_TABLES];
	size_t nprovided;
	pthread_mutex_t lock; /* of the queues */
	struct async_queue timed, untimed; /* by time, and by coming */
	size_t queued_bytes;
	uint64_t async_taken;
	struct async_event *current; /* handed out */
	struct state_dump *dump; /* while plugins tell their state; see plugin_host_dump() */
	bool open;
	pthread_mutex_t measuring; /* of what follows, and of what plugins have measured */
	struct arena *measured;
};

/* plugin.c: what every file here asks of a plugin. */
bool plugin_takes_source(const struct plugin *p, const struct names *sources, struct str source);
/* "plugin NAME: what: its own words"; returns code. */
int plugin_error(struct plugin *p, int code, const char *what, struct error *err);
/* What get_owner_last_error() then tells it. */
void plugin_tell_owner_error(struct plugin *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *plugin_owner_error(ss_plugin_owner_t *owner);

/* plugin_json.c: what plugins say in JSON, checked and copied to their arena. */
int plugin_read_fields(struct plugin *p, const char *json, struct error *err);
int plugin_read_names(struct plugin *p, const char *json, const char *what, struct names *ret_names, struct error *err);

/* plugin_schema.c: whether text is what the JSON schema wants; -EINVAL says where not. */
int plugin_check_config(struct plugin *p, const char *schema, struct str text, struct error *err);

/* The list of list_open_params(), handed out one by one. */
int plugin_read_open_params(struct plugin *p, const char *json,
			    void (*each)(void *context, struct str value, struct str description), void *context,
			    struct error *err);

/* plugin_field.c */
enum presence plugin_extract(const struct foreign_field *f, const struct field_ref *ref, struct field_context *ctx,
			     struct values *ret_values);

/* calls.c: frames each call into a plugin; names is a function's. plugin_enter()'s result goes to plugin_leave(). */
const struct plugin *plugin_enter(struct plugin *p, const char *name);
void plugin_leave(struct plugin *p, const struct plugin *before);
void plugin_claim_thread(const struct plugin *p); /* all of this thread's work is p's */
void plugin_find_range(struct plugin *p); /* where its library lies */
void plugin_note(struct plugin *p); /* from here on it can be found */
void plugin_forget(const struct plugin *p);

/* plugin_words.c */
bool plugin_progress(struct plugin *p, double *ret_percent);

/*
 * plugin_start.c: init() with all that it may call; between its start and its end a plugin is in the list of
 * its host.
 */
/* Checks a configuration against its schema; *ret_text is what it is given then. text has a NUL behind it. */
int plugin_take_config(struct plugin *p, struct str text, const char **ret_text, struct error *err);
int plugin_start(struct plugin *p, struct plugin_host *h, struct error *err);
void plugin_stop(struct plugin *p); /* destroy(); the plugin is as dead as before its init() */

/* async.c */
void async_init(struct plugin_host *h);
void async_free(struct plugin_host *h);
int async_start(struct plugin *p, struct error *err);
void async_stop(struct plugin *p);

/* routines.c: threads of a plugin's own, made for it. */
extern ss_plugin_routine_vtable routines_vtable;
void routines_stop(struct plugin *p);

#endif
